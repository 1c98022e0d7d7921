"""The runner's promises, tried where they are most easily broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, TypedDict

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.audit.selectors.history import reasons_in
from accounts.models import AuditEntry, RoleAssignment, Section, SectionGrant, SectionKind
from productions.models import Production, Season
from productions.services.productions import publish_production, update_production
from tests import world
from tests.laws.scenes import Theater, changed, load_services, state
from theater_site.core import actions, inputs, judges
from theater_site.core.actions import Needs, OpenTo, action, current
from theater_site.core.actors import System
from theater_site.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, Stale
from theater_site.core.judges import Finding, Severity

pytestmark = pytest.mark.django_db
# Now: what is first imported within a test here would be forgotten with the test's own actions.
load_services()


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture(autouse=True)
def own_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Actions that a test registers are gone after it."""
    monkeypatch.setattr(actions, "_registry", dict(actions._registry))


# --- Refused when the module is imported ------------------------------------------------------------------------


class _Odd(TypedDict):
    thing: object


class _Color(Enum):
    RED = "red"


def _positional(x: int) -> None: ...
def _bare(*, x) -> None: ...  # type: ignore[no-untyped-def]
def _anything(*, x: Any) -> None: ...
def _either(*, x: int | str) -> None: ...
def _mapping(*, x: dict[str, int]) -> None: ...
def _callback(*, x: Callable[[], int]) -> None: ...
def _odd(*, x: list[_Odd]) -> None: ...
def _more(*, x: int, **rest: int) -> None: ...


@pytest.mark.parametrize("function", [_positional, _bare, _anything, _either, _mapping, _callback, _odd, _more])
def test_an_unsupported_input_type_fails_at_import(function: Any) -> None:
    with pytest.raises(TypeError):
        action("probe.odd", open_to=OpenTo.SYSTEM)(function)


