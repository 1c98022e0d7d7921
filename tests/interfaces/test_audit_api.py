"""The audit log over HTTP: what who may read of it, histories, states, files, and what may be forgotten."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit.selectors.verification import verify
from accounts.audit.services.retention import erase_values, expire_values
from accounts.audit.services.sealing import sign_checkpoint
from accounts.models import AuditCheckpoint, AuditEntry, AuditValue, Role, Section, User
from accounts.permissions.selectors.sections import area
from accounts.permissions.services.roles import end_role
from directory.models import Person
from directory.services.people import create_person, update_person
from productions.models import Production
from productions.services.productions import update_production
from tests import world
from tests.laws.scenes import Theater
from theater_site.core import changes
from theater_site.core.actors import System
from theater_site.core.errors import Invalid, NotAllowed
from theater_site.core.recording import announce_unattributed
from theater_site.core.tables import escape_formula

pytestmark = pytest.mark.django_db
AUDIT = "/api/v1/audit/"
HISTORY, STATE = f"{AUDIT}history/", f"{AUDIT}state/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def other(theater: Theater) -> Production:
    return world.production(world.season(theater.root, by=theater.director), by=theater.director)


@pytest.fixture
def auditor(theater: Theater) -> User:
    """Directs one production only, and so reads its log only."""
    return world.give("director", theater.production.section, by=theater.director)


def change(production: Production, by: User, **changes: Any) -> AuditEntry:
    known = set(AuditEntry.objects.values_list("pk", flat=True))
    update_production(actor=world.acting(by), production=production, changes=changes)
    return AuditEntry.objects.exclude(pk__in=known).get(action="production.update")


def read(browser: Client, address: str = AUDIT, **asked: Any) -> Any:
    answer = browser.get(address, {name: str(value) for name, value in asked.items()})
    assert answer.status_code == 200, answer.content
    return answer.json()


def ids(browser: Client, **asked: Any) -> list[str]:
    return [entry["id"] for entry in read(browser, **asked)["results"]]


def person(theater: Theater, **fields: Any) -> Person:
    made: Person = create_person(
        actor=theater.acting(), section=area("Directory"), fields={"name": "Ada Actor", **fields}
    )
    return made


# --- Search -------------------------------------------------------------------------------------------------


def test_each_filter_returns_the_matching_entries(theater: Theater, other: Production) -> None:
    browser = world.client(theater.director)
    editor = world.give("director", theater.root, by=theater.director)
    mine, theirs = change(theater.production, theater.director, genre="x"), change(other, editor, genre="y")
    at = {"object_type": "productions.production"}
    assert ids(browser, **at, object_id=theater.production.pk)[0] == str(mine.pk)
    assert str(theirs.pk) not in ids(browser, **at, object_id=theater.production.pk)
    assert ids(browser, actor=editor.pk) == [str(theirs.pk)]
    assert set(ids(browser, action="production.update")) == {str(mine.pk), str(theirs.pk)}
    assert ids(browser, action="production.update", section=other.section_id) == [str(theirs.pk)]
    assert ids(browser, since=theirs.at.isoformat())[0] == str(theirs.pk)
    assert str(theirs.pk) not in ids(browser, until=theirs.at.isoformat())


def test_the_section_filter_includes_all_sections_below(theater: Theater, other: Production) -> None:
    browser = world.client(theater.director)
    mine, theirs = change(theater.production, theater.director, genre="x"), change(other, theater.director, genre="y")
    found = ids(browser, section=theater.season.section_id, action="production.update")
    assert found == [str(mine.pk)]
    assert set(ids(browser, section=theater.root.pk, action="production.update")) == {str(mine.pk), str(theirs.pk)}
    assert ids(browser, section=10**15) == []


def test_a_request_is_found_by_its_id(theater: Theater) -> None:
    production = theater.production
    answer = world.patch(
        world.client(theater.director, **{"X-Request-ID": "the-one"}), f"/api/v1/productions/{production.pk}/",
        {"genre": "New"}, production.version,
    )  # fmt: skip
    assert answer.status_code == 200
    assert len(ids(world.client(theater.director), request="the-one")) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [("?object_id=5", "required"), ("?colour=red", "unknown_filter"), ("?since=yesterday", "invalid"), ("?actor=me", "invalid"),
     ("?section=1.5", "invalid"), ("?actor=99999999999999999999", "max_value"), ("?action=%00", "null_characters_not_allowed")],
)  # fmt: skip
def test_invalid_filters_are_refused(query: str, code: str, theater: Theater) -> None:
    for address in (AUDIT, f"{AUDIT}export/csv/"):
        answer = world.client(theater.director).get(address + query)
        assert answer.status_code == 400, answer.content
        assert code in answer.content.decode()


def test_a_log_of_one_section_shows_nothing_of_others(theater: Theater, other: Production, auditor: User) -> None:
    mine, theirs = change(theater.production, theater.director, genre="x"), change(other, theater.director, genre="y")
    browser = world.client(auditor)
    assert str(mine.pk) in ids(browser)
    assert str(theirs.pk) not in ids(browser)
    assert ids(browser, object_type="productions.production", object_id=other.pk) == []
    assert ids(browser, section=other.section_id) == []
    assert browser.get(f"{AUDIT}{theirs.pk}/").status_code == 404
    assert browser.get(f"{AUDIT}{theirs.pk}/changes/").status_code == 404
    for kind in ("csv", "jsonl"):
        told = b"".join(browser.get(f"{AUDIT}export/{kind}/").streaming_content).decode()
        assert str(mine.pk) in told
        assert str(theirs.pk) not in told


def test_an_entry_over_several_sections_shows_only_its_readable_changes(
    theater: Theater, other: Production, auditor: User
) -> None:
    """And is not found by what its other part touches; its note, which may report both, is kept back."""
    both = two_at_once(theater, other)
    told = read(world.client(auditor), f"{AUDIT}{both.pk}/")
    assert [row["object_id"] for row in told["changes"]] == [str(theater.production.pk)]
    assert (told["complete"], told["note"]) == (False, {})
    assert str(both.pk) in ids(world.client(auditor), section=theater.production.section_id)
    assert ids(world.client(auditor), object_type="productions.production", object_id=other.pk) == []
    (line,) = lines(world.client(auditor), "jsonl", action="unattributed")
    assert (line["object_id"], line["note"]) == (str(theater.production.pk), {})
    whole = read(world.client(theater.director), f"{AUDIT}{both.pk}/")
    assert len(whole["changes"]) == 2
    assert whole["complete"] is True
    assert len(read(world.client(auditor), f"{AUDIT}{both.pk}/changes/")["results"]) == 1
    assert len(read(world.client(theater.director), f"{AUDIT}{both.pk}/changes/")["results"]) == 2


def two_at_once(theater: Theater, other: Production) -> AuditEntry:
    """One entry with changes of two sections: as a test writes it, since no service changes two productions at once."""
    rows = [theater.production, other]
    announce_unattributed(
        [
            changes.Change(
                Production, row.pk, "changed", row.section_id, row.version + 1, {"genre": ""}, {"genre": "z"}
            )
            for row in rows
        ]
    )
    return AuditEntry.objects.get(action="unattributed")


def test_entries_without_changes_are_visible_on_the_root_and_to_their_actor(theater: Theater, auditor: User) -> None:
    expire_values(
        actor=theater.acting(), section=theater.production.section, before=timezone.now() - timedelta(days=400)
    )
    (entry,) = ids(world.client(theater.director), action="audit.expire_values")
    assert ids(world.client(auditor), action="audit.expire_values") == []
    expire_values(
        actor=world.acting(auditor), section=theater.production.section, before=timezone.now() - timedelta(days=400)
    )
    (own,) = ids(world.client(auditor), action="audit.expire_values")
    assert own != entry


def test_users_without_other_permissions_read_their_own_entries(theater: Theater) -> None:
    editor = world.give("production_manager", theater.root, by=theater.director)
    mine = change(theater.production, editor, genre="x")
    assert ids(world.client(editor)) == [str(mine.pk)]
    assert ids(world.client(editor), object_type="productions.production") == [str(mine.pk)]
    assert ids(world.client(theater.stranger)) == []
    assert Client().get(AUDIT).status_code == 401


def test_the_queries_of_a_list_do_not_grow_with_its_length(theater: Theater, auditor: User) -> None:
    for who in (theater.director, auditor):
        browser, counts = world.client(who), []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                read(browser, section=theater.production.section_id)
            counts.append(len(queries))
            for n in range(8):
                change(theater.production, theater.director, genre=f"{who.pk} {n}")
        assert counts[0] == counts[1] <= 8


def test_a_long_entry_lists_its_first_changes_and_pages_through_all(theater: Theater) -> None:
    section = theater.production.section_id
    announce_unattributed(
        [changes.Change(Production, 10_000 + n, "created", section, 1, {}, {"title": f"{n}"}) for n in range(130)]
    )
    entry = AuditEntry.objects.get(action="unattributed")
    browser = world.client(theater.director)
    told = read(browser, f"{AUDIT}{entry.pk}/")
    assert (len(told["changes"]), told["more_changes"]) == (50, True)
    seen, address = [], f"{AUDIT}{entry.pk}/changes/?page_size=60"
    while address:
        page = browser.get(address).json()
        seen += [int(row["object_id"]) for row in page["results"]]
        address = page["next"]
    assert seen == [10_000 + n for n in range(130)]


# --- History and state --------------------------------------------------------------------------------------


def of(thing: Any) -> dict[str, Any]:
    return {"object_type": thing._meta.label_lower, "object_id": thing.pk}


def test_a_history_lists_every_difference(theater: Theater) -> None:
    change(theater.production, theater.director, genre="Farce", title="A New Name")
    told = read(world.client(theater.director), HISTORY, **of(theater.production))["results"]
    assert [row["action"] for row in told] == ["production.create", "production.publish", "production.update"]
    assert [row["version"] for row in told] == [1, 2, 3]
    differences = {one["field"]: one for one in told[-1]["differences"]}
    assert differences["genre"] == {"field": "genre", "known": "shown", "before": "", "after": "Farce"}
    assert differences["title"]["after"] == "A New Name"
    assert told[-1]["actor"] == theater.director.pk


def test_values_are_visible_only_with_permission_to_view_the_object(theater: Theater) -> None:
    """Somebody's own entries stay readable to them, but not the values once they may not see drafts any more."""
    editor = world.user("Edith Editor")
    held = world.assign("production_manager", theater.root, by=theater.director, to=editor)
    change(theater.production, editor, genre="Farce")
    (row,) = read(world.client(editor), HISTORY, **of(theater.production))["results"]
    assert row["differences"][0]["known"] == "shown"
    end_role(actor=theater.acting(), assignment=held, reason="over")
    (row,) = read(world.client(editor), HISTORY, **of(theater.production))["results"]
    assert row["differences"] == [{"field": "genre", "known": "hidden", "before": None, "after": None}]


