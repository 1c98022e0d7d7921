"""Who may decide on a submission: one rule, for one submission or one user. `accounts/approvals/selectors/waiting.py` asks it
of all pending submissions at once.

These may decide: users with the permission or the role of the current step on the submission's section, and their
substitutes. These never may: its authors, those who agreed to this round at an earlier step, and substitutes for them.
Where nobody is left the submission is escalated (`Waiting.escalated_to`): those who may approve on that section decide too,
and on the organization those who manage members there. Where there is nobody there either, those who agreed at an earlier
step decide again (`Waiting.by_those_who_agreed`), but never an author.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from accounts.approvals.models.approvals import Agreement, ApprovalStep, Substitute, Waiting
from accounts.approvals.models.submissions import Submission, SubmissionAuthor, SubmissionState
from accounts.approvals.rules.approval_steps import Step, approve, governing, role_of, role_word, standing
from accounts.approvals.selectors.deciding import LAST_RESORT, approves_for, reach_of
from accounts.permissions.models.sections import RoleAssignment, Section
from accounts.permissions.selectors.permissions import SignedIn, live, live_grants
from accounts.users.models.users import User
from theater_site.core.actors import Actor
from theater_site.core.errors import NotAllowed


def may_decide(actor: Actor, submission: Submission, at: datetime) -> bool:
    """Whether `actor` may approve, reject or request changes of `submission` at that instant."""
    return isinstance(actor, SignedIn) and any(
        _names(actor, submission, word, place, at) for word, place in _asked(submission, reach_of(actor).steps)
    )


def may_approve_item(actor: Actor, submission: Submission, area: str, scope: Any, at: datetime) -> bool:
    """Whether `actor` may approve an item of `submission` in `area` about `scope` (a section or a content object).

    Asked for each item, since the items of a submission may be in several areas and sections. A substitute may approve it only
    if the absent approver may still decide.
    """
    if not isinstance(actor, SignedIn):
        return False
    persons = approves_for(actor, area, scope, at)
    return None in persons or bool(persons and persons - _apart(submission))


def may_write(actor: Actor, submission: Submission) -> bool:
    """Whether `actor` is its author, or it is shared with them."""
    return actor.user_id is not None and (
        actor.user_id == submission.author_id
        or SubmissionAuthor.objects.filter(submission=submission, user_id=actor.user_id).exists()
    )


def deciders_of(submission: Submission, at: datetime) -> list[User]:
    """The active users who may decide on `submission` at that instant, by id."""
    return list(deciders(submission, at, _asked(submission, all_steps())).order_by("pk"))


def everybody_asked(
    submission: Submission, at: datetime, elsewhere: Collection[tuple[str, Section]] = ()
) -> list[User]:
    """The active users who decide at any of its steps, reached or not, or at the steps of its items `elsewhere`, by id.

    `elsewhere` are pairs of an area and a section.
    """
    steps, wrote_it = all_steps(), _others_who_wrote(submission)
    named = deciders(submission, at, _asked(submission, steps))
    for area, section in {(submission.area, submission.section), *elsewhere}:
        words = [(step.word, section) for step in governing(steps, area, section.path)]
        named |= _named(submission, at, words, area, wrote=wrote_it)
    return list(named.distinct().order_by("pk"))


def deciders(
    submission: Submission, at: datetime, asked: Iterable[tuple[str, Section]], *, again: bool = False
) -> QuerySet[User]:
    """The users who may decide by one of `asked`: pairs of a word (a permission or a role) and a section. One statement.

    With `again`, those who approved at an earlier step may decide too.
    """
    apart = {"wrote": _others_who_wrote(submission), **({} if again else {"agreed": _agreed(submission)})}
    return _named(submission, at, asked, submission.area, **apart)


def _named(
    submission: Submission, at: datetime, words: Iterable[tuple[str, Section]], area: str, **apart: QuerySet[Any, int]
) -> QuerySet[User]:
    ways = []
    for word, place in words:
        holders = _holders(word, place, at)
        substitutes = Substitute.objects.filter(
            live(at), person__in=holders, area__in=["", area], section__path__in=place.paths_above
        ).exclude(person=submission.author_id)
        for rows in apart.values():
            substitutes = substitutes.exclude(person__in=rows)
        ways.append(Q(pk__in=holders) | Q(pk__in=substitutes.values("substitute")))
    named = User.objects.filter(reduce(or_, ways), is_active=True).exclude(pk=submission.author_id)
    for rows in apart.values():
        named = named.exclude(pk__in=rows)
    return named


def refuse_unless_decides(actor: Actor, submission: Submission, at: datetime) -> None:
    """Raise an error with a hint if `actor` may not decide on this submission.

    Raises: NotAllowed `nobody_may_decide`, `own_submission`, `already_agreed`, `not_your_step`, or the error of the missing
    permission.
    """
    if may_decide(actor, submission, at):
        return
    if wrote(actor, submission):
        if not deciders_of(submission, at):
            raise NotAllowed(
                "Authors cannot approve their own submission, and nobody else may decide here. Assign somebody else a role "
                f"with the permission {approve(submission.area)}, such as a second director.",
                code="nobody_may_decide",
            )
        raise NotAllowed("You cannot approve a submission that you wrote a part of.", code="own_submission")
    if actor.user_id in _agreed(submission):
        raise NotAllowed(
            "You approved this at an earlier step. Somebody else decides on the next step.", code="already_agreed"
        )
    step = standing(steps_for(submission.area, submission.section), submission.step)
    if (better := actor.why_not(step.word, submission, at)) is not None:
        raise better
    raise NotAllowed(
        f"This waits for others: the step “{step.title}” is decided by users with {_word_in_text(step.word)} here.",
        code="not_your_step",
        data={"step": submission.step, "needs": [step.word]},
    )


def in_whose_place(actor: SignedIn, submission: Submission, at: datetime) -> int | None:
    """The id of the absent approver for whom `actor` decides on `submission`; None if they decide for themselves.

    `actor` must be allowed to decide.
    """
    persons: set[int | None] = set()
    for word, place in _asked(submission, reach_of(actor).steps):
        persons |= _persons(actor, word, submission, place, at)
        if None in persons:
            return None
    return min(person for person in persons - _apart(submission) if person is not None)


def _names(actor: SignedIn, submission: Submission, word: str, place: Section, at: datetime) -> bool:
    """Whether the actor may decide on this submission by `word` on `place`."""
    persons = _persons(actor, word, submission, place, at)
    if not persons:
        return False
    apart = _apart(submission)
    return actor.user_id not in apart and bool(persons - apart)


def _persons(actor: SignedIn, word: str, submission: Submission, place: Section, at: datetime) -> set[int | None]:
    """The ids of users for whom the actor decides by `word` on `place`; None means the actor."""
    return {
        ground.person
        for ground in reach_of(actor).grounds(word, submission.area, actor.permissions.own)
        if ground.hold.lives_at(at) and ground.hold.reaches(place.path)
    }


def asked_where(
    submission: Submission, steps: Iterable[Step], waiting: Waiting | None
) -> Iterator[tuple[str, Section]]:
    """The words that decide on `submission`, each with the section on which it is needed.

    These are the word of its current step, and those of the section that it was escalated to.
    """
    own = governing(steps, submission.area, submission.section.path)
    yield standing(own, submission.step).word, submission.section
    if waiting is not None and waiting.escalated_to is not None:
        yield from asked_above(submission.area, waiting.escalated_to)


def asked_above(area: str, place: Section) -> Iterator[tuple[str, Section]]:
    """The words that decide on submissions escalated to `place`, each with the section on which it is needed."""
    yield approve(area), place
    if place.parent_id is None:
        yield LAST_RESORT, place


def _asked(submission: Submission, steps: Iterable[Step]) -> Iterator[tuple[str, Section]]:
    yield from asked_where(submission, steps, None)
    # A lazy query: callers often stop at the first pair.
    waiting = Waiting.objects.filter(submission=submission).select_related("escalated_to").first()
    if waiting is not None and waiting.escalated_to is not None:
        yield from asked_above(submission.area, waiting.escalated_to)


def waiting_of(submission: Submission) -> Waiting:
    """The waiting state of a pending submission: its row, or an unsaved row with the defaults."""
    stored: Waiting | None = getattr(submission, "waiting", None)
    if stored is not None:
        return stored
    assert submission.submitted_at is not None, "a draft does not wait"
    return Waiting(submission=submission, since=submission.submitted_at)


def steps_for(area: str, section: Section) -> list[Step]:
    """The approval steps for `area` on `section`, in their order."""
    return governing(all_steps(), area, section.path)


def wrote(actor: Actor, submission: Submission) -> bool:
    """Whether `actor` wrote any part of `submission`."""
    return actor.user_id is not None and actor.user_id in writer_ids(submission)


def writer_ids(submission: Submission) -> set[int]:
    """The ids of all users who wrote a part of it."""
    return {submission.author_id, *_others_who_wrote(submission)}


def _others_who_wrote(submission: Submission) -> QuerySet[SubmissionAuthor, int]:
    rows = SubmissionAuthor.objects.filter(submission=submission, wrote_at__isnull=False)
    return rows.order_by().values_list("user_id", flat=True)


def writers(submission: Submission) -> list[User]:
    """The users who wrote a part of it, by id."""
    theirs = Q(pk=submission.author_id) | Q(pk__in=_others_who_wrote(submission))
    return list(User.objects.filter(theirs).select_related("notification_preferences").order_by("pk"))


def all_steps() -> list[Step]:
    """All approval steps; `governing` returns those that apply to a section."""
    rows = ApprovalStep.objects.order_by("pk").values_list(
        "section__path", "area", "position", "permission", "role", "title"
    )
    return [
        Step(path, area, position, permission if role is None else role_word(role), title)
        for path, area, position, permission, role, title in rows
    ]


def _agreed(submission: Submission) -> QuerySet[Agreement, int]:
    rows = Agreement.objects.filter(submission=submission, round=submission.round)
    rows = rows.exclude(submission__waiting__by_those_who_agreed=True)
    if submission.state != SubmissionState.SUBMITTED:
        # Those who approved it may also reject it or request changes before it is applied.
        rows = rows.none()
    return rows.order_by().values_list("user_id", flat=True)


def _apart(submission: Submission) -> set[int]:
    """The ids of users who may not decide on this round: those who wrote it or approved it already."""
    return {submission.author_id, *_others_who_wrote(submission).union(_agreed(submission))}


def _holders(word: str, section: Section, at: datetime) -> QuerySet[Any, int]:
    if (role := role_of(word)) is not None:
        held = RoleAssignment.objects.filter(
            live(at), role=role, section__path__in=section.paths_above, user__is_active=True
        )
        return held.values_list("user_id", flat=True)
    return live_grants(section, at).filter(permission__codename=word).values_list("user_id", flat=True)


def _word_in_text(word: str) -> str:
    return "its role" if role_of(word) is not None else f"the permission {word}"