def _fine(*, x: int | None, colors: list[_Color], section: Section) -> None: ...


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"needs": Needs("edit_details", on="section"), "open_to": OpenTo.PUBLIC},
        {"needs": Needs("edit_details", on="nothing")},
        {"needs": Needs("edit_details", on="section"), "subject": "nothing"}, {"open_to": OpenTo.PUBLIC, "submittable": True},
        {"open_to": OpenTo.PUBLIC, "exposes": True},
    ],
)  # fmt: skip
def test_a_wrong_registration_fails_at_import(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        action("probe.wrong", **options)(_fine)


def test_an_action_name_is_registered_once() -> None:
    action("probe.once", open_to=OpenTo.SYSTEM)(_fine)
    with pytest.raises(TypeError):
        action("probe.once", open_to=OpenTo.SYSTEM)(_fine)


def test_an_unknown_or_missing_input_raises_type_error(theater: Theater) -> None:
    for given in (
        {"production": theater.production, "changes": {}, "extra": 1},
        {"production": theater.production},
        {},
    ):
        before = state()
        with pytest.raises(TypeError, match="takes"):
            update_production(actor=theater.acting(), **given)
        assert changed(before) == []


# --- Entry points -----------------------------------------------------------------------------------------------


def test_a_consequence_outside_of_an_action_is_refused(theater: Theater) -> None:
    with pytest.raises(LookupError):
        update_production.as_consequence(production=theater.production, changes={})
    with pytest.raises(LookupError):
        current()


def _registered(name: str, body: Callable[..., Any], theater: Theater) -> Any:
    def function(*, section: Section) -> None:
        body(section)

    return action(name, needs=Needs("edit_details", on="section"), subject="section")(function)


def test_a_nested_call_checks_permissions(theater: Theater) -> None:
    who = world.give("archivist", theater.root, by=theater.director)  # may edit, not publish
    draft = theater.draft
    outer = _registered("probe.nested", lambda _: publish_production(actor=current().actor, production=draft), theater)
    before = state()
    with pytest.raises(NotAllowed), transaction.atomic():
        outer(actor=world.acting(who), section=theater.root)
    assert changed(before) == []
    outer(actor=theater.acting(), section=theater.root)
    entry = AuditEntry.objects.get(action="probe.nested")
    assert AuditEntry.objects.get(action="production.publish", cause=entry.pk).at == entry.at


def test_a_preview_includes_the_changes_of_nested_calls_and_consequences(theater: Theater) -> None:
    draft = theater.draft
    outer = _registered("probe.nested", lambda _: publish_production(actor=current().actor, production=draft), theater)
    seen = outer.preview(actor=theater.acting(), section=theater.root)
    assert [change.object_type for change in seen.changes] == ["productions.production"]
    seen = update_production.preview(actor=theater.acting(), production=draft, changes={"title": "New"})
    assert [change.object_type for change in seen.changes] == ["productions.production", "accounts.section"]


def test_a_preview_runs_no_on_commit_callbacks(theater: Theater, transactional_db: None) -> None:
    ran: list[int] = []
    outer = _registered("probe.commit", lambda _: transaction.on_commit(lambda: ran.append(1)), theater)
    outer.preview(actor=theater.acting(), section=theater.root)
    assert ran == []
    outer(actor=theater.acting(), section=theater.root)
    assert ran == [1]


def test_a_failing_consequence_rolls_back_its_cause(theater: Theater) -> None:
    published = theater.production

    def body(section: Section) -> None:
        section.name = "Renamed"
        section.save()
        publish_production.as_consequence(production=published)

    before = state()
    with pytest.raises(Conflict), transaction.atomic():
        _registered("probe.failing", body, theater)(actor=theater.acting(), section=theater.root)
    assert changed(before) == []


def test_the_subject_is_reloaded_and_its_version_compared(theater: Theater) -> None:
    old = Production.objects.get(pk=theater.production.pk)
    update_production(actor=theater.acting(), production=old, changes={"genre": "play"})
    update_production(actor=theater.acting(), production=old, changes={"company": "Us"})
    fresh = Production.objects.get(pk=old.pk)
    assert (fresh.genre, fresh.company) == ("play", "Us"), "an old copy writes nothing back"
    with pytest.raises(Stale) as refused:
        update_production(actor=theater.acting(), production=old, changes={"genre": "x"}, if_version=old.version)
    assert refused.value.data == {"current_version": fresh.version, "changed": ["company", "genre"]}
    update_production(actor=theater.acting(), production=old, changes={"genre": "x"}, if_version=fresh.version)


def test_a_subject_deleted_meanwhile_is_not_found(theater: Theater) -> None:
    draft = theater.draft
    Production.objects.filter(pk=draft.pk).delete()
    for call in (update_production, update_production.submit, update_production.preview):
        with pytest.raises(NotFound), transaction.atomic():
            call(actor=theater.acting(), production=draft, changes={"title": "x"})


def test_an_action_and_its_consequences_share_one_instant(theater: Theater) -> None:
    made = world.production(theater.season, by=theater.director, published=True)
    assert made.published_at == made.updated_at
    entry = AuditEntry.objects.filter(action="production.publish").order_by("-id")[0]
    assert entry.at == made.published_at


# --- Judges ------------------------------------------------------------------------------------------------------


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Finding]]:
    findings: list[Finding] = []
    monkeypatch.setattr(judges, "_judges", [(frozenset({Production}), lambda changes: list(findings))])
    return findings  # type: ignore[return-value]


def _finding(rule: str, severity: Severity) -> Finding:
    return Finding(rule, severity, "Too loud.", "Lower it.", "productions.production", "1", "title")


