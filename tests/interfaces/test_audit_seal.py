"""The sealed log: whole as it is written, and broken by every way of changing it past the guards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.audit.selectors import verification
from accounts.audit.selectors.forgetting import Forgetting
from accounts.audit.selectors.verification import Verified, verify
from accounts.audit.services import sealing
from accounts.audit.services.retention import expire_values
from accounts.audit.services.sealing import seal_batch, seal_waiting, sign_checkpoint
from accounts.models import AuditChange, AuditCheckpoint, AuditEntry, AuditSeal, AuditUnsealed, AuditValue
from accounts.permissions.selectors.sections import area
from directory.models import Person
from directory.services.people import create_person, update_person
from directory.services.personal_data import erase_personal_data
from productions.services.productions import update_production
from tests.laws.scenes import Theater
from theater_site.core import guards
from theater_site.core.encryption import encrypt

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return sealed_theater()


def sealed_theater() -> Theater:
    """With a log of some entries, all of them sealed, and two checkpoints."""
    theater = Theater()
    rename(theater, 3)
    seal_waiting()
    assert sign_checkpoint() is not None
    rename(theater, 4)
    assert sign_checkpoint() is not None
    return theater


def rename(theater: Theater, times: int) -> None:
    for n in range(times):
        update_production(
            actor=theater.acting(),
            production=theater.production,
            changes={"title": f"Title {n}", "genre": f"Genre {n}"},
        )


def verified(**options: Any) -> Verified:
    return verify(**{"patience": timedelta(minutes=10), **options})


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("verify_audit", "--json", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@contextmanager
def as_an_intruder() -> Iterator[Callable[..., None]]:
    """Raw SQL without the guards."""
    with guards.dropped(connection), connection.cursor() as cursor:

        def sql(text: str, *parameters: Any) -> None:
            cursor.execute(text, parameters)
            assert cursor.rowcount > 0, "the intrusion changed nothing"

        yield sql


def key_of(row: Any) -> Any:
    return row.pk if connection.vendor == "postgresql" else row.pk.hex


def sealed(number: int) -> AuditSeal:
    return AuditSeal.objects.select_related("entry").get(seq=number)


# --- As it is written ---------------------------------------------------------------------------------------


def test_every_entry_is_sealed_once(theater: Theater) -> None:
    seals = list(AuditSeal.objects.order_by("seq"))
    assert [seal.seq for seal in seals] == list(range(1, AuditEntry.objects.count() + 1))
    assert {seal.entry_id for seal in seals} == set(AuditEntry.objects.values_list("pk", flat=True))
    assert not AuditUnsealed.objects.exists()
    assert seal_waiting() == 0
    seen = verified()
    assert seen.broken is None
    assert (seen.seals, seen.changes) == (len(seals), AuditChange.objects.count())
    assert (seen.values, seen.erased, seen.waiting, seen.checkpoints) == (AuditValue.objects.count(), 0, 0, 2)


def test_an_entry_committed_late_with_an_older_id_is_sealed(theater: Theater) -> None:
    """Ids are made before the transaction commits; "all after the last one" would miss it."""
    first = AuditEntry.objects.order_by("id").first()
    assert first is not None
    older = first.pk.__class__(int=first.pk.int - (5000 << 80))
    with transaction.atomic(), connection.cursor() as cursor:
        key = older if connection.vendor == "postgresql" else older.hex
        cursor.execute(
            "INSERT INTO accounts_auditentry (id, action, actor_kind, actor_label, request_id, at, note) "
            "VALUES (%s, 'late.one', 'system', 'test', '', %s, '{}')",
            [key, connection.ops.adapt_datetimefield_value(timezone.now())],
        )
    assert verified().waiting == 1
    assert seal_waiting() == 1
    assert AuditSeal.objects.order_by("-seq").first().entry_id == older
    assert verified().broken is None


def test_a_rolled_back_entry_does_not_block_sealing(theater: Theater) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        rename(theater, 1)
        raise ZeroDivisionError
    assert not AuditUnsealed.objects.exists()
    assert seal_waiting() == 0


def _paula(theater: Theater) -> Person:
    made: Person = create_person(actor=theater.acting(), section=area("Directory"), fields={"name": "Paula Passing"})
    return made


def _erase(theater: Theater, person: Person) -> None:
    erase_personal_data(
        actor=theater.acting(), organization=theater.root, directory=person.section, user=None, person=person, email=None,
        keep_public_credits=False,
    )  # fmt: skip


def test_erased_and_expired_values_do_not_break_the_seal(theater: Theater) -> None:
    """Erased by the service, whose entry keeps no values itself; and expired, some of them of the same object."""
    person = _paula(theater)
    update_person(actor=theater.acting(), person=person, changes={"bio": "Once here."})
    _erase(theater, person)
    seal_waiting()
    seen = verified()
    assert seen.broken is None
    without = AuditChange.objects.filter(value=None).values_list("entry__action", flat=True)
    assert set(without) == {"person.create", "person.update", "personal_data.erase"}
    assert seen.erased == len(without)
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        before = timezone.now() - timedelta(days=100)
        assert expire_values(actor=theater.acting(), section=theater.root, before=before) > 0
        rename(theater, 1)
        seal_waiting()
        assert verified().broken is None


@pytest.mark.parametrize("expired", [False, True])
def test_values_removed_outside_of_services_are_reported(expired: bool, theater: Theater) -> None:
    gone = AuditValue.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        AuditValue.objects.filter(pk=gone).delete()
        if expired:
            before = timezone.now() - timedelta(days=100)
            expire_values(actor=theater.acting(), section=theater.production.section, before=before)
            seal_waiting()
        broken = verified().broken
    assert broken is not None
    assert broken.what == "value_removed"
    # Older than an expiry, it cannot be told from what expired: the number is wrong, by one.
    assert broken.change == (None if expired else gone.hex)
    assert ("1 changes more" in broken.message) == expired


def test_values_erased_during_verification_are_not_reported(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are read after what was erased; anybody who erases in between has told so by the time it is missed."""
    person = _paula(theater)
    seal_waiting()

    def before_they_erase() -> Forgetting:
        made = Forgetting()
        _erase(theater, person)
        return made

    monkeypatch.setattr(verification, "Forgetting", before_they_erase)
    seen = verified()
    assert seen.broken is None
    assert seen.erased > 0


