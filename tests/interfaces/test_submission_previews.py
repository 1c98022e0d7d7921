"""Any GET as it would answer once a submission were done, for those who may see the submission; nothing comes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.approvals.services.submissions import draft_submission, request_changes, submit_submission
from accounts.models import Submission, User
from accounts.permissions.rules.permissions import PERMISSIONS
from accounts.permissions.selectors.permissions import actor_for
from productions.models import Production
from tests import world
from tests.laws.scenes import Theater, changed, load_services, state, table
from tests.laws.test_routes import ROUTES, call_of, whole
from tests.worlds import approvals
from theater_site.api.previews import previewed_submission
from theater_site.core import inputs
from theater_site.core.actions import registered
from theater_site.core.errors import DomainError, NotFound

pytestmark = pytest.mark.django_db
load_services()


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def author(theater: Theater) -> User:
    return approvals.author(theater.root, by=theater.director)


def submitted(theater: Theater, by: User, *items: dict[str, Any]) -> Submission:
    draft = draft_submission(actor=world.acting(by), fields={"items": list(items)})
    made: Submission = submit_submission(actor=world.acting(by), submission=draft)
    return made


def new_play(theater: Theater) -> tuple[dict[str, Any], dict[str, Any]]:
    """A production and its publication."""
    made = {"season": theater.season.pk, "fields": {"title": "Only in the preview"}}
    return (
        {"action": "production.create", "name": "play", "inputs": made},
        {"action": "production.publish", "inputs": {"production": {"$result": "play"}}},
    )


def seen(browser: Client, path: str, submission: Any) -> Any:
    return browser.get(path, {"submission": submission})


def test_a_preview_shows_an_object_and_a_list_after_the_submission(theater: Theater, author: User) -> None:
    submission = approvals.submission(theater.production, by=author, title="As it would be")
    path = f"/api/v1/productions/{theater.production.pk}/"
    before = state()
    for who in (author, theater.director):
        browser = world.client(who)
        answer = seen(browser, path, submission.pk)
        assert answer.status_code == 200, answer.content
        assert answer.json()["title"] == "As it would be"
        assert answer["Cache-Control"] == "private, no-store"
        assert "ETag" not in answer
        listed = seen(browser, "/api/v1/productions/", submission.pk).json()["results"]
        assert "As it would be" in [row["title"] for row in listed]
        assert browser.get(path).json()["title"] == theater.production.title
    assert changed(before) == []
    assert mail.outbox == []


def test_only_readers_of_a_submission_can_preview_it(theater: Theater, author: User) -> None:
    submission = approvals.submission(theater.production, by=author)
    path = f"/api/v1/productions/{theater.production.pk}/"
    for browser in (world.client(), world.client(theater.stranger)):
        for asked in (submission.pk, 10**17, "x", "-1", "1" * 19, "", "１"):
            assert seen(browser, path, asked).status_code == 404, asked
    draft = draft_submission(actor=world.acting(author), fields={"items": []})
    assert seen(world.client(theater.director), path, draft.pk).status_code == 404
    with previewed_submission.ask(actor=actor_for(author), submission_id=submission.pk):
        pass
    with pytest.raises(NotFound):
        previewed_submission.default()


def test_objects_created_by_the_submission_exist_in_its_preview_only(theater: Theater, author: User) -> None:
    by = approvals.holder(
        ["submit_details", "view_details"], theater.season.section, by=theater.director, name="Of the season"
    )
    submission = submitted(theater, by, *new_play(theater))
    browser = world.client(by)
    before = state()
    shown = seen(browser, "/api/v1/productions/0/", submission.pk)
    assert shown.status_code == 200, shown.content
    assert shown.json()["title"] == "Only in the preview"
    assert seen(browser, "/api/v1/productions/0/internal/", submission.pk).json()["title"] == "Only in the preview"
    listed = seen(browser, "/api/v1/productions/", submission.pk).json()["results"]
    assert "Only in the preview" in [row["title"] for row in listed]
    assert seen(browser, "/api/v1/seasons/0/", submission.pk).status_code == 404, "it makes no season"
    assert browser.get("/api/v1/productions/0/").status_code == 404
    assert changed(before) == []


def test_next_links_stay_in_the_preview(theater: Theater, author: User) -> None:
    assert theater.draft
    submission = approvals.submission(theater.production, by=author, title="As it would be")
    browser = world.client(theater.director)
    path: str | None = f"/api/v1/productions/?page_size=1&submission={submission.pk}"
    titles = []
    while path:
        page = browser.get(path).json()
        titles += [row["title"] for row in page["results"]]
        path = page["next"]
    assert len(titles) == 2
    assert "As it would be" in titles


def test_only_reads_can_be_previewed(theater: Theater, author: User) -> None:
    submission = approvals.submission(theater.production, by=author)
    browser = world.client(theater.director)
    before = state()
    path = f"/api/v1/productions/{theater.production.pk}/"
    answer = browser.post(f"{path}unpublish/?submission={submission.pk}", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "preview_only_reads")
    assert browser.options(f"{path}?submission={submission.pk}").status_code == 200
    assert browser.head(f"{path}?submission={submission.pk}").status_code == 200
    assert changed(before) == []


def test_a_submission_that_fails_returns_its_error_instead_of_a_preview(theater: Theater, author: User) -> None:
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=author)
    world_path = f"/api/v1/productions/{theater.draft.pk}/internal/"
    browser = world.client(theater.director)
    assert seen(browser, world_path, planned.pk).json()["title"] == "A draft nobody knows"
    Production.objects.filter(pk=theater.draft.pk).update(status="canceled")
    answer = seen(browser, world_path, planned.pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_previewable")
    assert answer.json()["errors"][0]["code"] == "production_canceled"


def test_an_error_in_the_view_rolls_back_the_preview(theater: Theater, author: User) -> None:
    submission = approvals.submission(theater.production, by=author)
    browser = world.client(theater.director)
    before = state()
    assert seen(browser, "/api/v1/productions/999999/", submission.pk).status_code == 404
    assert browser.get(f"/api/v1/productions/?nonsense=1&submission={submission.pk}").status_code == 400
    assert changed(before) == []


def test_a_preview_costs_reading_and_running_the_submission(theater: Theater, author: User) -> None:
    submission = approvals.submission(theater.production, by=author)
    browser = world.client(theater.director)
    path = f"/api/v1/productions/{theater.production.pk}/internal/"

    def cost(ask: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            ask()
        return len([q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN"))])

    from accounts.approvals.services.submissions.items import trying_out
    from accounts.approvals.services.submissions.submitting import readable_items

    def run() -> None:
        rows = lambda kind: kind._base_manager.all()  # noqa: E731
        with trying_out(readable_items(submission.items), theater.acting(), rows):
            pass

    browser.get(path)
    overhead = cost(lambda: seen(browser, path, submission.pk)) - cost(lambda: browser.get(path)) - cost(run)
    print(f"a preview: {overhead} queries beside the page and the submission itself")
    assert overhead <= 3, "the submission, whether they write it, and where they decide"


def test_every_get_can_be_previewed_and_changes_nothing(theater: Theater, author: User) -> None:
    """All routes in one theater: as many theaters would take minutes."""
    routes = [route for route in ROUTES if route.startswith("GET") and route != "GET schema"]
    calls = {route: call_of(route, theater) for route in routes}
    submission = approvals.submission(theater.production, by=author, title="As it would be")
    strangers = [world.client(theater.stranger), world.client()]
    browsers = {route: world.client(call.who or theater.director) for route, call in calls.items()}
    before, wrong = state(), []
    for route, call in calls.items():
        path = reverse(route.split(" ")[1], kwargs=call.kwargs) + call.query
        path += f"{'&' if call.query else '?'}submission={submission.pk}"
        visible = Submission.objects.visible_to(world.acting(call.who or theater.director)).filter(pk=submission.pk)
        answer = whole(browsers[route].get(path))
        if answer.status_code != (call.status if visible.exists() else 404):
            wrong.append((route, answer.status_code, answer.told[:300]))
        elif answer.status_code < 400 and answer["Cache-Control"] != "private, no-store":
            wrong.append((route, answer["Cache-Control"]))
        for stranger in strangers:
            refused = whole(stranger.get(path))
            if refused.status_code not in (401, 403, 404) or b"As it would be" in refused.told:
                wrong.append((route, refused.status_code, refused.told[:300]))
    assert wrong == []
    assert changed(before) == []


def elsewhere(theater: Theater) -> User:
    """Somebody who holds every permission in a season of their own, and none where anything of the theater is."""
    own = world.season(theater.root, by=theater.director).section
    return approvals.holder(list(PERMISSIONS), own, by=theater.director, name="Elsewhere")


def test_a_draft_does_not_reveal_what_its_author_may_neither_see_nor_do(theater: Theater) -> None:
    """Every action with what it is about somewhere else: where a draft can name it at all, nothing is shown by it."""
    scenes, browser = table("ACTIONS"), world.client(who := elsewhere(theater))
    acting = world.acting(who)
    drafts: dict[str, Submission] = {}
    # Last what is set in a canceled production, since nothing can be sold in it any more.
    for name, action in sorted(registered().items(), key=lambda pair: pair[0] == "production.reinstate"):
        if not action.needs:
            continue
        raw = json.loads(inputs.to_text(scenes[name](theater).given))
        try:
            item = {"action": name, "inputs": raw}
            drafts[name] = draft_submission(actor=acting, fields={"items": [item]})
        except DomainError:
            continue
    assert {"production.publish", "person.link_user", "person.publish", "asset.publish"} <= drafts.keys()
    before, wrong = state(), []
    for name, made in drafts.items():
        for path in ("/api/v1/productions/", "/api/v1/people/"):
            answer = seen(browser, path, made.pk)
            if (answer.status_code, answer.json()["code"]) != (409, "not_previewable"):
                wrong.append((name, path, answer.status_code))
        told = browser.get(f"/api/v1/submissions/{made.pk}/difference/").json()
        if told["objects"] or not told["problems"]:
            wrong.append((name, "difference", told))
    assert wrong == []
    assert changed(before) == []


def test_a_draft_that_names_a_hidden_object_reveals_it_at_no_url(theater: Theater) -> None:
    """All addresses: what each answers with the draft is what it answers without, or that it cannot be shown."""
    calls = {route: call_of(route, theater) for route in ROUTES if route.startswith("GET") and route != "GET schema"}
    who = elsewhere(theater)
    hidden = [
        {"action": "production.publish", "inputs": {"production": theater.draft.pk}},
        {"action": "production.update", "inputs": {"production": theater.draft.pk, "changes": {"company": "Mine"}}},
    ]
    drafts = [draft_submission(actor=world.acting(who), fields={"items": [item]}) for item in hidden]
    browser, before, wrong = world.client(who), state(), []
    for route, call in calls.items():
        path = reverse(route.split(" ")[1], kwargs=call.kwargs) + call.query
        bare = whole(browser.get(path))
        for made in drafts:
            answer = whole(browser.get(f"{path}{'&' if call.query else '?'}submission={made.pk}"))
            if answer.status_code not in (401, 403, 404, 409) and answer.told != bare.told:
                wrong.append((route, answer.status_code, answer.told[:300]))
            if b"A draft nobody knows" in answer.told:
                wrong.append((route, "shown"))
    assert wrong == []
    assert changed(before) == []


def test_approvers_preview_an_unsubmitted_round_with_the_authors_permissions(theater: Theater, author: User) -> None:
    submission = approvals.submission(theater.production, by=author, title="As it would be")
    path = f"/api/v1/productions/{theater.production.pk}/"
    decides = world.client(approvals.approver(theater.root, by=theater.director))
    assert seen(decides, path, submission.pk).json()["title"] == "As it would be"
    request_changes(actor=theater.acting(), submission=submission, comment="Nearly.", fields=None)
    assert seen(decides, path, submission.pk).json()["title"] == "As it would be"
    for role in author.assignments.all():
        approvals.end(role, by=theater.director)
    refused = seen(decides, path, submission.pk)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_previewable")
    assert refused.json()["errors"][0]["code"] == "not_allowed"
    own = seen(world.client(author), path, submission.pk)
    assert own.json()["code"] == "not_previewable", "nor does its author, who may do it no more"


def test_actions_that_control_submissions_cannot_be_submitted(theater: Theater) -> None:
    acting = theater.acting()
    inputs_of = {"section": theater.root.pk, "area": "details", "action_name": "x", "inputs_json": "{not json",
                 "seen_version": None, "digest": "", "subjects": []}  # fmt: skip
    item = {"action": "submission.create", "inputs": inputs_of}
    kept = draft_submission(actor=acting, fields={"items": []})
    browser, path = world.client(theater.director), f"/api/v1/submissions/{kept.pk}/"
    answer = world.patch(browser, path, {"items": [item]}, kept.version)
    assert (answer.status_code, answer.json()["code"], answer.json()["errors"][0]["field"]) == (
        400, "not_for_submissions", "items.0.action",
    )  # fmt: skip
    # Kept in a time when anything was.
    Submission.objects.filter(pk=kept.pk).update(items=[{**item, "name": "", "if_version": None}])
    for answer in (world.post(browser, f"{path}submit/"), seen(browser, "/api/v1/productions/", kept.pk)):
        assert (answer.status_code, answer.json()["code"]) == (400, "not_for_submissions")
    told = browser.get(f"{path}difference/").json()
    assert [problem["code"] for problem in told["problems"]] == ["not_for_submissions"]