def test_personal_values_are_visible_only_to_managers_of_the_area(theater: Theater) -> None:
    ada = person(theater, email="ada@theater.example")
    update_person(actor=theater.acting(), person=ada, changes={"email": "new@theater.example", "pronouns": "she/her"})
    # Reads the log and the directory, and manages nothing.
    Role(section=theater.root, name="clerk", title="Clerk", permissions=["view_audit", "view_directory"]).save()
    clerk = world.give("clerk", theater.root, by=theater.director)
    seen = {
        one["field"]: (one["known"], one["after"])
        for one in read(world.client(clerk), HISTORY, **of(ada))["results"][-1]["differences"]
        if one["field"] != "email_index"
    }
    assert seen == {"email": ("hidden", None), "pronouns": ("shown", "she/her")}
    at = timezone.now().isoformat()
    assert read(world.client(clerk), STATE, **of(ada), at=at)["fields"]["email"] == {"known": "hidden", "value": None}
    assert b"theater.example" not in world.client(clerk).get(HISTORY, of(ada)).content
    managed = read(world.client(theater.director), HISTORY, **of(ada))["results"][-1]["differences"]
    assert {
        "field": "email",
        "known": "shown",
        "before": "ada@theater.example",
        "after": "new@theater.example",
    } in managed


def test_a_past_state_is_reconstructed(theater: Theater) -> None:
    browser = world.client(theater.director)
    production = theater.production
    moments, states = [], []
    for n in range(4):
        change(Production.objects.get(pk=production.pk), theater.director, genre=f"Genre {n}", running_minutes=60 + n)
        moments.append(timezone.now())
        states.append(Production.objects.values("genre", "running_minutes", "title", "version").get(pk=production.pk))
    for moment, expected in zip(moments, states, strict=True):
        told = read(browser, STATE, **of(production), at=moment.isoformat())
        values = {name: told["fields"][name]["value"] for name in ("genre", "running_minutes", "title")}
        assert values | {"version": told["version"]} == expected
    before = browser.get(STATE, {**of(production), "at": "2001-01-01T00:00:00Z"})
    assert (before.status_code, before.json()["code"]) == (404, "no_such_object")