def test_warnings_are_waived_by_rule_and_with_a_reason(theater: Theater, judged: list[Finding]) -> None:
    assert theater.production
    judged += [_finding("loud", Severity.WARNING), _finding("long", Severity.WARNING)]
    given = {"actor": theater.acting(), "production": theater.production, "changes": {"title": "LOUD"}}
    for waive in (None, {}, {"loud": "on purpose"}, {"loud": "on purpose", "long": "  "}, {"else": "x"}):
        with pytest.raises(Conflict) as refused, transaction.atomic():
            update_production(**given, waive=waive)
        assert refused.value.code == "waiver_required"
    update_production(**given, waive={"loud": "on purpose", "long": "it is"})
    entry = AuditEntry.objects.filter(action="production.update").order_by("-id")[0]
    assert entry.note == {"waived": ["long", "loud"]}
    (change,) = entry.changes.all()
    assert reasons_in(change.value) == {"loud": "on purpose", "long": "it is"}
    assert "on purpose" not in f"{change.value.values} {change.value.personal}", "encrypted"


def test_errors_cannot_be_waived_and_are_listed_by_a_preview(theater: Theater, judged: list[Finding]) -> None:
    assert theater.production
    judged += [_finding("never", Severity.ERROR)]
    given = {"actor": theater.acting(), "production": theater.production, "changes": {"title": "LOUD"}}
    with pytest.raises(Invalid) as refused, transaction.atomic():
        update_production(**given, waive={"never": "please"})
    assert refused.value.code == "rules_broken"
    assert [finding.rule for finding in update_production.preview(**given).findings] == ["never"]
    publish = world.client(theater.director)
    answer = world.patch(
        publish, f"/api/v1/productions/{theater.production.pk}/", {"title": "L"}, theater.production.version
    )
    assert answer.json()["errors"] == [{"field": "title", "code": "never", "message": "Too loud. Lower it."}]


# --- Broken constraints, alike on both databases ------------------------------------------------------------------


def _sql(text: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def _now() -> dict[str, Any]:
    return {"created_at": timezone.now(), "updated_at": timezone.now()}


BROKEN: dict[str, tuple[Callable[[Theater], Any], type[DomainError], str, str | None]] = {
    "a unique column": (
        lambda t: Season(section=t.section, name="x", slug=t.season.slug).save(), Conflict, "slug_taken", "slug"),
    "a unique column on update": (
        lambda t: Production.objects.filter(pk=t.draft.pk).update(slug=t.production.slug), Conflict, "slug_taken", "slug"),
    "a primary key": (
        lambda t: Season(pk=t.season.pk, section=t.section, name="x", slug="y").save(), Conflict, "id_taken", "id"),
    "a unique constraint with a condition": (
        lambda t: Section.below(t.root, SectionKind.AREA, "Brand").save(), Conflict, "section_area_named_once", None),
    "a unique constraint of two columns": (
        lambda t: _double_grant(t), Conflict, "grant_once_an_assignment", None),
    "a check": (
        lambda t: _sql("UPDATE accounts_section SET parent_id = NULL WHERE id = %s", t.section.pk),
        Conflict, "section_only_organization_is_root", None),
    "a check of the field itself": (
        lambda t: _sql("UPDATE productions_season SET version = -1"), Invalid, "out_of_range", "version"),
    "not null": (lambda t: _sql("UPDATE productions_season SET name = NULL"), Invalid, "required", "name"),
    "not null of a reference": (lambda t: Season(name="x", slug="no-section").save(), Invalid, "required", "section"),
    "a guard": (lambda t: AuditEntry.objects.update(action="x"), Conflict, "audit_entry_written_once", None),
    "what is protected": (lambda t: t.production.season.delete(), Conflict, "still_in_use", None),
}  # fmt: skip


def _double_grant(t: Theater) -> None:
    grant = SectionGrant.objects.exclude(assignment=None)[0]
    SectionGrant(
        user=grant.user, permission=grant.permission, content_object=grant.content_object, assignment=grant.assignment
    ).save()


@pytest.mark.parametrize("which", BROKEN)
def test_a_violated_constraint_is_an_error_with_its_code(which: str, theater: Theater) -> None:
    breaks, kind, code, field = BROKEN[which]
    assert theater.production
    assert theater.draft
    probe = _registered("probe.breaks", lambda _: breaks(theater), theater)
    before = state()
    with pytest.raises(kind) as refused, transaction.atomic():
        probe(actor=theater.acting(), section=theater.root)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert changed(before) == []


def test_a_title_is_not_mistaken_for_the_name_of_a_guard(theater: Theater) -> None:
    """Django's text about protected rows repeats what people typed."""
    world.production(
        theater.season, by=theater.director, title="guard:audit_entry_written_once UNIQUE constraint failed: a.b"
    )
    probe = _registered("probe.breaks", lambda _: theater.season.delete(), theater)
    with pytest.raises(Conflict) as refused, transaction.atomic():
        probe(actor=theater.acting(), section=theater.root)
    assert refused.value.code == "still_in_use"


def test_foreign_keys_are_checked_at_the_commit(theater: Theater, transactional_db: None) -> None:
    season = theater.season
    probe = _registered(
        "probe.commit",
        lambda _: _sql("UPDATE productions_season SET section_id = 999999 WHERE id = %s", season.pk),
        theater,
    )
    before = state()
    with pytest.raises(Conflict) as refused:
        probe(actor=theater.acting(), section=theater.root)
    assert refused.value.code == "reference_broken"
    assert changed(before) == []


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "\udfff"])
def test_text_that_a_database_cannot_store_is_refused_by_field(theater: Theater, text: str) -> None:
    assert theater.production
    for changes in ({"title": text}, {"authors": [text]}, {"authors": [{"a": text}]}):
        with pytest.raises(Invalid) as refused, transaction.atomic():
            update_production(actor=theater.acting(), production=theater.production, changes=changes)
        assert refused.value.code == "null_character"