def test_a_full_batch_ends_and_the_next_one_continues(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    rename(theater, 5)
    waiting = AuditUnsealed.objects.count()
    assert seal_batch() == 2
    assert seal_waiting() == waiting - 2
    assert verified().broken is None


def test_a_killed_sealer_loses_only_its_current_batch(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    rename(theater, 3)
    before, waiting = AuditSeal.objects.count(), AuditUnsealed.objects.count()
    append, calls = AuditSeal.append, []

    def dies_in_the_second(rows: Any) -> None:
        append(rows)
        calls.append(rows)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(AuditSeal, "append", dies_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        seal_waiting()
    assert AuditSeal.objects.count() == before + 2
    assert AuditUnsealed.objects.count() == waiting - 2
    monkeypatch.setattr(AuditSeal, "append", append)
    assert seal_waiting() == waiting - 2
    assert verified().broken is None


def test_the_queries_of_a_batch_do_not_grow_with_the_log(theater: Theater, django_assert_max_num_queries: Any) -> None:
    rename(theater, 20)
    with django_assert_max_num_queries(10):
        seal_batch()


def test_no_checkpoint_is_signed_without_new_entries(theater: Theater) -> None:
    assert sign_checkpoint() is None
    assert sealing.checkpoint_job() == "nothing new"
    assert AuditCheckpoint.objects.count() == 2


@pytest.mark.parametrize("model", [AuditSeal, AuditCheckpoint])
def test_seals_and_checkpoints_cannot_be_changed(model: Any, theater: Theater) -> None:
    table, column = model._meta.db_table, model._meta.pk.column
    statements = [f'UPDATE "{table}" SET "{column}" = "{column}"', f'DELETE FROM "{table}"']
    if connection.vendor == "postgresql":
        statements.append(f'TRUNCATE "{table}" CASCADE')
    else:
        statements.append(f'INSERT OR REPLACE INTO "{table}" SELECT * FROM "{table}"')
    before = list(model.objects.values())
    for statement in statements:
        with pytest.raises(IntegrityError, match="guard:audit_"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert list(model.objects.values()) == before != []


# --- Broken -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [("action", "nothing.much"), ("actor_id", None), ("actor_label", "user:999"), ("request_id", "forged"),
     ("note", '{"a":1}'), ("cause", "0" * 32)],
)  # fmt: skip
def test_a_changed_entry_is_reported(column: str, value: Any, theater: Theater) -> None:
    victim = sealed(5).entry
    with as_an_intruder() as sql:
        sql(f'UPDATE accounts_auditentry SET "{column}" = %s WHERE id = %s', value, key_of(victim))
    broken = verified().broken
    assert broken is not None
    assert (broken.what, broken.seq, broken.entry) == ("entry_changed", 5, victim.pk.hex)


def test_an_entry_with_a_changed_time_is_reported(theater: Theater) -> None:
    at = connection.ops.adapt_datetimefield_value(sealed(5).entry.at + timedelta(microseconds=1))
    with as_an_intruder() as sql:
        sql("UPDATE accounts_auditentry SET at = %s WHERE id = %s", at, key_of(sealed(5).entry))
    assert verified().broken.what == "entry_changed"


def test_the_first_of_several_changed_entries_is_reported(theater: Theater) -> None:
    with as_an_intruder() as sql:
        for number in (7, 4, 6):
            sql("UPDATE accounts_auditentry SET action = 'x' WHERE id = %s", key_of(sealed(number).entry))
    assert verified().broken.seq == 4


def change_of_a_title() -> AuditChange:
    return AuditChange.objects.filter(entry__action="production.update").order_by("id")[1]


@pytest.mark.parametrize(
    ("column", "value"),
    [("object_id", "1234567"), ("section_id", None), ("version", 77), ("fields", '["genre"]'), ("operation", "created"),
     ("digest", "0" * 64)],
)  # fmt: skip
def test_a_modified_change_is_reported(column: str, value: Any, theater: Theater) -> None:
    victim = change_of_a_title()
    with as_an_intruder() as sql:
        sql(f'UPDATE accounts_auditchange SET "{column}" = %s WHERE id = %s', value, key_of(victim))
    broken = verified().broken
    assert (broken.what, broken.entry) == ("change_changed", victim.entry_id.hex)


def test_a_removed_change_is_reported(theater: Theater) -> None:
    victim = change_of_a_title()
    AuditValue.objects.filter(pk=victim.pk).delete()
    with as_an_intruder() as sql:
        sql("DELETE FROM accounts_auditchange WHERE id = %s", key_of(victim))
    assert (verified().broken.what, verified().broken.entry) == ("change_removed", victim.entry_id.hex)


def test_an_inserted_change_is_reported(theater: Theater) -> None:
    victim = change_of_a_title()
    made = AuditChange.objects.get(pk=victim.pk)
    made.pk = victim.pk.__class__(int=victim.pk.int + 1)
    made.save(force_insert=True)
    assert (verified().broken.what, verified().broken.entry) == ("change_added", victim.entry_id.hex)


@pytest.mark.parametrize(
    ("column", "value"), [("values", '{"after":{},"before":{}}'), ("salt", "0" * 32), ("personal", None)]
)
def test_a_changed_value_is_reported(column: str, value: Any, theater: Theater) -> None:
    victim = change_of_a_title()
    with as_an_intruder() as sql:
        new = encrypt("{}") if value is None else value
        sql(f'UPDATE accounts_auditvalue SET "{column}" = %s WHERE change_id = %s', new, key_of(victim))
    broken = verified().broken
    assert (broken.what, broken.change) == ("value_changed", victim.pk.hex)


def test_a_personal_value_without_a_key_is_reported(theater: Theater) -> None:
    victim = change_of_a_title()
    with as_an_intruder() as sql:
        sql("UPDATE accounts_auditvalue SET personal = 'gAAAA' WHERE change_id = %s", key_of(victim))
    assert (verified().broken.what, verified().broken.change) == ("value_unreadable", victim.pk.hex)


def remove(sql: Callable[..., None], entry: AuditEntry) -> None:
    AuditValue.objects.filter(change__entry=entry).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_auditchange WHERE entry_id = %s", [key_of(entry)])
    sql("DELETE FROM accounts_auditentry WHERE id = %s", key_of(entry))


def test_a_removed_entry_is_reported(theater: Theater) -> None:
    victim = sealed(5).entry
    with as_an_intruder() as sql:
        remove(sql, victim)
    assert (verified().broken.what, verified().broken.entry) == ("entry_removed", victim.pk.hex)


def test_an_entry_removed_with_its_seal_is_reported(theater: Theater) -> None:
    victim = sealed(5).entry
    with as_an_intruder() as sql:
        remove(sql, victim)
        sql("DELETE FROM accounts_auditseal WHERE seq = 5")
    assert (verified().broken.what, verified().broken.seq) == ("seal_removed", 5)


def test_a_closed_gap_in_the_sequence_is_reported(theater: Theater) -> None:
    victim = sealed(9).entry
    with as_an_intruder() as sql:
        remove(sql, victim)
        sql("DELETE FROM accounts_auditseal WHERE seq = 9")
        for number in range(10, AuditSeal.objects.count() + 2):
            sql("UPDATE accounts_auditseal SET seq = %s WHERE seq = %s", number - 1, number)
        # Nor is it hidden by a checkpoint that knows another end: those are taken away too.
        sql("DELETE FROM accounts_auditcheckpoint")
    assert (verified().broken.what, verified().broken.seq) == ("seal_changed", 9)


def test_reordered_seals_are_reported(theater: Theater) -> None:
    # One that was sealed before the first checkpoint and is none itself.
    entry = sealed(4).entry_id.hex
    with as_an_intruder() as sql:
        for old, new in ((4, -1), (6, 4), (-1, 6)):
            sql("UPDATE accounts_auditseal SET seq = %s WHERE seq = %s", new, old)
    broken = verified().broken
    assert (broken.what, broken.seq, broken.entry) == ("reordered", 4, entry)
    assert "is at 6" in broken.message


def test_a_changed_seal_is_reported(theater: Theater) -> None:
    with as_an_intruder() as sql:
        sql("UPDATE accounts_auditseal SET entry_digest = %s WHERE seq = 3", "0" * 64)
    assert (verified().broken.what, verified().broken.seq) == ("seal_changed", 3)


def forged(at: Any) -> AuditEntry:
    kept = sealed(5).entry
    return AuditEntry(
        pk=kept.pk.__class__(int=kept.pk.int + 1), action="production.update", actor_kind="user", actor_label="user:1",
        actor_id=kept.actor_id, at=at, note={},
    )  # fmt: skip


def test_an_entry_inserted_past_the_database_guards_is_reported(theater: Theater) -> None:
    entry = forged(timezone.now() - timedelta(hours=1))
    with as_an_intruder():
        entry.save(force_insert=True)
    assert seal_waiting() == 0
    broken = verified().broken
    assert (broken.what, broken.entry) == ("unsealed", entry.pk.hex)
    assert verified(patience=timedelta(hours=2)).broken is None


def test_an_inserted_entry_dated_before_a_checkpoint_is_reported(theater: Theater) -> None:
    entry = forged(timezone.now() - timedelta(days=3))
    entry.save(force_insert=True)
    assert seal_waiting() == 1
    broken = verified().broken
    assert (broken.what, broken.entry) == ("entry_backdated", entry.pk.hex)


def test_an_entry_removed_before_it_was_sealed_is_reported(theater: Theater) -> None:
    rename(theater, 1)
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry is not None
    with as_an_intruder() as sql:
        remove(sql, entry)
    assert (verified().broken.what, verified().broken.entry) == ("entry_removed", entry.pk.hex)
