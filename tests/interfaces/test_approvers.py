"""Who may decide: asked of a person, of a submission, and of everything that waits, there is one answer."""

from __future__ import annotations

import random
from collections import Counter
from threading import Event
from typing import Any

import pytest
from django.utils import timezone

from accounts.approvals.selectors.approvers import (
    deciders_of,
    everybody_asked,
    may_approve_item,
    may_decide,
    refuse_unless_decides,
    steps_for,
    writers,
    wrote,
)
from accounts.approvals.selectors.waiting import Waits, counts_for, page_for, perhaps_orphaned
from accounts.approvals.services import approvals as service
from accounts.approvals.services.reminders import chase, escalate_submission
from accounts.approvals.services.submissions import comment_submission, draft_submission, save_submission
from accounts.approvals.services.substitutes import end_substitute
from accounts.models import Notification, Role, Submission, SubmissionAuthor, User, Waiting
from accounts.permissions.selectors.permissions import actor_for
from productions.services.productions import update_production
from tests import world
from tests.interfaces.test_idempotency import together
from tests.laws.scenes import Theater, load_services
from tests.worlds import approvals
from theater_site.core.actors import Actor, Public, System
from theater_site.core.errors import Conflict, Invalid, NotAllowed

pytestmark = pytest.mark.django_db
load_services()

LOOK = {"title": "A look", "permission": "edit_schedule"}
AGREED = {"title": "Agreed", "permission": "approve_details"}


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def author(theater: Theater) -> User:
    return approvals.author(theater.root, by=theater.director)


def waiting(actor: Actor) -> list[Waits]:
    """What is pending for somebody, as it is listed and as it is counted."""
    now = timezone.now()
    rows = page_for(actor, now, size=1000)
    assert Counter(row.area for row in rows) == counts_for(actor, now)
    return rows


def one_answer(submission: Submission, users: list[User]) -> set[int]:
    """Who decides, by all three ways of asking."""
    now = timezone.now()
    submission = Submission.objects.get(pk=submission.pk)
    told = {user.pk for user in deciders_of(submission, now)}
    assert {user.pk for user in users if may_decide(world.acting(user), submission, now)} == told
    waits = {user.pk for user in users if submission.pk in {row.id for row in waiting(world.acting(user))}}
    assert waits == told
    alone = submission.pk in perhaps_orphaned(now)
    assert told or alone
    for user in users:
        if user.pk in told:
            assert world.acting(user).holds(f"decide_{submission.area}", submission, now)
            assert Submission.objects.visible_to(world.acting(user)).filter(pk=submission.pk).exists()
    return told