def test_column_limits_are_the_same_on_every_database(theater: Theater) -> None:
    assert theater.production
    longest = Production._meta.get_field("title").max_length
    for changes, code in (
        ({"title": "x" * (longest + 1)}, "max_length"), ({"title": ""}, "required"), ({"premiere": "never"}, "invalid_choice"),
        ({"running_minutes": -1}, "min_value"), ({"running_minutes": 100_000}, "max_value"), ({"title": None}, "required"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused, transaction.atomic():
            update_production(actor=theater.acting(), production=theater.production, changes=changes)
        codes = [fault.code for fault in refused.value.problems] or [refused.value.code]
        assert code in codes


# --- Inputs ------------------------------------------------------------------------------------------------------


def test_stored_inputs_are_read_back_unchanged(theater: Theater) -> None:
    from datetime import UTC, date, datetime, time, timedelta
    from decimal import Decimal
    from uuid import uuid4

    values: dict[Any, Any] = {
        int: 5, str: "ł", bool: True, Decimal: Decimal("1.50"), date: date(2026, 1, 2), time: time(3, 4, 5, 6),
        datetime: datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), timedelta: timedelta(days=-1, seconds=5), _Color: _Color.RED,
        list[int]: [1, 2], int | None: None, SectionKind: SectionKind.AREA,
    }  # fmt: skip
    for kind, value in values.items():
        text = inputs.to_text({"x": value})
        assert inputs.load(kind, inputs.from_text(text)["x"], "x") == value
    unique = uuid4()
    assert inputs.load(type(unique), inputs.from_text(inputs.to_text({"x": unique}))["x"], "x") == unique
    assert inputs.load(Section, theater.root.pk, "x") == theater.root
    for kind, raw in (
        (int, "5"),
        (int, True),
        (bool, 1),
        (Section, "x"),
        (Section, 10**30),
        (Section, 999_999),
        (list[int], "12"),
        (_Color, "blue"),
    ):
        with pytest.raises(Invalid):
            inputs.load(kind, raw, "x")


def test_the_system_actor_has_all_permissions_and_is_audited(theater: Theater) -> None:
    update_production(actor=System("import"), production=theater.production, changes={"genre": "opera"})
    entry = AuditEntry.objects.filter(action="production.update").order_by("-id")[0]
    assert (entry.actor_kind, entry.actor_label, entry.actor_id) == ("system", "import", None)
    assert RoleAssignment.objects.filter(granted_by=None).exists()
