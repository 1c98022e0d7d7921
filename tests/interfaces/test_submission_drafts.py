"""Writing a submission: drafts with their limits and refusals, sharing, and what submitting tells."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.utils import timezone

from accounts.approvals.rules.submission_items import LONGEST_TEXT
from accounts.approvals.services.set_times import run_due
from accounts.approvals.services.submissions import draft_submission, save_submission, submit_submission, submitting
from accounts.approvals.services.submissions.granting import Outcome
from accounts.approvals.services.submissions.naming import title_of
from accounts.models import AuditChange, AuditEntry, AuditValue, Notification, Submission, User, Waiting
from directory.models import Person
from productions.models import Production
from productions.services.brand import create_brand_kit
from tests import world
from tests.laws.scenes import Theater, changed, state
from tests.scenarios.test_submissions import at, coordinator, done, fields_at_fault, read, refused
from tests.worlds import directory
from tests.worlds.media_library import staged
from theater_site.core import actions
from theater_site.core.actors import System
from theater_site.core.encryption import decrypt
from theater_site.core.errors import Conflict, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def writer(theater: Theater) -> User:
    return coordinator(theater)


def update(production: Production, **changes: Any) -> dict[str, Any]:
    return {"action": "production.update", "inputs": {"production": production.pk, "changes": changes}}


def draft(who: User, *items: dict[str, Any], **fields: Any) -> Any:
    return done(world.post(world.client(who), "/api/v1/submissions/", {"items": list(items), **fields}), 201)


def save(who: User, submission: Any, **changes: Any) -> Any:
    version = read(world.client(who), at(submission))["version"]
    return world.patch(world.client(who), at(submission), changes, version)


def submit(who: User, submission: Any, **body: Any) -> Any:
    return world.post(world.client(who), at(submission, "submit"), body)


# --- What may be drafted --------------------------------------------------------------------------------------


def test_a_draft_keeps_invalid_inputs(theater: Theater, writer: User) -> None:
    odd = [
        {"action": "production.update", "inputs": {}},
        {"action": "production.update", "inputs": {"production": "the second one", "changes": [], "what": {"a": [1.5, None]}}},
        {"action": "production.update", "inputs": {"production": {"$result": "nothing"}}, "name": "1st", "if_version": 7},
        {"action": "production.create", "inputs": {"season": True, "fields": {"title": "", "strands": "none"}}},
    ]  # fmt: skip
    made = draft(writer, *odd, run_at="2030-01-01T12:00:00Z")
    assert [item["inputs"] for item in made["items"]] == [item["inputs"] for item in odd]
    assert (made["title"], made["area"], made["run_at"]) == ("", "", "2030-01-01T12:00:00Z")
    empty = draft(writer)
    assert empty["items"] == []
    refused(submit(writer, empty), 400, "required")
    problem = refused(submit(writer, made), 400, "bad_name")
    assert fields_at_fault(problem) == {
        "items.2.name": "bad_name",
        "items.2.inputs.production": "unknown_result",
    }


def test_submitting_reports_all_problems_findings_and_hints_at_once(theater: Theater, writer: User) -> None:
    from productions.services.brand import create_brand_kit

    create_brand_kit(actor=theater.acting(), section=theater.root, fields={"forbidden_words": ["world-class"]})
    items = [
        update(theater.production, synopsis="A world-class night."),
        update(theater.production, running_minutes="long", opens_on="2026-13-45", titel="x"),
        {"action": "production.create", "name": "new", "inputs": {"season": 987_654, "fields": {"title": "x"}, "more": 1}},
        {"action": "production.publish", "inputs": {"production": {"$result": "new"}}},
        {"action": "production.update", "inputs": {"production": theater.production.pk, "changes": "none"}},
        {"action": "production.publish", "inputs": {"production": theater.production.pk}},
    ]  # fmt: skip
    made = draft(writer, *items)
    before = state()
    problem = refused(submit(writer, made), 400, "submission_incomplete")
    assert changed(before) == []
    told = fields_at_fault(problem)
    finding = told.pop("items.0.inputs.changes.synopsis")
    assert told == {
        "items.1.inputs.changes.running_minutes": "not_a_int",
        "items.1.inputs.changes.titel": "unknown_field",
        "items.1.inputs.changes.opens_on": "bad_date",
        "items.2.inputs.more": "unknown_field",
        "items.2.inputs.season": "reference_gone",
        "items.3.inputs.production": "result_missing",
        "items.4.inputs.changes": "not_an_object",
        "items.5": "already_published",
    }
    (found,) = problem["data"]["findings"]
    assert (found["rule"], found["path"]) == (finding, "items.0.inputs.changes.synopsis")
    assert found["hint"]


def test_a_violated_rule_alone_is_reported_with_its_own_code(theater: Theater, writer: User) -> None:
    from productions.services.brand import create_brand_kit

    create_brand_kit(actor=theater.acting(), section=theater.root, fields={"forbidden_words": ["world-class"]})
    made = draft(writer, update(theater.production, synopsis="A world-class night."))
    problem = refused(submit(writer, made), 400, "rules_broken")
    assert list(fields_at_fault(problem)) == ["items.0.inputs.changes.synopsis"]


def test_a_reference_to_a_result_must_have_its_type(theater: Theater, writer: User) -> None:
    made = draft(
        writer,
        {
            "action": "production.create",
            "name": "new",
            "inputs": {"season": theater.season.pk, "fields": {"title": "x"}},
        },
        {"action": "season.update", "inputs": {"season": {"$result": "new"}, "changes": {}}},
    )
    problem = refused(submit(writer, made), 400, "submission_incomplete")
    assert fields_at_fault(problem) == {"items.1.inputs.season": "wrong_result"}


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [("b", "a", "circular_reference"), ("b", None, "forward_reference"), ("a", None, "circular_reference")],
)
def test_circular_and_forward_references_are_refused(
    theater: Theater, writer: User, first: str, second: str | None, code: str
) -> None:
    target = theater.production.pk if second is None else {"$result": second}
    made = draft(
        writer,
        {"action": "production.update", "name": "a", "inputs": {"production": {"$result": first}, "changes": {}}},
        {"action": "production.update", "name": "b", "inputs": {"production": target, "changes": {}}},
    )
    problem = refused(submit(writer, made), 400, code)
    assert "items.0.inputs.production" in fields_at_fault(problem)


def test_actions_that_cannot_be_submitted_cannot_be_drafted(theater: Theater, writer: User) -> None:
    browser = world.client(writer)

    def post(action: str, **inputs: Any) -> Any:
        return world.post(browser, "/api/v1/submissions/", {"items": [{"action": action, "inputs": inputs}]})

    before = state()
    assert fields_at_fault(refused(post("production.fly"), 400, "unknown_action")) == {
        "items.0.action": "unknown_action"
    }
    # Of those who are concerned, not of those who hold a permission.
    refused(post("person.describe_self"), 400, "not_submittable")
    refused(post("submission.approve", submission=1), 400, "not_submittable")
    refused(post("file.discard"), 400, "not_submittable")
    # Not submittable, and not theirs to do: here, or wherever it may turn out to be.
    refused(post("production.delete", production=theater.production.pk), 403, "not_allowed")
    refused(post("production.delete"), 403, "not_allowed")
    # Submittable, but not by them.
    refused(post("venue.create", section=theater.root.pk), 403, "not_allowed")
    refused(post("venue.create"), 403, "not_allowed")
    # What they may not see does not exist for them.
    elsewhere = world.give("marketing_coordinator", theater.season.section, by=theater.director)
    assert changed(before) != []
    other = world.production(world.season(theater.root, by=theater.director), by=theater.director)
    made = draft(elsewhere, update(other, title="x"))
    assert fields_at_fault(refused(submit(elsewhere, made), 400, "submission_incomplete")) == {
        "items.0.inputs.production": "reference_gone"
    }
    with pytest.raises(NotAllowed):
        draft_submission(actor=System("test"), fields={})


def test_the_permission_is_checked_again_when_submitting(theater: Theater, writer: User) -> None:
    made = draft(writer, update(theater.production, title="x"))
    from accounts.models import RoleAssignment
    from accounts.permissions.services.roles import end_role

    end_role(actor=theater.acting(), assignment=RoleAssignment.objects.get(user=writer), reason="over")
    # What is published they still see, and may no longer submit to change.
    refused(submit(writer, made), 403, "not_allowed")


def test_people_submit_changes_of_their_own_record_without_a_permission(theater: Theater) -> None:
    ada = world.user("Ada")
    person = directory.person(by=theater.director, user=ada, name="Ada", bio="")
    other = directory.person(by=theater.director, name="Bea", published=True)
    mine = {"action": "person.update", "inputs": {"person": person.pk, "changes": {"bio": "Ada."}}}
    waits = done(submit(ada, draft(ada, mine)))
    assert (waits["state"], waits["area"]) == ("submitted", "directory")
    browser = world.client(ada)
    for changes, whom in (({"name": "Eve"}, person), ({"bio": "x"}, other)):
        item = {"action": "person.update", "inputs": {"person": whom.pk, "changes": changes}}
        refused(world.post(browser, "/api/v1/submissions/", {"items": [item]}), 403, "not_allowed")
    # Half-written is fine.
    draft(ada, {"action": "person.update", "inputs": {"person": person.pk, "changes": "later"}})


# --- Limits ---------------------------------------------------------------------------------------------------


def test_a_megabyte_of_text_is_refused_by_the_field(theater: Theater, writer: User) -> None:
    browser = world.client(writer)
    for text in ("x" * 1_000_000, "é" * (LONGEST_TEXT + 1)):
        answer = world.post(browser, "/api/v1/submissions/", {"items": [update(theater.production, synopsis=text)]})
        problem = refused(answer, 400, "text_too_long")
        assert list(fields_at_fault(problem)) == ["items.0.inputs.changes.synopsis"]
    kept = draft(writer, update(theater.production, synopsis="x" * LONGEST_TEXT))
    problem = refused(submit(writer, kept), 400, "submission_incomplete")
    assert fields_at_fault(problem) == {"items.0.inputs.changes.synopsis": "max_length"}
    assert not Submission.objects.exclude(pk=kept["id"]).exists()


def test_unusual_text_and_json_are_refused_or_stored_without_errors(theater: Theater, writer: User) -> None:
    browser = world.client(writer)
    nul = world.post(browser, "/api/v1/submissions/", {"items": [update(theater.production, synopsis="a\x00b")]})
    refused(nul, 400, "null_character")
    deep: Any = "x"
    for _ in range(60):
        deep = [deep]
    refused(
        world.post(browser, "/api/v1/submissions/", {"items": [update(theater.production, strands=deep)]}),
        400,
        "too_deep",
    )
    for bad in ({"items": [{"inputs": {}}]}, {"items": [{"action": "x.y"}]}, {"items": "x"}, {"titel": "x"}, [],
                {"title": "x" * 301}, {"run_at": "tomorrow"}):  # fmt: skip
        assert world.post(browser, "/api/v1/submissions/", bad).status_code == 400, bad
    raw = browser.post(
        "/api/v1/submissions/",
        b'{"items": [{"action": "production.update", "inputs": {"a": ' + b"[" * 2000 + b"]" * 2000 + b"}}]}",
        content_type="application/json",
    )
    assert raw.status_code == 400
    title = draft(writer, title="Two\r\nlines: \n of it")["title"]
    assert title == "Two lines: of it"


# --- Saving again and again -------------------------------------------------------------------------------------


def _told() -> list[str]:
    return list(
        AuditEntry.objects.filter(action__startswith="submission.")
        .order_by("at", "id")
        .values_list("action", flat=True)
    )


def test_consecutive_saves_are_one_audit_entry_without_texts(theater: Theater, writer: User) -> None:
    made = draft(writer, update(theater.production, synopsis="First"))
    for n in range(5):
        assert save(writer, made, items=[update(theater.production, synopsis=f"Again {n}")]).status_code == 200
    assert _told() == ["submission.draft", "submission.save"]
    saved = AuditChange.objects.get(entry__action="submission.save")
    assert saved.fields == ["items"]
    assert not hasattr(saved, "value")
    other = world.user("Other")
    done(world.post(world.client(writer), at(made, "share"), {"user": other.pk}))
    assert save(other, made, title="Ours").status_code == 200
    assert save(writer, made, title="Mine").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert save(writer, made, title="Mine, later").status_code == 200
    assert _told()[2:] == ["submission.share", "submission.save", "submission.save", "submission.save"]
    # What is submitted is in the log in full, encrypted.
    done(submit(writer, made))
    submitted = AuditChange.objects.get(entry__action="submission.submit", object_type="accounts.submission")
    assert "items" in submitted.fields
    assert "Again 4" not in submitted.value.values
    from theater_site.core.encryption import decrypt

    assert "Again 4" in decrypt(submitted.value.personal)


def test_an_invited_author_may_write_and_then_not_approve(theater: Theater, writer: User) -> None:
    other = theater.other_director
    made = draft(writer, update(theater.production, title="Ours"))
    assert world.client(other).get(at(made)).status_code == 404
    refused(world.post(world.client(writer), at(made, "share"), {"user": writer.pk}), 400, "submission_author_once")
    shared = done(world.post(world.client(writer), at(made, "share"), {"user": other.pk}))
    assert shared["shared_with"] == [other.pk]
    refused(world.post(world.client(writer), at(made, "share"), {"user": other.pk}), 409, "submission_author_once")
    assert read(world.client(other), at(made))["title"] == ""
    done(submit(writer, made))
    # Merely asked in they may decide: to be asked keeps nobody from it.
    assert done(save(other, made, title="Theirs too"))["round"] == 2
    refused(
        world.post(world.client(other), at(made, "approve"), {"comment": "", "digest": world.seen(made)}),
        403,
        "own_submission",
    )
    told = list(Notification.objects.filter(kind="submission_arrived").values_list("recipient_id", flat=True))
    assert (told.count(theater.director.pk), told.count(other.pk)) == (1, 1), (
        "of the second round only the director, instead of the first"
    )
    # Written but not begun by them: it is not theirs to withdraw.
    refused(world.post(world.client(other), at(made, "withdraw")), 403, "not_author")
    assert (
        done(
            world.post(world.client(theater.director), at(made, "approve"), {"comment": "", "digest": world.seen(made)})
        )["state"]
        == "applied"
    )


def test_only_authors_may_save_submit_and_share(theater: Theater, writer: User) -> None:
    made = draft(writer, update(theater.production, title="Mine"))
    done(submit(writer, made))
    decides = world.client(theater.director)
    version = read(decides, at(made))["version"]
    refused(world.patch(decides, at(made), {"title": "x"}, version), 403, "not_author")
    refused(world.post(decides, at(made, "submit")), 403, "not_author")
    refused(world.post(decides, at(made, "share"), {"user": theater.director.pk}), 403, "not_author")
    refused(world.post(decides, at(made, "rebase")), 403, "not_author")


# --- Submitting -------------------------------------------------------------------------------------------------


def test_a_submission_that_its_author_may_apply_is_applied_at_once(theater: Theater) -> None:
    made = draft(
        theater.director,
        update(theater.production, genre="farce"),
        {"action": "production.delete", "inputs": {"production": theater.draft.pk}},
    )
    applied = done(submit(theater.director, made))
    assert (applied["state"], applied["round"], applied["decided_by"]) == ("applied", 1, theater.director.pk)
    assert Production.objects.get(pk=theater.production.pk).genre == "farce"
    assert not Production.objects.filter(pk=theater.draft.pk).exists()
    assert not Notification.objects.filter(kind__startswith="submission").exists()
    assert (
        applied["title"]
        == f"Production: update “{theater.production.title}”, Production: delete “{theater.draft.title}”"
    )


def test_a_scheduled_submission_that_its_author_may_apply_waits_for_its_time(theater: Theater) -> None:
    later = timezone.now() + timedelta(days=1)
    made = draft(theater.director, update(theater.production, genre="farce"), run_at=later.isoformat())
    waits = done(submit(theater.director, made))
    assert (waits["state"], waits["decided_by"]) == ("approved", theater.director.pk)
    assert Production.objects.get(pk=theater.production.pk).genre == ""
    with time_machine.travel(later + timedelta(minutes=1)):
        past = draft(theater.director, update(theater.production, genre="farce"), run_at=later.isoformat())
        assert done(submit(theater.director, past))["state"] == "applied"


def test_a_submission_is_decided_in_the_section_of_its_first_item_that_needs_approval(theater: Theater) -> None:
    """Somebody who may edit the cast and only submit details: the credit is theirs to give, the production not."""
    from accounts.models import Role

    Role(section=theater.root, name="mixed", title="Mixed", permissions=["view_details", "submit_details", "edit_cast",
                                                                  "view_directory", "view_cast"]).save()  # fmt: skip
    mixed = world.give("mixed", theater.root, by=theater.director)
    ann = directory.person(by=theater.director, name="Ann", published=True)
    credit = {"production": theater.production.pk, "person": ann.pk, "fields": {"kind": "cast", "role": "Nina"}}
    made = draft(mixed, {"action": "credit.add", "inputs": credit}, update(theater.production, genre="farce"))
    assert made["area"] == "cast"
    waits = done(submit(mixed, made))
    assert (waits["area"], waits["section"]) == ("details", theater.production.section_id)
    # The approver of details need not be one of cast, as long as its author may give the credit themselves.
    Role(
        section=theater.root, name="approver", title="Approver", permissions=["view_details", "approve_details"]
    ).save()
    approver = world.give("approver", theater.root, by=theater.director)
    assert (
        done(world.post(world.client(approver), at(made, "approve"), {"comment": "", "digest": world.seen(made)}))[
            "state"
        ]
        == "applied"
    )


def test_a_credit_in_a_new_production_is_decided_in_the_section_of_its_parent(theater: Theater) -> None:
    from accounts.models import Role

    Role(section=theater.root, name="mixed", title="Mixed", permissions=["view_details", "edit_details", "submit_cast",
                                                                  "view_directory"]).save()  # fmt: skip
    mixed = world.give("mixed", theater.root, by=theater.director)
    ann = directory.person(by=theater.director, name="Ann", published=True)
    fields = {"kind": "cast", "role": "Nina"}
    made = draft(
        mixed,
        {
            "action": "production.create",
            "name": "new",
            "inputs": {"season": theater.season.pk, "fields": {"title": "New"}},
        },
        {"action": "credit.add", "inputs": {"production": {"$result": "new"}, "person": ann.pk, "fields": fields}},
    )
    waits = done(submit(mixed, made))
    assert (waits["area"], waits["section"]) == ("cast", theater.season.section_id)
    assert (
        done(
            world.post(world.client(theater.director), at(made, "approve"), {"comment": "", "digest": world.seen(made)})
        )["state"]
        == "applied"
    )
    assert Production.objects.filter(title="New").exists()


def test_submitting_checks_the_version_that_the_author_saw(theater: Theater, writer: User) -> None:
    item = {**update(theater.production, genre="farce"), "if_version": theater.production.version}
    made = draft(writer, item)
    actions.registered()["production.update"](
        actor=theater.acting(), production=theater.production, changes={"company": "Meanwhile"}
    )
    problem = refused(submit(writer, made), 412, "stale")
    assert fields_at_fault(problem) == {"items.0": "stale"}
    assert problem["data"]["changed"] == ["company"]


def test_editing_a_submitted_draft_starts_a_complete_new_round(theater: Theater, writer: User) -> None:
    made = draft(writer, update(theater.production, title="One"))
    done(submit(writer, made))
    first, before = world.seen(made), state()
    problem = refused(save(writer, made, items=[update(theater.production, title="")]), 400, "submission_incomplete")
    assert fields_at_fault(problem) == {"items.0.inputs.changes.title": "required"}
    assert changed(before) == []
    second = done(save(writer, made, items=[update(theater.production, title="Two")]))
    assert (second["state"], second["round"]) == ("submitted", 2)
    assert world.seen(made) != first
    outdated = world.post(world.client(theater.director), at(made, "approve"), {"comment": "", "digest": first})
    problem = refused(outdated, 409, "digest_outdated")
    assert problem["data"] == {"round": 2}
    done(world.post(world.client(theater.director), at(made, "approve"), {"digest": world.seen(made)}))
    assert Production.objects.get(pk=theater.production.pk).title == "Two"


def test_an_approval_names_the_digest_and_the_scheduled_time(theater: Theater, writer: User) -> None:
    made = draft(writer, update(theater.production, title="One"))
    done(submit(writer, made))
    first = world.seen(made)
    decides, path = world.client(theater.director), at(made, "approve")
    problem = refused(world.post(decides, path, {"comment": ""}), 400, "invalid")
    assert fields_at_fault(problem) == {"digest": "required"}
    assert "digest" not in done(save(writer, made, run_at=(timezone.now() + timedelta(days=1)).isoformat()))
    later = world.seen(made)
    done(save(writer, made, title="Nothing to see here"))
    titled = world.seen(made)
    assert len({first, later, titled}) == 3
    for outdated in (first, later):
        refused(world.post(decides, path, {"comment": "", "digest": outdated}), 409, "digest_outdated")
    told = read(decides, at(made, "difference"))
    assert (told["digest"], told["current"]) == (titled, True)
    assert done(world.post(decides, path, {"comment": "", "digest": told["digest"]}))["state"] == "approved"


def test_the_audit_log_shows_drafts_to_nobody(theater: Theater, writer: User) -> None:
    made = draft(writer, update(theater.production, title="A secret plan"), title="A secret title")
    done(save(writer, made, title="Another secret title"))
    query = {"object_type": "accounts.submission", "object_id": made["id"]}
    director = world.client(theater.director)
    entries = read(director, f"/api/v1/audit/history/?{urlencode(query)}")["results"]
    told = [(one["action"], sorted({field["known"] for field in one["differences"]})) for one in entries]
    assert {action for action, _ in told} == {"submission.draft", "submission.save"}
    assert "shown" not in {known for _, how in told for known in how}
    assert not AuditValue.objects.filter(change__object_type="accounts.submission").exists()
    done(submit(writer, made))
    values = AuditValue.objects.get(change__object_type="accounts.submission")
    assert "secret" not in json.dumps(values.values)
    assert "A secret plan" in (kept := decrypt(values.personal)), "what is decided on is kept, encrypted"
    assert "Another secret title" in kept


def test_an_untitled_submission_is_named_after_its_actions(theater: Theater, writer: User) -> None:
    publish = {"action": "production.publish", "inputs": {"production": theater.draft.pk}}
    renamed = update(theater.production, title="Otherwise")
    new = {"season": theater.season.pk, "fields": {"title": "  Ghosts "}}
    title = theater.production.title
    for items, called in (
        ([renamed], f"Production: update “{title}”"),
        ([publish, renamed], f"Production: publish “{theater.draft.title}”, Production: update “{title}”"),
        ([update(theater.production, genre="a"), update(theater.production, genre="b")], f"Production: update “{title}”"),
        ([{"action": "production.create", "inputs": new}], "Production: create “Ghosts”"),
        ([{"action": "slot.add", "inputs": {"season": theater.season.pk, "fields": {"idea": "a musical"}}}],
         f"Slot: add “{theater.season.name}”"),
    ):  # fmt: skip
        assert done(submit(writer, draft(writer, *items)))["title"] == called
    by_patch = world.patch(
        world.client(writer),
        f"/api/v1/productions/{theater.production.pk}/",
        {"title": "x"},
        theater.production.version,
    )
    assert Submission.objects.get(pk=by_patch.json()["id"]).title == f"Production: update “{title}”"
    letter = Notification.objects.filter(kind="submission_arrived").latest("pk")
    assert f"Production: update “{title}”" in letter.subject


def test_the_name_of_a_submission_contains_no_personal_data() -> None:
    publish, create = actions.registered()["person.publish"], actions.registered()["person.create"]
    person = Person(name="Ann", email="ann@theater.example")
    assert title_of(publish, {"person": person}) == "Person: publish “Ann”"
    assert title_of(create, {"section": None, "fields": {"name": "Ann"}}) == "Person: create"
    person.name = "ann@theater.example"
    assert title_of(publish, {"person": person}) == "Person: publish"


def test_an_own_scheduled_submission_is_judged_at_once_and_keeps_its_waivers(theater: Theater) -> None:
    create_brand_kit(
        actor=theater.acting(), section=theater.root,
        fields={"required_fields": ["synopsis"], "only_warn": ["field_missing"]},
    )  # fmt: skip
    boss, at_last = theater.director, timezone.now() + timedelta(days=1)
    item = {"action": "production.publish", "inputs": {"production": theater.draft.pk}}
    made = draft(boss, item, run_at=at_last.isoformat())
    warned = refused(submit(boss, made), 409, "waiver_required")
    rule = warned["data"]["findings"][0]["rule"]
    assert read(world.client(boss), at(made))["state"] == "draft"
    for _ in range(2):
        reasons = {"waive": {rule: "It comes tomorrow."}}
        assert done(world.post(world.client(boss), at(made, "submit"), reasons))["state"] == "approved"
        assert Waiting.objects.get(submission=made["id"]).waived == {rule: "It comes tomorrow."}
        done(world.post(world.client(theater.other_director), at(made, "request-changes"), {"comment": "Later."}))
    done(world.post(world.client(boss), at(made, "submit"), {"waive": {rule: "It comes tomorrow."}}))
    with time_machine.travel(at_last + timedelta(minutes=1)):
        assert run_due() == (1, 0)
    assert Production.objects.get(pk=theater.draft.pk).published_at is not None


def test_an_own_submission_whose_result_differs_from_its_preview_is_refused(
    theater: Theater, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submitting, "grant", lambda *_, **__: Outcome("go_stale", Conflict("Moved.", code="moved")))
    boss, later = theater.director, timezone.now() + timedelta(days=1)
    item = {"action": "production.publish", "inputs": {"production": theater.draft.pk}}
    made = draft(boss, item, run_at=later.isoformat())
    refused(submit(boss, made), 409, "moved")
    assert read(world.client(boss), at(made))["state"] == "draft"


def test_the_picture_of_a_draft_is_not_deleted(theater: Theater) -> None:
    from media_library.models import StagedFile
    from media_library.services.files import sweep

    editor = world.give("media_editor", theater.root, by=theater.director)
    needed, forgotten = staged(by=editor), staged(by=editor)
    inputs = {"section": theater.root.pk, "file": needed.pk, "fields": {"title": "A picture"}}
    made = draft(
        editor, {"action": "asset.create", "inputs": inputs}, {"action": "asset.create", "inputs": {"file": "x"}}
    )
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert sweep() == 1
        assert list(StagedFile.objects.values_list("pk", flat=True)) == [needed.pk]
        done(world.post(world.client(editor), at(made, "withdraw")))
        assert sweep() == 1
    assert forgotten.pk != needed.pk


def test_services_accept_drafts_too(theater: Theater, writer: User) -> None:
    actor = world.acting(writer)
    made = draft_submission(actor=actor, fields={"items": [update(theater.production, genre="farce")]})
    made = save_submission(actor=actor, submission=made, changes={"title": "By hand"})
    made = submit_submission(actor=actor, submission=made)
    assert (made.state, made.title) == ("submitted", "By hand")
