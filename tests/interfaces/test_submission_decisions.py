"""Deciding on submissions: what was seen is done, or nothing; what cannot be done any more is told as what it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.approvals.services.set_times import run_due
from accounts.approvals.services.submissions import approve_submission, comment_submission, reject_submission
from accounts.approvals.services.submissions.items import Item, path_of
from accounts.models import AuditEntry, Role, Submission, User
from directory.models import Person
from productions.models import Production
from tests import world
from tests.interfaces.test_submission_drafts import draft, save, submit, update
from tests.laws.scenes import Theater, changed, state
from tests.scenarios.test_submissions import at, coordinator, done, fields_at_fault, read, refused
from tests.worlds import directory
from tests.worlds.media_library import asset, staged
from theater_site.core import actions
from theater_site.core.actions import registered
from theater_site.core.actors import System
from theater_site.core.errors import NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def writer(theater: Theater) -> User:
    return coordinator(theater)


def waiting(who: User, *items: dict[str, Any], **fields: Any) -> Any:
    return done(submit(who, draft(who, *items, **fields)))


def decide(who: User, submission: Any, verb: str = "approve", **body: Any) -> Any:
    told = {"digest": world.seen(submission)} if verb == "approve" else {}
    return world.post(world.client(who), at(submission, verb), {"comment": "", **told, **body})


def seen_by(who: User, submission: Any) -> Any:
    return read(world.client(who), at(submission))


# --- Changes are asked for --------------------------------------------------------------------------------------


def test_requested_changes_keep_their_comments_through_the_rounds(theater: Theater, writer: User) -> None:
    made = waiting(writer, update(theater.production, title="One", genre="farce"))
    path = "items.0.inputs.changes.title"
    refused(decide(theater.director, made, "request-changes"), 400, "required")
    wrong = decide(theater.director, made, "request-changes", fields=[{"field": "items.3.inputs", "text": "x"}])
    assert fields_at_fault(refused(wrong, 400, "unknown_field")) == {"fields.0.field": "unknown_field"}
    for bad in ("items.x", "items.0.inputs.changes.title.deeper", "nothing"):
        refused(
            world.post(world.client(writer), at(made, "comment"), {"text": "?", "field": bad}), 400, "unknown_field"
        )
    asked = decide(
        theater.director, made, "request-changes", comment="Nearly.", fields=[{"field": path, "text": "Shorter."}]
    )
    assert done(asked)["state"] == "changes_requested"
    # It is not decided on meanwhile, but can be rejected.
    refused(decide(theater.director, made), 409, "wrong_state")
    said = done(world.post(world.client(writer), at(made, "comment"), {"text": "Why?", "field": path}))
    assert (said["round"], said["asks"], said["author"]) == (1, False, writer.pk)
    refused(world.post(world.client(writer), at(made, "comment"), {"text": ""}), 400, "required")
    done(save(writer, made, items=[update(theater.production, title="1", genre="farce")]))
    again = done(submit(writer, made))
    assert (again["state"], again["round"]) == ("submitted", 2)
    thread = read(world.client(writer), at(made, "comments"))["results"]
    assert [(c["round"], c["field"], c["text"], c["asks"]) for c in thread] == [
        (1, path, "Why?", False), (1, path, "Shorter.", True), (1, "", "Nearly.", True)
    ]  # fmt: skip
    assert done(decide(theater.director, made))["state"] == "applied"
    # Said afterwards: nothing else changes by it.
    done(world.post(world.client(theater.director), at(made, "comment"), {"text": "Thank you."}))
    refused(decide(theater.director, made, "request-changes"), 409, "already_decided")


def test_strangers_cannot_comment(theater: Theater, writer: User) -> None:
    made = Submission.objects.get(pk=waiting(writer, update(theater.production, title="One"))["id"])
    for actor in (world.acting(theater.stranger), System("test")):
        with pytest.raises(NotAllowed):
            comment_submission(actor=actor, submission=made, text="x", field=None)


# --- What cannot be done any more ---------------------------------------------------------------------------------


def test_a_submission_of_a_removed_action_fails_with_a_code(
    theater: Theater, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = waiting(writer, update(theater.production, title="One"))
    kept = draft(writer, update(theater.production, title="Two"))
    monkeypatch.delitem(actions._registry, "production.update")
    problem = refused(decide(theater.director, made), 409, "action_gone")
    assert fields_at_fault(problem) == {"items.0.action": "action_gone"}
    failed = seen_by(writer, made)
    assert (failed["state"], failed["failure"], failed["decided_by"]) == ("failed", "action_gone", None)
    refused(submit(writer, kept), 409, "action_gone")
    told = read(world.client(theater.director), at(made, "difference"))
    assert (told["objects"], told["problems"][0]["code"], told["current"]) == ([], "action_gone", False)
    refused(decide(theater.director, made), 409, "wrong_state")
    assert done(decide(theater.director, made, "reject", comment="Gone."))["state"] == "rejected"


def test_inputs_of_an_older_signature_fail_with_a_code(
    theater: Theater, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = waiting(writer, update(theater.production, title="One", genre="farce"))
    action = registered()["production.update"]
    from typing import TypedDict

    class Later(TypedDict, total=False):
        title: int

    monkeypatch.setattr(action, "kinds", {"production": Production, "changes": Later, "needed": bool})
    problem = refused(decide(theater.director, made), 409, "inputs_outdated")
    assert fields_at_fault(problem) == {
        "items.0.inputs.changes.genre": "unknown_field",
        "items.0.inputs.changes.title": "not_a_int",
        "items.0.inputs.needed": "required",
    }
    assert set(problem["data"]["fields"]) == set(fields_at_fault(problem))
    assert seen_by(writer, made)["state"] == "failed"


def test_a_deleted_subject_or_reference_fails_with_a_code(theater: Theater, writer: User) -> None:
    first = waiting(writer, update(theater.draft, title="One"))
    caster = theater.proposer("cast")
    ann = directory.person(by=theater.director, name="Ann")
    fields = {"kind": "cast", "role": "Nina"}
    credit = {"production": theater.production.pk, "person": ann.pk, "fields": fields}
    second = waiting(caster, {"action": "credit.add", "inputs": credit})
    registered()["production.delete"](actor=theater.acting(), production=theater.draft)
    registered()["person.delete"](actor=theater.acting(), person=ann)
    for made, path in ((first, "items.0.inputs.production"), (second, "items.0.inputs.person")):
        problem = refused(decide(theater.director, made), 409, "subject_gone")
        assert list(fields_at_fault(problem)) == [path]
        assert seen_by(theater.director, made)["state"] == "failed"
    # An id that is none at all, from a time when anything was kept.
    row = Submission.objects.get(pk=waiting(writer, update(theater.production, title="One"))["id"])
    row.items[0]["inputs"]["production"] = "the first"
    row.save()
    refused(decide(theater.director, {"id": row.pk}), 409, "inputs_outdated")


def test_what_is_done_already_fails_and_can_be_fixed(theater: Theater) -> None:
    publisher = theater.proposer("details")
    item = {"action": "production.publish", "inputs": {"production": theater.draft.pk}}
    made = waiting(publisher, item)
    registered()["production.publish"](actor=theater.acting(), production=theater.draft)
    before = state()
    assert decide(theater.director, made).json()["code"] == "already_published"
    assert all(name.startswith("accounts_") for name in changed(before))
    failed = seen_by(publisher, made)
    assert (failed["state"], failed["failure"]) == ("failed", "already_published")
    done(save(publisher, made, items=[{**item, "action": "production.unpublish"}]))
    again = done(submit(publisher, made))
    assert (again["state"], again["failure"], again["round"]) == ("submitted", "", 2)
    assert done(decide(theater.director, made))["state"] == "applied"


def test_approving_a_stale_submission_writes_one_audit_entry(theater: Theater, writer: User) -> None:
    made = waiting(writer, update(theater.production, title="One"))
    registered()["production.update"](actor=theater.acting(), production=theater.production, changes={"title": "Else"})
    known = set(AuditEntry.objects.values_list("pk", flat=True))
    key = {"Idempotency-Key": "once"}
    browser = world.client(theater.director)
    first = world.post(browser, at(made, "approve"), {"comment": "", "digest": world.seen(made)}, **key)
    assert first["Content-Type"] == "application/problem+json"
    refused(first, 412, "submission_stale")
    # Sent again with its key, it is the same answer.
    assert (
        world.post(browser, at(made, "approve"), {"comment": "", "digest": world.seen(made)}, **key).json()["code"]
        == "submission_stale"
    )
    (entry,) = AuditEntry.objects.exclude(pk__in=known)
    assert entry.action == "submission.approve"
    assert {change.object_type for change in entry.changes.all()} == {"accounts.submission"}


def test_a_warning_at_approval_can_be_waived_by_the_approver(theater: Theater, writer: User) -> None:
    from productions.services.brand import create_brand_kit, update_brand_kit

    kit = create_brand_kit(
        actor=theater.acting(), section=theater.root,
        fields={"forbidden_words": ["world-class"], "only_warn": ["forbidden_word"]},
    )  # fmt: skip
    made = waiting(writer, update(theater.production, synopsis="A world-class night."))
    told = read(world.client(theater.director), at(made, "difference"))
    (finding,) = told["findings"]
    assert (finding["severity"], finding["path"]) == ("warning", "items.0.inputs.changes.synopsis")
    refused(decide(theater.director, made), 409, "waiver_required")
    assert seen_by(writer, made)["state"] == "submitted"
    # Stricter guidelines since: neither is that a failure of the submission.
    update_brand_kit(actor=theater.acting(), kit=kit, changes={"only_warn": []})
    refused(decide(theater.director, made), 400, "rules_broken")
    assert seen_by(writer, made)["state"] == "submitted"
    kit.refresh_from_db()
    update_brand_kit(actor=theater.acting(), kit=kit, changes={"only_warn": ["forbidden_word"]})
    applied = decide(theater.director, made, waive={finding["rule"]: "It is a quotation."})
    assert done(applied)["state"] == "applied"


def test_a_preview_of_an_approval_contains_all_changes(theater: Theater, writer: User) -> None:
    made = waiting(writer, update(theater.production, synopsis="New."))
    answer = done(
        world.post(
            world.client(theater.director),
            at(made, "approve") + "?preview=true",
            {"comment": "", "digest": world.seen(made)},
        )
    )
    assert {change["object_type"] for change in answer["changes"]} == {"accounts.submission", "productions.production"}
    assert seen_by(writer, made)["state"] == "submitted"


# --- Who ----------------------------------------------------------------------------------------------------------


def test_the_approver_needs_the_permission_for_every_item(theater: Theater) -> None:
    author = theater.proposer("details")
    theater.proposer("cast")
    world.give("proposer_of_cast", theater.root, by=theater.director, to=author)
    ann = directory.person(by=theater.director, name="Ann", published=True)
    credit = {"production": theater.production.pk, "person": ann.pk, "fields": {"kind": "cast", "role": "Nina"}}
    made = waiting(author, update(theater.production, genre="farce"), {"action": "credit.add", "inputs": credit})
    Role(section=theater.root, name="half", title="Half", permissions=["view_details", "approve_details"]).save()
    half = world.give("half", theater.root, by=theater.director)
    before = state()
    problem = refused(decide(half, made), 403, "item_not_approvable")
    assert fields_at_fault(problem) == {"items.1": "item_not_approvable"}
    assert problem["data"]["needs"] == ["approve_cast"]
    assert changed(before) == []
    assert done(decide(theater.director, made))["state"] == "applied"


def test_an_item_in_another_section_needs_the_permission_there(theater: Theater, writer: User) -> None:
    other = world.production(world.season(theater.root, by=theater.director), by=theater.director, published=True)
    made = waiting(writer, update(theater.production, genre="farce"), update(other, genre="farce"))
    Role(section=theater.root, name="half", title="Half", permissions=["view_details", "approve_details"]).save()
    here_only = world.give("half", theater.season.section, by=theater.director)
    refused(decide(here_only, made), 403, "item_not_approvable")
    world.give("half", other.section, by=theater.director, to=here_only)
    assert done(decide(here_only, made))["state"] == "applied"


def test_a_refused_decision_names_the_needed_permission(theater: Theater, writer: User, settings: Any) -> None:
    made = Submission.objects.get(pk=waiting(writer, update(theater.production, title="x"))["id"])
    for act, given in ((approve_submission, {"digest": made.token()}), (reject_submission, {})):
        with pytest.raises(NotAllowed) as refusal:
            act(actor=world.acting(theater.stranger), submission=made, comment="x", **given)
        assert refusal.value.data["needs"] == ["approve_details"]
    settings.REQUIRE_SECOND_FACTOR = True
    answer = decide(theater.director, {"id": made.pk})
    assert answer.status_code in (403, 404)


def test_deciding_with_a_sensitive_role_needs_the_second_factor(theater: Theater, writer: User) -> None:
    from accounts.permissions.selectors.permissions import actor_for

    made = Submission.objects.get(pk=waiting(writer, update(theater.production, title="x"))["id"])
    with pytest.raises(NotAllowed) as refusal:
        approve_submission(
            actor=actor_for(theater.director, second_factor=False), submission=made, comment="", digest=made.token()
        )
    assert refusal.value.code == "second_factor_needed"


# --- When ----------------------------------------------------------------------------------------------------------


def test_a_scheduled_submission_is_approved_and_not_applied_yet(theater: Theater, writer: User) -> None:
    later = (timezone.now() + timedelta(days=1)).isoformat()
    made = waiting(writer, update(theater.production, genre="farce"), run_at=later)
    before = state()
    approved = done(decide(theater.director, made))
    assert (approved["state"], approved["decided_by"]) == ("approved", theater.director.pk)
    assert all(name.startswith("accounts_") for name in changed(before))
    (subject,) = set(AuditEntry.objects.filter(action="production.update").values_list("pk", flat=True)) or {None}
    assert subject is None, "what was tried and taken back is in no entry"
    refused(decide(theater.director, made), 409, "already_decided")
    refused(save(writer, made, title="x"), 409, "already_decided")
    # Anybody who agreed may think again.
    assert done(decide(theater.director, made, "request-changes", comment="Wait."))["state"] == "changes_requested"
    # Stale at once, where it is not what was seen.
    done(submit(writer, made))
    registered()["production.update"](actor=theater.acting(), production=theater.production, changes={"genre": "mime"})
    refused(decide(theater.director, made), 412, "submission_stale")


def test_text_written_after_the_approval_is_not_published_at_the_scheduled_time(theater: Theater) -> None:
    at_once = theater.proposer("details")
    item = {"action": "production.publish", "inputs": {"production": theater.draft.pk}}
    made = waiting(at_once, item, run_at=(timezone.now() + timedelta(days=1)).isoformat())
    assert done(decide(theater.director, made))["state"] == "approved"
    registered()["production.update"](actor=theater.acting(), production=theater.draft, changes={"synopsis": "Unseen."})
    Submission.objects.filter(pk=made["id"]).update(run_at=timezone.now())
    assert run_due() == (0, 1)
    assert (seen_by(at_once, made)["state"], seen_by(at_once, made)["failure"]) == ("stale", "submission_stale")
    assert Production.objects.get(pk=theater.draft.pk).published_at is None
    # Brought up to date it waits for somebody to see it as it is now.
    again = done(world.post(world.client(at_once), at(made, "rebase")))
    assert (again["state"], again["round"]) == ("submitted", 2)


# --- The difference ---------------------------------------------------------------------------------------------


def test_the_difference_lists_every_field(theater: Theater) -> None:
    production = world.production(
        theater.season, by=theater.director, published=True, title="Hamlet", authors=["Kyd", "Shakespeare"],
        running_minutes=200, opens_on="2026-09", synopsis="He hesitates.",
    )  # fmt: skip
    author = theater.proposer("details")
    new = {"authors": ["Shakespeare"], "running_minutes": 180, "opens_on": "2026-10-01", "synopsis": "He waits.",
           "company": "The Globe"}  # fmt: skip
    made = waiting(author, update(production, **new))
    registered()["production.update"](actor=theater.acting(), production=production, changes={"running_minutes": 190})
    told = read(world.client(theater.director), at(made, "difference"))
    assert not told["current"], "what is live has moved"
    (shown,) = told["objects"]
    fields = {field["field"]: field for field in shown["fields"]}
    assert (shown["object_type"], shown["name"], shown["operation"]) == ("productions.production", "Hamlet", "changed")
    assert fields["authors"]["removed"] == ["Kyd"]
    assert (fields["running_minutes"]["before"], fields["running_minutes"]["after"]) == (190, 180)
    assert (fields["opens_on"]["kind"], fields["opens_on"]["before"]) == ("date", "2026-09")
    assert [s["text"] for s in fields["synopsis"]["segments"]] == ["He ", "hesitates", "waits", "."]
    assert fields["company"]["segments"] == [{"kind": "insert", "text": "The Globe"}]
    assert "segments" not in fields["running_minutes"]


def test_the_difference_shows_names_of_pictures_and_people(theater: Theater) -> None:
    author = theater.proposer("media")
    picture = asset(theater.production, by=theater.director, published=True)
    person = directory.person(by=theater.director, name="Ann Lee", published=True)
    hidden = directory.person(by=theater.director, name="Not yet known")
    file = staged(by=author)
    made = waiting(
        author,
        {"action": "asset.depict", "inputs": {"asset": picture.pk, "person": person.pk}},
        {"action": "asset.create", "name": "new",
         "inputs": {"section": theater.root.pk, "file": file.pk, "fields": {"title": "A poster"}}},
        {"action": "asset.set_tags", "inputs": {"asset": {"$result": "new"}, "tags": ["poster"]}},
        {"action": "asset.delete", "inputs": {"asset": {"$result": "new"}}},
    )  # fmt: skip
    told = read(world.client(theater.director), at(made, "difference"))
    assert told["problems"] == []
    depiction = next(o for o in told["objects"] if o["object_type"] == "media_library.depiction")
    references = {field["field"]: field["after"] for field in depiction["fields"]}
    assert references["asset"]["url"] == f"/api/v1/assets/{picture.pk}/file/"
    assert references["person"] == {"id": str(person.pk), "name": "Ann Lee", "url": None}
    assert hidden.name not in str(told)
    # What comes and goes within it is not told.
    assert "media_library.asset" not in {o["object_type"] for o in told["objects"]}
    assert done(decide(theater.director, made))["state"] == "applied"


def test_current_personal_values_are_shown_to_those_who_may_view_them(theater: Theater) -> None:
    Role(section=theater.root, name="blind", title="Blind", permissions=["submit_directory"]).save()
    blind = world.give("blind", theater.root, by=theater.director)
    person = directory.person(by=theater.director, name="Ann Lee", published=True)
    registered()["person.update_contact"](actor=theater.acting(), person=person, changes={"phone": "+44 20 7946 0991"})
    item = {"action": "person.update", "inputs": {"person": person.pk, "changes": {"phone": "+44 20 7946 0000"}}}
    made = waiting(blind, item)
    shown = {}
    for who in (blind, theater.director):
        (changed_object,) = read(world.client(who), at(made, "difference"))["objects"]
        (shown[who],) = changed_object["fields"]
    assert (shown[blind]["hidden"], shown[blind]["before"], shown[blind]["after"]) == (True, None, "+44 20 7946 0000")
    assert (shown[theater.director]["hidden"], shown[theater.director]["before"]) == (False, "+44 20 7946 0991")


def test_submitted_personal_values_are_shown_to_readers_of_the_submission(theater: Theater) -> None:
    blind = theater.proposer("directory")
    section = theater.root.pk
    item = {
        "action": "person.create",
        "inputs": {"section": section, "fields": {"name": "New", "phone": "+44 20 7946 0000"}},
    }
    (told,) = read(world.client(blind), at(waiting(blind, item), "difference"))["objects"]
    fields = {field["field"]: field for field in told["fields"]}
    assert (fields["phone"]["hidden"], fields["phone"]["after"]) == (False, "+44 20 7946 0000")
    assert (told["operation"], told["object_id"], told["name"]) == ("created", None, "New")


def test_a_draft_does_not_reveal_hidden_objects(theater: Theater) -> None:
    elsewhere = world.give("marketing_coordinator", theater.production.section, by=theater.director)
    registered()["production.update"](actor=theater.acting(), production=theater.draft, changes={"company": "Secret"})
    made = draft(elsewhere, update(theater.draft, company="Mine"))
    told = read(world.client(elsewhere), at(made, "difference"))
    assert told["objects"] == []
    assert [problem["code"] for problem in told["problems"]] == ["reference_gone"]


def test_an_error_about_a_related_object_is_reported_at_its_item() -> None:
    item = Item(2, registered()["production.update"], {}, "", None)
    assert path_of(item, "title") == "items.2.inputs.changes.title"
    assert path_of(item, "production") == "items.2.inputs.production"
    assert path_of(item, "elsewhere") == path_of(item, None) == "items.2"


def test_the_difference_of_an_incomplete_draft_lists_its_errors(theater: Theater, writer: User) -> None:
    made = draft(writer, update(theater.production, genre="farce", running_minutes="long"))
    told = read(world.client(writer), at(made, "difference"))
    assert [problem["field"] for problem in told["problems"]] == ["items.0.inputs.changes.running_minutes"]
    assert [field["field"] for field in told["objects"][0]["fields"]] == ["genre"]
    assert read(world.client(writer), at(draft(writer), "difference"))["objects"] == []
    circle = draft(writer, {"action": "production.update", "name": "a", "inputs": {"production": {"$result": "a"}}})
    assert read(world.client(writer), at(circle, "difference"))["problems"][0]["code"] == "circular_reference"
    before = state()
    assert world.client().get(at(made, "difference")).status_code == 404
    assert changed(before) == []


def test_the_queries_for_other_submissions_on_an_object_do_not_grow(theater: Theater, writer: User) -> None:
    """Besides the law: with many others on one object, too."""
    for n in range(3):
        waiting(writer, update(theater.production, title=f"Title {n}"))
    browser = world.client(writer)
    with CaptureQueriesContext(connection) as few:
        listed = read(browser, "/api/v1/submissions/")["results"]
    assert [len(row["others"]) for row in listed] == [2, 2, 2]
    for n in range(5):
        waiting(writer, update(theater.production, title=f"More {n}"))
    with CaptureQueriesContext(connection) as many:
        assert [len(row["others"]) for row in read(browser, "/api/v1/submissions/")["results"]] == [7] * 8
    assert len(many) == len(few)


def test_the_difference_shows_a_deletion(theater: Theater) -> None:
    author = theater.proposer("cast")
    ann = directory.person(by=theater.director, name="Ann", published=True)
    credit = directory.credit(theater.production, ann, "Nina", by=theater.director)
    made = waiting(author, {"action": "credit.remove", "inputs": {"credit": credit.pk}})
    (told,) = read(world.client(theater.director), at(made, "difference"))["objects"]
    assert (told["operation"], told["object_id"]) == ("deleted", str(credit.pk))
    assert {field["field"]: field["before"] for field in told["fields"] if field["kind"] == "text"} == {"role": "Nina"}
    assert Person.objects.filter(pk=ann.pk).exists()