def test_the_state_of_a_deleted_object_is_reconstructed(theater: Theater) -> None:
    draft, key = theater.draft, theater.draft.pk
    there = timezone.now()
    asked = of(draft)
    draft.delete()
    browser = world.client(theater.director)
    assert read(browser, STATE, **asked, at=there.isoformat())["fields"]["title"]["value"] == draft.title
    gone = read(browser, STATE, **asked, at=timezone.now().isoformat())
    assert (gone["deleted"], gone["fields"]) == (True, {})
    assert key is not None


def test_erased_values_are_marked_and_never_reconstructed(theater: Theater) -> None:
    ada = person(theater, email="ada@theater.example", bio="Was born.")
    update_person(actor=theater.acting(), person=ada, changes={"email": "new@theater.example"})
    update_person(actor=theater.acting(), person=ada, changes={"bio": "Lives."})
    erase_in_an_action(theater, ada, {"email"})
    browser = world.client(theater.director)
    rows = read(browser, HISTORY, **of(ada))["results"]
    assert {one["known"] for row in rows[:2] for one in row["differences"]} == {"erased"}
    assert [one["known"] for one in rows[2]["differences"]] == ["shown"]
    state = read(browser, STATE, **of(ada), at=timezone.now().isoformat())["fields"]
    assert state["email"] == {"known": "erased", "value": None}
    assert state["bio"] == {"known": "shown", "value": "Lives."}
    assert b"@theater.example" not in browser.get(HISTORY, of(ada)).content
    assert verify(patience=timedelta(days=1)).broken is None