def test_users_with_the_permission_decide_but_never_the_authors(theater: Theater, author: User) -> None:
    near = approvals.approver(theater.production.section, by=theater.director)
    elsewhere = approvals.approver(theater.draft.section, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    users = [theater.director, near, elsewhere, author, theater.stranger]
    assert one_answer(submission, users) == {theater.director.pk, near.pk}
    SubmissionAuthor(submission=submission, user=near, wrote_at=timezone.now()).save()
    SubmissionAuthor(submission=submission, user=theater.director).save()  # asked in, and wrote nothing
    assert one_answer(submission, users) == {theater.director.pk}
    assert [user.pk for user in writers(submission)] == sorted([author.pk, near.pk])
    assert wrote(world.acting(near), submission)
    assert not wrote(Public(), submission)


def test_others_cannot_decide(theater: Theater, author: User) -> None:
    submission = approvals.submission(theater.production, by=author)
    for actor in (Public(), System("test"), actor_for(world.user(is_active=False))):
        assert not may_decide(actor, submission, timezone.now())
        assert not waiting(actor)
        assert counts_for(actor, timezone.now()) == {}
        assert not may_approve_item(actor, submission, "details", submission, timezone.now())
    assert counts_for(world.acting(theater.stranger), timezone.now()) == {}


def test_the_steps_of_an_area_are_decided_in_order(theater: Theater, author: User) -> None:
    looker = approvals.holder(["edit_schedule"], theater.section, by=theater.director)
    approver = approvals.approver(theater.section, by=theater.director)
    approvals.steps(theater.section, LOOK, AGREED, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    users = [theater.director, looker, approver, author]
    assert one_answer(submission, users) == {theater.director.pk, looker.pk}
    asked = everybody_asked(submission, timezone.now())
    assert {user.pk for user in asked} == {theater.director.pk, looker.pk, approver.pk}
    with pytest.raises(NotAllowed, match="A look") as refused:
        approvals.approve(submission, by=approver)
    assert refused.value.code == "not_your_step"
    gone_on = approvals.approve(submission, by=theater.director)
    assert (gone_on.state, gone_on.step) == ("submitted", 1)
    assert one_answer(submission, users) == {approver.pk}
    with pytest.raises(NotAllowed) as refused:
        approvals.approve(submission, by=theater.director)
    assert refused.value.code == "already_agreed"
    assert approvals.approve(submission, by=approver).state == "applied"


def test_the_nearest_section_with_steps_replaces_the_steps_above(theater: Theater) -> None:
    approvals.steps(theater.root, LOOK, AGREED, by=theater.director)
    assert [step.word for step in steps_for("details", theater.section)] == ["edit_schedule", "approve_details"]
    approvals.steps(theater.section, AGREED, by=theater.director)
    assert [step.word for step in steps_for("details", theater.production.section)] == ["approve_details"]
    assert [step.word for step in steps_for("media", theater.section)] == ["approve_media"]
    approvals.steps(theater.section, by=theater.director)
    assert len(steps_for("details", theater.section)) == 2


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([LOOK], "last_step_approves"),
        ([{"permission": "approve_details"}], "required"),
        ([{"title": "x"}], "permission_or_role"),
        ([{"title": "x", "permission": "fly"}, AGREED], "unknown_permission"),
        ([AGREED] * 7, "too_many_steps"),
    ],
)
def test_invalid_steps_are_refused(steps: list[dict[str, Any]], code: str, theater: Theater) -> None:
    with pytest.raises(Invalid) as refused:
        approvals.steps(theater.section, *steps, by=theater.director)
    assert refused.value.code == code


def test_only_approvers_of_a_section_can_set_its_steps(theater: Theater) -> None:
    manager = approvals.holder(["manage_members"], theater.section, by=theater.director)
    with pytest.raises(NotAllowed):
        approvals.steps(theater.section, AGREED, by=manager)


