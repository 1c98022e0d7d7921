"""Truths that the database itself keeps: nobody who writes past the services breaks them, and a lost trigger is noticed."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.test import Client

from accounts.models import AuditChange, AuditEntry, AuditValue, User
from tests.laws.scenes import Theater
from theater_site.core import guards
from theater_site.core.conflicts import conflict_of

pytestmark = pytest.mark.django_db

AUDIT = [AuditEntry, AuditChange, AuditValue]


@pytest.fixture
def theater() -> Theater:
    return Theater()


def _refused(sql: str, name: str) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert f"guard:{name}" in str(refused.value)
    assert conflict_of(refused.value).code == name


@pytest.mark.parametrize("model", AUDIT)
def test_the_audit_log_is_never_updated(model: type[models.Model], theater: Theater) -> None:
    table, column = model._meta.db_table, model._meta.pk.column
    (guard,) = model.__dict__["guards"]
    assert model._default_manager.exists()
    _refused(f'UPDATE "{table}" SET "{column}" = "{column}"', guard.name)
    with pytest.raises(IntegrityError), transaction.atomic():
        model._default_manager.update(**{model._meta.concrete_fields[1].attname: None})


@pytest.mark.parametrize("model", [AuditEntry, AuditChange])
def test_the_audit_log_is_never_deleted_or_emptied(model: type[models.Model], theater: Theater) -> None:
    (guard,) = model.__dict__["guards"]
    before = model._default_manager.count()
    _refused(f'DELETE FROM "{model._meta.db_table}"', guard.name)
    if connection.vendor == "postgresql":
        connection.check_constraints()  # A table whose foreign keys wait to be checked cannot be truncated anyway.
        _refused(f'TRUNCATE "{model._meta.db_table}" CASCADE', guard.name)
    assert model._default_manager.count() == before > 0


@pytest.mark.parametrize("model", [AuditEntry, AuditChange])
def test_a_row_of_the_audit_log_is_not_replaced_by_another(model: type[models.Model], theater: Theater) -> None:
    """SQLite's REPLACE deletes without asking the triggers of DELETE, unless it is told to."""
    if connection.vendor != "sqlite":
        return  # There is no such statement.
    columns = ", ".join(f'"{f.column}"' for f in model._meta.concrete_fields)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f'INSERT OR REPLACE INTO "{model._meta.db_table}" ({columns}) SELECT {columns} FROM "{model._meta.db_table}" LIMIT 1'
        )


def test_the_values_of_the_audit_log_can_be_erased_but_not_changed(theater: Theater) -> None:
    value = AuditValue.objects.order_by("pk").first()
    assert value is not None
    value.values = {"before": {}, "after": {}}
    with pytest.raises(IntegrityError), transaction.atomic():
        value.save()
    assert AuditValue.objects.filter(pk=value.pk).delete()[0] == 1
    assert AuditChange.objects.filter(pk=value.pk).exists()


def test_no_user_is_a_superuser_and_addresses_are_lower_case(theater: Theater) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=theater.stranger.pk).update(is_superuser=True)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET email = 'Loud@example.org' WHERE id = %s", [theater.stranger.pk])


def test_every_declared_guard_exists_after_migrating() -> None:
    assert list(guards.declared())
    assert guards.missing() == []


ALL = [(model._meta.label_lower, guard.name) for model, guard in guards.declared()]


@pytest.mark.parametrize(("label", "name"), ALL)
def test_a_missing_guard_is_reported_and_created_again(label: str, name: str) -> None:
    model = apps.get_model(label)
    guard = next(guard for guard in model.__dict__["guards"] if guard.name == name)
    with connection.cursor() as cursor:
        for statement in guard.drop_statements(model, connection.vendor):
            cursor.execute(statement)
    assert set(guards.missing()) == guard.parts(connection.vendor)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert all(part in answer.json()["parts"]["triggers"] for part in guard.parts(connection.vendor))
    call_command("migrate", verbosity=0)
    assert guards.missing() == []
    assert Client().get("/readyz").json()["parts"]["triggers"] == "ok"


def test_a_disabled_guard_counts_as_missing(theater: Theater) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite cannot switch a trigger off.
    with connection.cursor() as cursor:
        cursor.execute('ALTER TABLE "accounts_auditentry" DISABLE TRIGGER "audit_entry_written_once_update"')
    assert guards.missing() == ["audit_entry_written_once_update"]


def test_creating_the_guards_twice_is_harmless(theater: Theater) -> None:
    guards.create_all(connection)
    guards.create_all(connection)
    assert guards.missing() == []
    _refused('UPDATE "accounts_auditentry" SET "action" = \'x\'', "audit_entry_written_once")


@pytest.mark.django_db(transaction=True)
def test_guards_exist_again_after_a_migration_rebuilds_a_table(transactional_db: Any) -> None:
    """SQLite rebuilds a table for AlterField and drops its triggers without a word."""
    old = AuditEntry._meta.get_field("action")
    new = models.CharField(max_length=101)
    new.set_attributes_from_name("action")
    new.model = AuditEntry
    try:
        with connection.schema_editor() as editor:
            editor.alter_field(AuditEntry, old, new, strict=True)
        if connection.vendor == "sqlite":
            assert "audit_entry_written_once_update" in guards.missing()
        call_command("migrate", verbosity=0)
        assert guards.missing() == []
    finally:
        with connection.schema_editor() as editor:
            editor.alter_field(AuditEntry, new, old, strict=True)
        guards.create_all(connection)