def erase_in_an_action(theater: Theater, someone: Person, fields: set[str]) -> int:
    """As a service of another app would; `expire_values` represents it, so that an action is running."""
    counted: list[int] = []
    body = expire_values.function

    def erases(*, section: Section, before: datetime) -> int:
        counted.append(erase_values("directory.person", someone.pk, fields))
        return counted[0]

    expire_values.function = erases
    try:
        expire_values(actor=theater.acting(), section=theater.root, before=timezone.now())
    finally:
        expire_values.function = body
    note = AuditEntry.objects.order_by("-id").first().note["values_erased"]
    assert note == [
        {"object_type": "directory.person", "object_id": str(someone.pk), "fields": sorted(fields), "count": counted[0]}
    ]
    return counted[0]


def test_erasing_values_needs_a_running_action(theater: Theater) -> None:
    with pytest.raises(LookupError):
        erase_values("productions.production", theater.production.pk, {"title"})


@pytest.mark.parametrize("address", [HISTORY, STATE])
def test_histories_of_unknown_objects_are_refused(address: str, theater: Theater) -> None:
    browser, at = world.client(theater.director), {"at": timezone.now().isoformat()} if address == STATE else {}
    for kind in ("accounts.auditentry", "nothing.such", "productions.Production", "x"):
        answer = browser.get(address, {"object_type": kind, "object_id": "1", **at})
        assert answer.status_code == 400
        assert b"unknown_object_type" in answer.content
    assert browser.get(address, {"object_id": "1", **at}).status_code == 400
    assert browser.get(address, {**of(theater.production), **at, "colour": "red"}).status_code == 400
    assert (
        browser.get(address, {"object_type": "productions.production", "object_id": "99999999", **at}).status_code
        == 404
    )
    assert world.client(theater.stranger).get(address, {**of(theater.production), **at}).status_code == 404
    assert Client().get(address, {**of(theater.production), **at}).status_code == 401


# --- Files --------------------------------------------------------------------------------------------------


def lines(browser: Client, kind: str, **asked: Any) -> list[dict[str, Any]]:
    answer = browser.get(f"{AUDIT}export/{kind}/", asked)
    assert answer.status_code == 200
    assert answer.streaming
    text = b"".join(answer.streaming_content).decode()
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    return [json.loads(line) for line in text.splitlines()]


