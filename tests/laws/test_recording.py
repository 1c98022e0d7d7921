"""Every way of writing a content table is seen by the recorder, with the values before and after, or is named as unseen."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connection, models, transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from accounts.audit.rules.seals import values_digest
from accounts.models import (
    AuditChange,
    AuditEntry,
    AuditValue,
    RoleAssignment,
    Section,
    SectionGrant,
    SectionKind,
    Submission,
)
from productions.models import Production, Season
from tests import world
from tests.laws.scenes import Theater
from theater_site.core import changes, encryption, runs
from theater_site.core.actions import Run, current, registered
from theater_site.core.changes import CHANGED, CREATED, DELETED, Change
from theater_site.core.digests import digest_of
from theater_site.core.errors import Stale
from theater_site.core.models import ContentModel
from theater_site.core.signals import action_done

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


class Seen:
    """The entries written since."""

    def __init__(self) -> None:
        self.known = set(AuditEntry.objects.values_list("pk", flat=True))

    def entries(self) -> list[AuditEntry]:
        return list(AuditEntry.objects.exclude(pk__in=self.known).order_by("id"))

    def changes(self) -> list[tuple[str, str, str, dict[str, Any], dict[str, Any]]]:
        told = []
        for change in AuditChange.objects.filter(entry__in=self.entries()).select_related("value").order_by("id"):
            values = change.value.values
            told.append((change.object_type, change.object_id, change.operation, values["before"], values["after"]))
        return told

    def only(self) -> tuple[str, str, str, dict[str, Any], dict[str, Any]]:
        (change,) = self.changes()
        return change


def _area(t: Theater, name: str = "An area") -> Section:
    section = Section.below(t.root, SectionKind.AREA, name)
    section.save()
    return section


def test_a_save_outside_of_an_action_is_recorded_as_unattributed(theater: Theater) -> None:
    seen = Seen()
    section = _area(theater, "Workshop")
    (entry,) = seen.entries()
    assert (entry.action, entry.actor, entry.actor_kind) == ("unattributed", None, "public")
    kind, key, operation, before, after = seen.only()
    assert (kind, key, operation, before) == ("accounts.section", str(section.pk), CREATED, {})
    assert after["name"] == "Workshop"
    assert after["parent_id"] == theater.root.pk

    seen = Seen()
    section.name = "Atelier"
    section.save()
    assert seen.only()[2:] == (CHANGED, {"name": "Workshop"}, {"name": "Atelier"})


WRITES: dict[str, Callable[[Production], Any]] = {
    "save": lambda p: _set(p, title="New").save(),
    "save of one field": lambda p: _set(p, title="New").save(update_fields=["title"]),
    "save of an expression": lambda p: _set(p, title=Value("New")).save(),
    "save after a deferred load": lambda p: _set(Production.objects.only("id").get(pk=p.pk), title="New").save(),
    "update": lambda p: Production.objects.filter(pk=p.pk).update(title="New"),
    "update by an expression": lambda p: Production.objects.filter(pk=p.pk).update(
        title=Concat(Value("Ne"), Value("w"))
    ),
    "update of what matches no more": lambda p: Production.objects.filter(title=p.title).update(title="New"),
    "update through the base manager": lambda p: Production._base_manager.filter(pk=p.pk).update(title="New"),
    "update through the default manager": lambda p: Production._default_manager.filter(pk=p.pk).update(title="New"),
    "update through the parent": lambda p: p.season.productions.update(title="New"),
    "bulk_update": lambda p: Production.objects.bulk_update([_set(p, title="New")], ["title"]),
    "update_or_create": lambda p: Production.objects.update_or_create(defaults={"title": "New"}, pk=p.pk),
    "a copy saved by hand": lambda p: _set(Production.objects.get(pk=p.pk), title="New").save(force_update=True),
}


def _set(row: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(row, name, value)
    return row


@pytest.mark.parametrize("way", WRITES)
def test_every_way_of_changing_a_row_is_recorded(way: str, theater: Theater) -> None:
    production = world.production(theater.season, by=theater.director, title="Old")
    seen = Seen()
    WRITES[way](production)
    kind, key, operation, before, after = seen.only()
    assert (kind, key, operation) == ("productions.production", str(production.pk), CHANGED)
    assert (before, after) == ({"title": "Old"}, {"title": "New"})
    fresh = Production.objects.get(pk=production.pk)
    assert (fresh.title, fresh.version) == ("New", production.version if way == "save" else fresh.version)
    change = AuditChange.objects.get(entry=seen.entries()[0])
    assert change.version == fresh.version, "the version told is the version stored"
    assert change.section_id == production.section_id


def test_bulk_create_and_get_or_create_are_recorded(theater: Theater) -> None:
    season = theater.season
    common = {"season": season, "section": season.section}
    seen = Seen()
    Production.objects.bulk_create([Production(**common, title=f"Bulk {n}", slug=f"bulk-{n}") for n in range(3)])
    Production.objects.get_or_create(slug="one-more", defaults={**common, "title": "One more"})
    season.productions.create(section=season.section, title="Child", slug="child")
    season.productions.add(Production(section=season.section, title="Added", slug="added"), bulk=False)
    told = [(change[2], change[4]["title"]) for change in seen.changes()]
    assert told == [(CREATED, title) for title in ("Bulk 0", "Bulk 1", "Bulk 2", "One more", "Child", "Added")]
    assert {change[1] for change in seen.changes()} == {str(p.pk) for p in season.productions.all()}


def test_related_managers_that_set_a_foreign_key_are_recorded(theater: Theater) -> None:
    other = world.season(theater.root, by=theater.director)
    production = theater.draft
    old = production.season_id
    seen = Seen()
    other.productions.add(production)
    assert seen.only()[2:] == (CHANGED, {"season_id": old}, {"season_id": other.pk})
    seen = Seen()
    theater.season.productions.set([production])
    assert seen.only()[2:] == (CHANGED, {"season_id": other.pk}, {"season_id": old})


def test_clearing_a_nullable_key_and_deleting_its_target_are_recorded(theater: Theater) -> None:
    person = world.user()
    assignment = world.assign("viewer", theater.root, by=theater.director, to=person)
    grants = assignment.grants.count()
    assert grants
    loose = SectionGrant.objects.filter(assignment=assignment)
    loose.exclude(pk=loose.first().pk).delete()
    seen = Seen()
    assignment.grants.clear()
    assert seen.only()[2:] == (CHANGED, {"assignment_id": assignment.pk}, {"assignment_id": None})


def test_cascades_are_recorded(theater: Theater) -> None:
    assignment = world.assign("viewer", theater.root, by=theater.director, to=world.user())
    keys = {str(pk) for pk in assignment.grants.values_list("pk", flat=True)}
    seen = Seen()
    RoleAssignment.objects.filter(pk=assignment.pk).delete()
    told = seen.changes()
    assert {change[1] for change in told if change[0] == "accounts.sectiongrant"} == keys
    assert {change[2] for change in told} == {DELETED}
    (root,) = [change for change in told if change[0] == "accounts.roleassignment"]
    assert root[3]["user_id"] == assignment.user_id
    assert root[4] == {}


def test_no_content_model_bypasses_the_recorder() -> None:
    """What Django offers to go past it: automatic many-to-many tables, another manager, SET_NULL through a plain one."""
    from django.apps import apps

    for model in apps.get_models(include_auto_created=True):
        if not issubclass(model, ContentModel):
            continue
        assert not [f.name for f in model._meta.local_many_to_many if f.remote_field.through._meta.auto_created], model
        assert model._meta.base_manager_name == "objects", model
        for manager in (model._base_manager, model._default_manager):
            assert type(manager.all()).update is type(Section.objects.all()).update, model
            assert type(manager.all()).bulk_create is type(Section.objects.all()).bulk_create, model


def test_upserts_are_refused(theater: Theater) -> None:
    row = Season(name="x", slug="x", section=theater.section)
    for how in (
        {"ignore_conflicts": True},
        {"update_conflicts": True, "update_fields": ["name"], "unique_fields": ["slug"]},
    ):
        with pytest.raises(TypeError):
            Season.objects.bulk_create([row], **how)


@pytest.mark.parametrize(
    "write",
    [
        lambda p: connection.cursor().execute("UPDATE productions_production SET title = 'x' WHERE id = %s", [p.pk]),
        lambda p: models.QuerySet(Production).filter(pk=p.pk).update(title="x"),
        lambda p: Production.objects.filter(pk=p.pk)._raw_delete("default"),
    ],
    ids=["raw SQL", "a plain queryset", "_raw_delete"],
)
def test_these_ways_are_not_recorded(write: Any, theater: Theater) -> None:
    """Named, so that a lint can forbid them and nobody believes that they are seen."""
    production = theater.draft
    seen = Seen()
    write(production)
    assert seen.entries() == []


def test_a_partial_refresh_loses_no_change(theater: Theater) -> None:
    production = theater.draft
    old = production.title
    production = Production.objects.get(pk=production.pk)
    production.title = "Changed before the refresh"
    production.refresh_from_db(fields=["genre"])
    seen = Seen()
    production.save()
    assert seen.only()[3:] == ({"title": old}, {"title": "Changed before the refresh"})


def test_values_changed_in_place_are_recorded(theater: Theater) -> None:
    production = world.production(theater.season, by=theater.director, authors=["Ann"])
    production = Production.objects.get(pk=production.pk)
    seen = Seen()
    production.authors.append("Bob")
    production.save()
    assert seen.only()[3:] == ({"authors": ["Ann"]}, {"authors": ["Ann", "Bob"]})
    seen = Seen()
    production.authors.append("Cid")
    production.save()
    assert seen.only()[3:] == ({"authors": ["Ann", "Bob"]}, {"authors": ["Ann", "Bob", "Cid"]})


def test_encrypted_values_changed_in_place_are_written(theater: Theater) -> None:
    row = Submission(author=theater.director, section=theater.root, items=[{"action": "x", "inputs": {"n": 1}}])
    row.save()
    row = Submission.objects.get(pk=row.pk)
    row.items[0]["inputs"]["n"] = 2
    row.save()
    assert Submission.objects.get(pk=row.pk).items == [{"action": "x", "inputs": {"n": 2}}]


def test_a_save_writes_only_changed_columns(theater: Theater) -> None:
    row = Production.objects.get(pk=theater.draft.pk)
    row.title = "Changed"
    with CaptureQueriesContext(connection) as queries:
        row.save()
    (written,) = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    columns = set(re.findall(r'"(\w+)" = ', written.partition(" SET ")[2].partition(" WHERE ")[0]))
    assert columns == {"title", "title_folded", "version", "updated_at"}
    models.QuerySet(Production).filter(pk=row.pk).update(genre="past the recorder")
    row.subtitle = "Too"
    row.save()
    assert Production.objects.get(pk=row.pk).genre == "past the recorder"


def test_fields_left_by_a_partial_save_are_written_by_the_next(theater: Theater) -> None:
    row = Production.objects.get(pk=theater.draft.pk)
    row.genre, row.company = "play", "The Lanterns"
    row.authors.append("Ann")
    row.save(update_fields=["genre"])
    seen = Seen()
    row.save()
    assert seen.only()[4] == {"company": "The Lanterns", "authors": ["Ann"]}
    fresh = Production.objects.get(pk=row.pk)
    assert (fresh.genre, fresh.company, fresh.authors) == ("play", "The Lanterns", ["Ann"])


def test_fields_of_a_failed_save_are_written_by_the_next(theater: Theater, transactional_db: None) -> None:
    row = Production.objects.get(pk=theater.draft.pk)

    def breaks(**_: Any) -> None:
        raise LookupError

    action_done.connect(breaks)
    try:
        row.company = "The Lanterns"
        with pytest.raises(LookupError):
            row.save()
    finally:
        action_done.disconnect(breaks)
    assert Production.objects.get(pk=row.pk).company == ""
    row.save()
    assert Production.objects.get(pk=row.pk).company == "The Lanterns"


def test_values_that_differ_in_json_are_written(theater: Theater) -> None:
    row = Production.objects.get(pk=theater.draft.pk)
    row.links = [{"shown": True}]
    row.save()
    row.links = [{"shown": 1}]
    row.save()
    assert Production.objects.get(pk=row.pk).links[0]["shown"] is not True


def test_recorded_values_do_not_follow_later_changes_in_place(theater: Theater) -> None:
    production = world.production(theater.season, by=theater.director, authors=["Ann"])
    production = Production.objects.get(pk=production.pk)
    run = Run(actor=theater.acting(), instant=runs.instant())
    token = runs.running.set(run)
    try:
        production.authors = ["Bob"]
        production.save()
        production.authors.append("never saved")
    finally:
        runs.running.reset(token)
    assert [change.after for change in run.changes] == [{"authors": ["Bob"]}]


def test_saving_a_new_instance_over_an_existing_row_is_refused(theater: Theater) -> None:
    """An instance made by hand with the key of a row that exists: Django would quietly update that row."""
    production = theater.draft
    double = Production(pk=production.pk, season=theater.season, section=theater.section, title="Over", slug="over")
    seen = Seen()
    with pytest.raises(Exception) as refused, transaction.atomic():  # noqa: PT011
        double.save()
    assert "UNIQUE" in str(refused.value).upper()
    assert seen.entries() == []
    assert Production.objects.get(pk=production.pk).title == production.title


def test_a_lost_update_is_refused(theater: Theater) -> None:
    first, second = (Production.objects.get(pk=theater.draft.pk) for _ in range(2))
    version = second.version
    _set(first, title="First").save()
    with pytest.raises(Stale), transaction.atomic():
        _set(second, title="Second").save()
    assert Production.objects.get(pk=first.pk).title == "First"
    assert second.version == version, "a refused save leaves the version as it was"


def test_saving_a_deleted_row_is_refused(theater: Theater) -> None:
    row = Production.objects.get(pk=theater.draft.pk)
    Production.objects.filter(pk=row.pk).delete()
    seen = Seen()
    with pytest.raises(Stale), transaction.atomic():
        _set(row, title="Ghost").save()
    assert seen.entries() == []


def test_a_save_without_changes_is_not_recorded(theater: Theater) -> None:
    row = Production.objects.get(pk=theater.draft.pk)
    seen = Seen()
    row.save()
    assert seen.entries() == []


def test_changes_rolled_back_in_a_savepoint_are_not_announced(theater: Theater) -> None:
    """A body may try, fail and go on: what was rolled back inside it has not happened."""
    action = registered()["section.rename"]
    body = action.function

    def tries_first(*, section: Section, name: str) -> Section:
        try:
            with transaction.atomic():
                Section.below(theater.root, SectionKind.AREA, "Never").save()
                raise LookupError
        except LookupError:
            pass
        result: Section = body(section=section, name=name)
        return result

    section = theater.section
    seen = Seen()
    action.function = tries_first
    try:
        action(actor=theater.acting(), section=section, name="Renamed")
    finally:
        action.function = body
    assert [change[4]["name"] for change in seen.changes() if change[0] == "accounts.section"] == ["Renamed"]


def test_a_consequence_rolled_back_in_a_savepoint_is_not_announced(theater: Theater) -> None:
    """Neither it nor what followed from it; what a later savepoint keeps is told after its cause."""
    rename, update = registered()["section.rename"], registered()["production.update"]
    body, draft = rename.function, theater.draft

    def tries_first(*, section: Section, name: str) -> Section:
        with suppress(LookupError), transaction.atomic():
            update.as_consequence(production=draft, changes={"genre": "never"})
            assert [run.name for run in current().tree] == ["section.rename", "production.update"]
            raise LookupError
        assert current().consequences == []
        with transaction.atomic():
            update.as_consequence(production=draft, changes={"genre": "play"})
        result: Section = body(section=section, name=name)
        return result

    seen = Seen()
    rename.function = tries_first
    try:
        rename(actor=theater.acting(), section=theater.section, name="Renamed")
    finally:
        rename.function = body
    first, second = seen.entries()
    assert [first.action, second.action, second.cause] == ["section.rename", "production.update", first.pk]
    assert [change[4] for change in seen.changes()] == [{"name": "Renamed"}, {"genre": "play"}]


def test_two_changes_of_one_object_are_announced_as_one() -> None:
    def change(operation: str, before: dict[str, Any], after: dict[str, Any], version: int = 1) -> Change:
        return Change(Production, 1, operation, 5, version, before, after)

    merged = changes.merged
    assert merged(change(CREATED, {}, {"a": 1}), change(DELETED, {"a": 1}, {})) is None
    assert merged(change(CREATED, {}, {"a": 1}), change(CHANGED, {"a": 1}, {"a": 2})) == change(CREATED, {}, {"a": 2})
    assert merged(change(CHANGED, {"a": 1}, {"a": 2}), change(CHANGED, {"a": 2}, {"a": 1})) is None
    assert merged(change(CHANGED, {"a": 1}, {"a": 2}), change(CHANGED, {"b": 2}, {"b": 3})) == change(
        CHANGED, {"a": 1, "b": 2}, {"a": 2, "b": 3}
    )
    assert merged(change(CHANGED, {"a": 1}, {"a": 2}), change(DELETED, {"a": 2, "b": 0}, {})) == change(
        DELETED, {"a": 1, "b": 0}, {}
    )
    assert merged(change(DELETED, {"a": 1, "b": None}, {}), change(CREATED, {}, {"a": 2})) == change(
        CHANGED, {"a": 1}, {"a": 2}
    )


def test_the_digest_can_be_recomputed_from_stored_values(theater: Theater) -> None:
    theater.draft.delete()
    assert theater.production
    values = AuditValue.objects.select_related("change")
    with connection.cursor() as cursor:
        cursor.execute('SELECT "change_id", "values" FROM "accounts_auditvalue"')
        stored = {UUID(str(key)): text for key, text in cursor.fetchall()}
    assert values.count() > 10
    for value in values:
        plain = encryption.decrypt(value.personal) if value.personal else ""
        assert values_digest(value.salt, stored[value.pk], plain) == value.change.digest
        told = {*value.values["before"], *value.values["after"]}
        if value.personal:
            hidden = orjson.loads(encryption.decrypt(value.personal))
            told |= {*hidden["before"], *hidden["after"]}
        assert sorted(told) == value.change.fields


def test_the_digest_of_a_run_depends_on_its_changes_and_not_on_new_ids(theater: Theater) -> None:
    now = runs.instant()

    def made(key: int, title: str = "x") -> list[Change]:
        return [
            Change(Season, key, CREATED, 1, 1, {}, {"name": "s", "published_at": now}),
            Change(Production, key + 7, CREATED, 1, 1, {}, {"season_id": key, "title": title}),
        ]

    assert digest_of(made(1), now) == digest_of(made(2), now), "new ids do not count"
    assert digest_of(made(1), now) != digest_of(made(1, "y"), now)
    assert digest_of(made(1), now) != digest_of(made(1)[::-1], now)


def test_an_object_deleted_after_a_consequence_changed_it_is_recorded_as_deleted(theater: Theater) -> None:
    rename, area = registered()["section.rename"], _area(theater)
    body, pk = rename.function, area.pk

    def deletes(*, section: Section, name: str) -> Section:
        rename.function = body
        rename.as_consequence(section=area, name="Renamed")
        Section.objects.get(pk=pk).delete()
        return section

    rename.function = deletes
    try:
        rename(actor=theater.acting(), section=theater.section, name="Anything")
    finally:
        rename.function = body
    told = AuditChange.objects.filter(object_type="accounts.section", object_id=str(pk)).order_by("version", "id")
    assert [change.operation for change in told] == [CREATED, CHANGED, DELETED]