def test_a_step_can_name_a_role(theater: Theater, author: User) -> None:
    dramaturg = approvals.role(["view_details"], theater.root, by=theater.director)
    reader = world.give(dramaturg.name, theater.section, by=theater.director)
    approvals.steps(theater.section, {"title": "Read", "role": dramaturg}, AGREED, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    users = [theater.director, reader, author]
    assert one_answer(submission, users) == {reader.pk}
    with pytest.raises(NotAllowed, match="its role"):
        approvals.approve(submission, by=theater.director)
    approvals.approve(submission, by=reader)
    assert one_answer(submission, users) == {theater.director.pk}


def test_a_substitute_decides_while_the_represented_person_may(theater: Theater, author: User) -> None:
    away = approvals.approver(theater.section, by=theater.director, name="Away")
    deputy = world.give("viewer", theater.section, by=theater.director, to=world.user("Deputy"))
    users = [theater.director, away, deputy, author]
    submission = approvals.submission(theater.production, by=author)
    named = approvals.substitute(away, deputy, theater.section)
    assert one_answer(submission, users) == {theater.director.pk, away.pk, deputy.pk}
    assert may_approve_item(world.acting(deputy), submission, "details", submission, timezone.now())
    assert not may_approve_item(world.acting(deputy), submission, "media", submission, timezone.now())
    # A substitute's own substitute is nobody, and nothing is passed on by substituting.
    second = world.give("viewer", theater.section, by=theater.director)
    approvals.substitute(deputy, second, theater.section)
    assert second.pk not in one_answer(submission, [*users, second])
    assert not world.acting(deputy).holds("approve_details", theater.production, timezone.now())
    # Never on their own writing, nor on that of for whom they substitute.
    for writer in (deputy, away):
        row = SubmissionAuthor(submission=submission, user=writer, wrote_at=timezone.now())
        row.save()
        assert deputy.pk not in one_answer(submission, users)
        row.delete()
    assert deputy.pk in one_answer(submission, users)
    # When the person may no more, neither may who substitutes for them.
    approvals.end(away.assignments.get(), by=theater.director)
    assert one_answer(submission, users) == {theater.director.pk}
    end_substitute(actor=world.acting(deputy), substitute=named)


def test_the_represented_person_is_notified_and_named(theater: Theater, author: User) -> None:
    away = approvals.approver(theater.root, by=theater.director, name="Ada Away")
    deputy = world.give("viewer", theater.root, by=theater.director, to=world.user("Dan Deputy"))
    approvals.substitute(away, deputy, theater.root)
    approvals.steps(theater.section, {"title": "First", "permission": "approve_details"}, AGREED, by=theater.director)
    first = approvals.approve(approvals.submission(theater.production, by=author), by=deputy)
    browser = world.client(theater.director)
    shown = browser.get(f"/api/v1/submissions/{first.pk}/").json()
    assert [(row["step"], row["user"], row["in_place_of"]) for row in shown["agreements"]] == [(0, deputy.pk, away.pk)]
    assert shown["decided_in_place_of"] is None
    letter = Notification.objects.get(kind="decided_in_your_place", recipient=away)
    assert "Dan Deputy agreed to" in letter.body
    approvals.steps(theater.section, by=theater.director)
    for verb, words in (("reject", "rejected"), ("request-changes", "asked for changes of")):
        made = approvals.submission(theater.production, by=author)
        answer = world.post(world.client(deputy), f"/api/v1/submissions/{made.pk}/{verb}/", {"comment": "No."})
        assert answer.status_code == 200, answer.content
        letter = Notification.objects.filter(kind="decided_in_your_place").latest("pk")
        assert (letter.recipient_id, f"Dan Deputy {words}" in letter.body) == (away.pk, True)
    decided = approvals.approve(approvals.submission(theater.production, by=author), by=deputy)
    assert (decided.decided_by, decided.decided_in_place_of) == (deputy, away)
    told = Notification.objects.filter(kind="submission_decided", recipient=author).latest("pk")
    assert "Dan Deputy, in the place of Ada Away" in told.body
    # In their own place, nobody is told.
    before = Notification.objects.filter(kind="decided_in_your_place").count()
    own = approvals.approve(approvals.submission(theater.production, by=author), by=away)
    assert own.decided_in_place_of is None
    assert Notification.objects.filter(kind="decided_in_your_place").count() == before


def test_earlier_approvers_decide_again_if_nobody_else_is_left(theater: Theater, author: User) -> None:
    approvals.steps(theater.section, LOOK, AGREED, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    users = [theater.director, author, theater.stranger]
    gone_on = approvals.approve(submission, by=theater.director)
    assert gone_on.step == 1
    assert one_answer(submission, users) == {theater.director.pk}
    assert Notification.objects.filter(kind="submission_escalated", recipient=theater.director).exists()
    assert not Notification.objects.filter(kind="nobody_may_decide").exists()
    assert approvals.approve(gone_on, by=theater.director).state == "applied"
    assert [row.again for row in gone_on.agreements.order_by("step")] == [False, True]


def test_authors_never_decide_even_if_nobody_else_is_left(theater: Theater) -> None:
    looker = approvals.holder(["edit_schedule", "view_details"], theater.root, by=theater.director)
    approvals.steps(theater.section, LOOK, AGREED, by=theater.director)
    writer = approvals.holder(["submit_details", "view_details"], theater.root, by=theater.director)
    submission = approvals.submission(theater.production, by=writer)
    SubmissionAuthor(submission=submission, user=theater.director, wrote_at=timezone.now()).save()
    approvals.approve(submission, by=looker)
    assert one_answer(submission, [theater.director, writer, looker]) == set()
    assert Notification.objects.filter(kind="nobody_may_decide").exists()


def test_earlier_approvers_decide_again_when_the_last_other_approver_leaves(theater: Theater, author: User) -> None:
    other = world.assign("director", theater.root, by=theater.director, to=world.user("Other"))
    approvals.steps(theater.section, LOOK, AGREED, by=theater.director)
    submission = approvals.approve(approvals.submission(theater.production, by=author), by=theater.director)
    Waiting.objects.filter(submission=submission).update(escalated_to=theater.root)
    users = [theater.director, author, other.user]
    assert one_answer(submission, users) == {other.user_id}
    assert chase().escalated == 0
    approvals.end(other, by=theater.director)
    assert one_answer(submission, users) == set()
    assert chase().escalated == 1
    assert one_answer(submission, users) == {theater.director.pk}
    assert chase().escalated == 0


def test_new_steps_notify_their_approvers(theater: Theater, author: User) -> None:
    looker = approvals.holder(["edit_schedule"], theater.section, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    elsewhere = approvals.submission(theater.draft, by=author)
    arrived = Notification.objects.filter(kind="submission_arrived")
    assert not arrived.filter(recipient=looker).exists()
    before = arrived.count()
    approvals.steps(theater.production.section, LOOK, AGREED, by=theater.director)
    told = arrived.get(recipient=looker)
    assert (told.about_type, told.about_id) == ("accounts.submission", str(submission.pk))
    # The director was told already, and of what is pending elsewhere nothing changed.
    assert arrived.count() == before + 1
    assert one_answer(elsewhere, [theater.director, looker]) == {theater.director.pk}
    approvals.steps(theater.production.section, {**LOOK, "title": "Renamed"}, AGREED, by=theater.director)
    assert arrived.count() == before + 1


def test_a_new_round_withdraws_unsent_messages(theater: Theater, author: User) -> None:
    submission = approvals.submission(theater.production, by=author)
    rows = Notification.objects.filter(kind="submission_arrived", about_id=str(submission.pk))
    assert rows.count() == 1
    for number in range(3):
        item = {"action": "production.update", "inputs": {
            "production": theater.production.pk, "changes": {"title": f"Title {number}"},
        }}  # fmt: skip
        submission = Submission.objects.get(pk=submission.pk)
        save_submission(actor=world.acting(author), submission=submission, changes={"items": [item]})
    assert Submission.objects.get(pk=submission.pk).round == 4
    assert rows.get().once == f"submission_arrived:{submission.pk}:4:0"
    rows.update(delivered_at=timezone.now(), next_attempt_at=None)
    item["inputs"]["changes"] = {"title": "Another"}
    save_submission(
        actor=world.acting(author), submission=Submission.objects.get(pk=submission.pk), changes={"items": [item]}
    )
    assert rows.count() == 2


def test_the_comment_of_an_approval_is_kept(theater: Theater, author: User) -> None:
    approvals.steps(theater.section, LOOK, AGREED, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    path = f"/api/v1/submissions/{submission.pk}/"

    def approve(by: User, comment: str) -> int:
        browser = world.client(by)
        body = {"comment": comment, "digest": browser.get(f"{path}difference/").json()["digest"]}
        status: int = world.post(browser, f"{path}approve/", body).status_code
        return status

    assert approve(theater.director, "Mind the subtitle.") == 200
    (said,) = submission.comments.all()
    assert (said.text, said.author, said.asks) == ("Mind the subtitle.", theater.director, False)
    update_production(
        actor=theater.acting(),
        production=type(theater.production).objects.get(pk=theater.production.pk),
        changes={"title": "Moved"},
    )
    assert approve(theater.other_director, "Now do it.") == 412
    assert [row.text for row in submission.comments.order_by("pk")] == ["Mind the subtitle.", "Now do it."]


def test_a_comment_notifies_only_those_who_may_still_see_the_submission(theater: Theater, author: User) -> None:
    first = approvals.approver(theater.section, by=theater.director, name="First")
    second = world.assign("director", theater.root, by=theater.director, to=world.user("Second"))
    submission = approvals.submission(theater.production, by=author)

    def told(by: User) -> set[int | None]:
        Notification.objects.filter(kind="submission_commented").delete()
        comment_submission(actor=world.acting(by), submission=submission, text="What of this?", field=None)
        return set(Notification.objects.filter(kind="submission_commented").values_list("recipient", flat=True))

    assert told(author) == {theater.director.pk, first.pk, second.user_id}
    assert told(first) == {author.pk, theater.director.pk, second.user_id}
    assert told(second.user) == {author.pk, first.pk}
    approvals.end(second, by=theater.director)
    assert told(author) == {first.pk}
    draft = draft_submission(actor=world.acting(author), fields={"title": "A plan"})
    submission = draft
    assert told(author) == set()


def test_a_substitute_decides_only_within_the_dates_section_and_area(theater: Theater, author: User) -> None:
    away = approvals.approver(theater.root, by=theater.director)
    deputy = world.give("viewer", theater.root, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    users = [theater.director, away, deputy]
    without = {theater.director.pk, away.pk}
    for given, where in (
        ({"starts_at": approvals.in_days(1)}, theater.section),
        ({"area": "media"}, theater.section),
        ({}, theater.draft.section),
    ):
        named = approvals.substitute(away, deputy, where, by=theater.director, **given)
        assert one_answer(submission, users) == without
        end_substitute(actor=world.acting(away), substitute=named)
    approvals.substitute(away, deputy, theater.production.section, area="details")
    assert one_answer(submission, users) == {*without, deputy.pk}


def test_a_substitute_decides_a_step_of_a_role(theater: Theater, author: User) -> None:
    dramaturg = approvals.role(["view_details"], theater.root, by=theater.director)
    reader = world.give(dramaturg.name, theater.section, by=theater.director)
    deputy = world.give("viewer", theater.section, by=theater.director)
    approvals.steps(theater.section, {"title": "Read", "role": dramaturg}, AGREED, by=theater.director)
    approvals.substitute(reader, deputy, theater.section)
    submission = approvals.submission(theater.production, by=author)
    users = [theater.director, reader, deputy]
    assert one_answer(submission, users) == {reader.pk, deputy.pk}
    approvals.approve(submission, by=reader)
    # Who agreed does not agree again through somebody else.
    assert one_answer(submission, users) == {theater.director.pk}


def test_substituting_a_sensitive_role_needs_the_second_factor_too(theater: Theater, author: User) -> None:
    deputy = world.give("viewer", theater.root, by=theater.director)
    approvals.substitute(theater.director, deputy, theater.root)
    submission = approvals.submission(theater.production, by=author)
    now = timezone.now()
    assert may_decide(actor_for(deputy), submission, now)
    weak = actor_for(deputy, second_factor=False)
    assert not may_decide(weak, submission, now)
    assert not waiting(weak)
    with pytest.raises(NotAllowed) as refused:
        refuse_unless_decides(actor_for(theater.director, second_factor=False), submission, now)
    assert refused.value.code == "second_factor_needed"
    reader = approvals.role(["view_details"], theater.root, by=theater.director, sensitive=True)
    approvals.steps(theater.section, {"title": "Read", "role": reader}, AGREED, by=theater.director)
    world.give(reader.name, theater.section, by=theater.director, to=deputy)
    assert may_decide(actor_for(deputy), submission, now)
    assert not may_decide(actor_for(deputy, second_factor=False), submission, now)


def test_a_submission_without_approver_escalates_up_to_the_managers_of_roles(theater: Theater, author: User) -> None:
    lonely = approvals.role(["view_details"], theater.root, by=theater.director)
    approvals.steps(theater.section, {"title": "Read", "role": lonely}, AGREED, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    manager = approvals.holder(["manage_members"], theater.root, by=theater.director)
    deputy = world.give("viewer", theater.root, by=theater.director)
    near = approvals.holder(["manage_members"], theater.section, by=theater.director)
    users = [theater.director, author, manager, near, deputy]
    # To the nearest who may approve.
    assert Waiting.objects.get(submission=submission).escalated_to == theater.production.section
    assert one_answer(submission, users) == {theater.director.pk}
    # Those below decide as well, once there are any.
    late = world.assign(lonely.name, theater.section, by=theater.director, to=world.user())
    assert one_answer(submission, [*users, late.user]) == {theater.director.pk, late.user_id}
    approvals.end(late, by=theater.director)
    # Nobody may approve but who wrote it: to the organization, where those decide who give roles, and who substitutes for them.
    SubmissionAuthor(submission=submission, user=theater.director, wrote_at=timezone.now()).save()
    assert one_answer(submission, users) == set()
    escalate_submission(actor=System("test"), submission=submission)
    assert Waiting.objects.get(submission=submission).escalated_to == theater.root
    assert one_answer(submission, users) == {manager.pk}
    holding = approvals.holder(["manage_members", "approve_details", "view_details"], theater.root, by=theater.director)
    assert holding.pk in one_answer(submission, [*users, holding])
    approvals.substitute(holding, deputy, theater.root)
    assert deputy.pk in one_answer(submission, [*users, holding])


def test_the_only_director_cannot_approve_their_own_submission(theater: Theater) -> None:
    deputy = world.give("viewer", theater.root, by=theater.director)
    writer = approvals.holder(
        ["submit_details", "approve_details", "view_details"], theater.root, by=theater.director, name="Both"
    )
    submission = approvals.submission(theater.production, by=writer)
    SubmissionAuthor(submission=submission, user=theater.director, wrote_at=timezone.now()).save()
    approvals.substitute(theater.director, deputy, theater.root)
    assert one_answer(submission, [theater.director, writer, deputy]) == set()
    with pytest.raises(NotAllowed, match="second director") as refused:
        approvals.approve(submission, by=writer)
    assert refused.value.code == "nobody_may_decide"
    second = theater.other_director
    with pytest.raises(NotAllowed) as refused:
        approvals.approve(submission, by=writer)
    assert refused.value.code == "own_submission"
    assert approvals.approve(submission, by=second).state == "applied"


def test_pending_submissions_are_counted_by_area(theater: Theater, author: User) -> None:
    for _ in range(3):
        approvals.submission(theater.production, by=author)
    approver = approvals.approver(theater.section, by=theater.director)
    assert counts_for(world.acting(approver), timezone.now()) == {"details": 3}
    assert counts_for(world.acting(author), timezone.now()) == {}
    answer = world.client(approver).get("/api/v1/submissions/waiting/counts/")
    assert answer.json() == {"total": 3, "by_area": {"details": 3}}
    listed = world.client(approver).get("/api/v1/submissions/waiting/").json()["results"]
    assert len(listed) == 3
    assert listed[0]["since"]
    assert listed[0]["escalated"] is False


@pytest.mark.parametrize("seed", range(4))
def test_all_forms_of_who_may_decide_agree_in_any_theater(seed: int, theater: Theater) -> None:
    """Sections, roles, steps, substitutes, writers and agreements by chance."""
    chance = random.Random(seed)
    by = theater.director
    sections = [theater.root, theater.section, theater.production.section, theater.draft.section]
    plays = [theater.production, theater.draft]
    kinds: list[Role] = [
        approvals.role(permissions, theater.root, by=by)
        for permissions in (["approve_details"], ["approve_details", "edit_cast"], ["edit_cast"], ["view_details"])
    ]
    users = [world.user(f"User {n}") for n in range(7)]
    for user in users:
        for _ in range(chance.randint(0, 2)):
            world.give(chance.choice(kinds).name, chance.choice(sections), by=by, to=user)
        world.give("viewer", theater.root, by=by, to=user)
    for section in chance.sample(sections, 2):
        first: dict[str, Any] = chance.choice(
            [{"permission": "edit_cast"}, {"role": kinds[3]}, {"permission": "approve_details"}]
        )
        approvals.steps(section, {"title": "First", **first}, AGREED, by=by)
    for _ in range(4):
        person, substitute = chance.sample(users, 2)
        try:
            approvals.substitute(
                person, substitute, chance.choice(sections), by=by, area=chance.choice([None, "details"])
            )
        except Invalid:
            continue
    author = approvals.author(theater.root, by=by)
    submissions = [approvals.submission(chance.choice(plays), by=author) for _ in range(5)]
    everybody = [*users, by, author]
    for submission in submissions:
        for user in chance.sample(users, chance.randint(0, 3)):
            SubmissionAuthor(submission=submission, user=user, wrote_at=chance.choice([None, timezone.now()])).save()
        deciding = one_answer(submission, everybody)
        agrees = [user for user in everybody if user.pk in deciding and user != by]
        if agrees and Submission.objects.get(pk=submission.pk).step == 0 and chance.random() < 0.8:
            try:
                approvals.approve(Submission.objects.get(pk=submission.pk), by=chance.choice(agrees))
            except NotAllowed:
                continue
            one_answer(submission, everybody)


def test_pending_submissions_are_listed_with_their_date_and_filtered(theater: Theater, author: User) -> None:
    looker = approvals.holder(["edit_schedule"], theater.section, by=theater.director)
    approvals.steps(theater.section, LOOK, AGREED, by=theater.director)
    first, second = (approvals.submission(theater.production, by=author) for _ in range(2))
    approvals.approve(first, by=looker)
    browser = world.client(theater.director)
    # Who agreed at the first step, and who did not: the first waits at its second step since then.
    rows = {row["id"]: row for row in browser.get("/api/v1/submissions/waiting/").json()["results"]}
    assert [rows[pk]["step"] for pk in (first.pk, second.pk)] == [1, 0]
    assert rows[first.pk]["since"] > rows[first.pk]["submitted_at"]
    assert rows[second.pk]["since"] == rows[second.pk]["submitted_at"]
    page = browser.get("/api/v1/submissions/waiting/", {"page_size": 1}).json()
    assert [row["id"] for row in page["results"]] == [first.pk]
    assert [row["id"] for row in browser.get(page["next"]).json()["results"]] == [second.pk]

    def listed(**asked: Any) -> Any:
        answer = browser.get("/api/v1/submissions/waiting/", asked)
        told = answer.json()
        return [row["id"] for row in told["results"]] if answer.status_code == 200 else told["errors"][0]["field"]

    both = [first.pk, second.pk]
    assert listed(area="details") == listed(author=author.pk) == listed(section=first.section_id) == both
    assert listed(area="media") == listed(author=looker.pk) == []
    assert [listed(author=0), listed(section="x"), listed(cursor="x"), listed(are="x")] == [
        "author", "section", "cursor", "are",
    ]  # fmt: skip


def test_a_draft_is_not_escalated(theater: Theater, author: User) -> None:
    draft = draft_submission(actor=world.acting(author), fields={"title": "x"})
    with pytest.raises(Conflict) as refused:
        escalate_submission(actor=System("test"), submission=draft)
    assert refused.value.code == "not_due"


@pytest.mark.django_db(transaction=True)
def test_setting_steps_during_an_approval_does_not_deadlock(
    real_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither waits for the other. Who agrees first goes on to the next step, and who comes second is not asked any more."""
    theater = Theater()
    author = approvals.author(theater.root, by=theater.director)
    looker = approvals.holder(["edit_schedule"], theater.section, by=theater.director)
    lonely = approvals.role(["view_details"], theater.root, by=theater.director)
    approvals.steps(theater.section, LOOK, AGREED, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    settle, keep_beside = service.settle, service.keep_beside
    holds_it, writes_beside = Event(), Event()

    def settle_later(row: Submission) -> None:
        holds_it.set()
        writes_beside.wait(1)
        settle(row)

    def write_beside(row: Submission, **values: Any) -> None:
        holds_it.wait(10)
        keep_beside(row, **values)
        writes_beside.set()

    monkeypatch.setattr(service, "settle", settle_later)
    monkeypatch.setattr(service, "keep_beside", write_beside)
    nobody = {"title": "Read", "role": lonely}
    agreed, made = together(
        [
            lambda: approvals.approve(submission, by=looker),
            lambda: approvals.steps(theater.production.section, nobody, AGREED, by=theater.director),
        ]
    )
    assert [step.title for step in made] == ["Read", "Agreed"]
    assert isinstance(agreed, Submission | NotAllowed)
    assert Submission.objects.get(pk=submission.pk).step == (1 if isinstance(agreed, Submission) else 0)