def test_both_export_files_contain_what_the_list_contains(theater: Theater) -> None:
    browser = world.client(theater.director)
    entry = change(theater.production, theater.director, genre="x")
    listed = ids(browser, page_size=200)
    for kind in ("csv", "jsonl"):
        told = lines(browser, kind)
        assert list(dict.fromkeys(line["entry"] for line in told)) == listed
        (line,) = [line for line in told if line["entry"] == str(entry.pk)]
        assert (line["object_type"], line["operation"]) == ("productions.production", "changed")
        assert line["fields"] in ("genre", ["genre"])
        assert datetime.fromisoformat(line["at"]) == entry.at
        assert [line["entry"] for line in lines(browser, kind, action="production.update")] == [str(entry.pk)]


def test_an_export_file_contains_more_than_one_page(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.audit.selectors.searching._CHUNK", 2)
    for n in range(5):
        change(theater.production, theater.director, genre=f"{n}")
    browser = world.client(theater.director)
    told = lines(browser, "csv", action="production.update")
    assert [line["entry"] for line in told] == ids(browser, action="production.update")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_no_exported_cell_is_a_formula(text: str) -> None:
    assert escape_formula(text) == f"'{text}"
    assert escape_formula(f"a{text}") == f"a{text}"


def test_a_request_id_that_looks_like_a_formula_is_escaped(theater: Theater) -> None:
    AuditEntry(
        pk=AuditEntry.objects.order_by("-id").first().pk.__class__(int=(1 << 127) + 5), action="x.y", actor_kind="user",
        actor_label="x", request_id="=HYPERLINK(1)", at=timezone.now(), note={},
    ).save(force_insert=True)  # fmt: skip
    (line,) = lines(world.client(theater.director), "csv", action="x.y")
    assert line["request_id"] == "'=HYPERLINK(1)"


# --- Retention ----------------------------------------------------------------------------------------------


def test_values_expire_only_below_the_given_section(theater: Theater, other: Production) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=200)):
        old, elsewhere = (
            change(theater.production, theater.director, genre="x"),
            change(other, theater.director, genre="x"),
        )
    fresh = change(theater.production, theater.director, genre="y")
    body = {"section": theater.season.section_id, "before": (timezone.now() - timedelta(days=100)).isoformat()}
    answer = world.post(world.client(theater.director), f"{AUDIT}expire-values/", body)
    assert answer.status_code == 200, answer.content
    assert answer.json()["count"] >= 1
    left = {entry: AuditValue.objects.filter(change__entry=entry).count() for entry in (old, elsewhere, fresh)}
    assert left == {old: 0, elsewhere: 1, fresh: 1}
    assert old.changes.count() == 1
    note = AuditEntry.objects.get(action="audit.expire_values").note["values_expired"]
    assert (note["section"], note["count"]) == (theater.season.section_id, answer.json()["count"])
    assert verify(patience=timedelta(days=300)).broken is None


def test_recent_values_cannot_be_expired(theater: Theater) -> None:
    change(theater.production, theater.director, genre="x")
    before = AuditValue.objects.count()
    with pytest.raises(Invalid) as refused:
        expire_values(actor=theater.acting(), section=theater.root, before=timezone.now() - timedelta(days=89))
    assert refused.value.code == "too_recent"
    assert AuditValue.objects.count() == before


def test_expiring_values_needs_both_permissions(theater: Theater, other: Production, auditor: User) -> None:
    with pytest.raises(NotAllowed):
        expire_values(actor=world.acting(auditor), section=other.section, before=timezone.now() - timedelta(days=100))
    assert expire_values(actor=System("test"), section=theater.root, before=timezone.now() - timedelta(days=100)) == 0


# --- Checkpoints --------------------------------------------------------------------------------------------


def test_checkpoints_are_visible_only_to_readers_of_the_whole_log(
    theater: Theater, auditor: User, tmp_path: Any
) -> None:
    sign_checkpoint()
    (told,) = read(world.client(theater.director), f"{AUDIT}checkpoints/")["results"]
    assert read(world.client(theater.director), f"{AUDIT}checkpoints/1/") == told
    assert told["checkpoint"]["hash"] == AuditCheckpoint.objects.get().hash
    assert verify(patience=timedelta(minutes=10), kept=told).broken is None
    assert world.client(auditor).get(f"{AUDIT}checkpoints/").status_code == 403
    assert Client().get(f"{AUDIT}checkpoints/").status_code == 401
