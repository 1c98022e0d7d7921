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
    """Whether `actor` may approve, reject or ask for changes of `submission` at that instant."""
    return isinstance(actor, SignedIn) and any(
        _names(actor, submission, word, place, at) for word, place in _asked(submission, reach_of(actor).steps)
    )


def may_approve_item(actor: Actor, submission: Submission, area: str, scope: Any, at: datetime) -> bool:
    """Whether `actor` may approve, in `area`, an item of `submission` that is about `scope` (a section or a content
    object), in their own place or in somebody else's who may still decide themselves: the items of one submission may lie
    in several areas and sections."""
    if not isinstance(actor, SignedIn):
        return False
    persons = approves_for(actor, area, scope, at)
    return None in persons or bool(persons and persons - _apart(submission))


def may_write(actor: Actor, submission: Submission) -> bool:
    """Whether they are its author, or were asked in to write it too."""
    return actor.user_id is not None and (
        actor.user_id == submission.author_id
        or SubmissionAuthor.objects.filter(submission=submission, user_id=actor.user_id).exists()
    )


def deciders_of(submission: Submission, at: datetime) -> list[User]:
    """The active users who may decide on `submission` at that instant; by id."""
    return list(deciders(submission, at, _asked(submission, all_steps())).order_by("pk"))


def everybody_asked(
    submission: Submission, at: datetime, elsewhere: Collection[tuple[str, Section]] = ()
) -> list[User]:
    """The active users who have a word at any of its steps, whether it has come to that step or not, or at any step that
    its items would have `elsewhere`, each in an area on a section; by id."""
    steps, wrote_it = all_steps(), _others_who_wrote(submission)
    named = deciders(submission, at, _asked(submission, steps))
    for area, section in {(submission.area, submission.section), *elsewhere}:
        words = [(step.word, section) for step in governing(steps, area, section.path)]
        named |= _named(submission, at, words, area, wrote=wrote_it)
    return list(named.distinct().order_by("pk"))


def deciders(
    submission: Submission, at: datetime, asked: Iterable[tuple[str, Section]], *, again: bool = False
) -> QuerySet[User]:
    """Those whom the rule names where it is asked of `asked`: a word (a permission or a role) and where it is had; one
    statement. With `again`, those who agreed at an earlier step are asked too."""
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
    """NotAllowed, with what would help, for everybody who may not decide on this submission."""
    if may_decide(actor, submission, at):
        return
    if wrote(actor, submission):
        if not deciders_of(submission, at):
            raise NotAllowed(
                "Nobody approves what they wrote themselves, and nobody else may decide here. Give somebody else a role "
                f"that has {approve(submission.area)}: a second director, or anybody who is trusted with it.",
                code="nobody_may_decide",
            )
        raise NotAllowed("Nobody approves what they wrote any part of themselves.", code="own_submission")
    if actor.user_id in _agreed(submission):
        raise NotAllowed(
            "You agreed to this at an earlier step; the next step is somebody else's.", code="already_agreed"
        )
    step = standing(steps_for(submission.area, submission.section), submission.step)
    if (better := actor.why_not(step.word, submission, at)) is not None:
        raise better
    raise NotAllowed(
        f"This waits for others: at the step “{step.title}”, those who have {_told(step.word)} here decide.",
        code="not_your_step",
        data={"step": submission.step, "needs": [step.word]},
    )


def in_whose_place(actor: SignedIn, submission: Submission, at: datetime) -> int | None:
    """For whom `actor`, who may decide on `submission`, does so: a user's id; None: in their own place."""
    persons: set[int | None] = set()
    for word, place in _asked(submission, reach_of(actor).steps):
        persons |= _persons(actor, word, submission, place, at)
        if None in persons:
            return None
    return min(person for person in persons - _apart(submission) if person is not None)


def _names(actor: SignedIn, submission: Submission, word: str, place: Section, at: datetime) -> bool:
    """Whether the actor is one whom `word` names on `place` for this submission."""
    persons = _persons(actor, word, submission, place, at)
    if not persons:
        return False
    apart = _apart(submission)
    return actor.user_id not in apart and bool(persons - apart)


def _persons(actor: SignedIn, word: str, submission: Submission, place: Section, at: datetime) -> set[int | None]:
    """In whose places `word` names the actor on `place`; None is their own."""
    return {
        ground.person
        for ground in reach_of(actor).grounds(word, submission.area, actor.permissions.own)
        if ground.hold.lives_at(at) and ground.hold.reaches(place.path)
    }


def asked_where(
    submission: Submission, steps: Iterable[Step], waiting: Waiting | None
) -> Iterator[tuple[str, Section]]:
    """Whose decision decides on it, and where they have to have it: at its step, and above where it went up to."""
    own = governing(steps, submission.area, submission.section.path)
    yield standing(own, submission.step).word, submission.section
    if waiting is not None and waiting.escalated_to is not None:
        yield from asked_above(submission.area, waiting.escalated_to)


def asked_above(area: str, place: Section) -> Iterator[tuple[str, Section]]:
    """Whose decision decides on what went up to `place`."""
    yield approve(area), place
    if place.parent_id is None:
        yield LAST_RESORT, place


def _asked(submission: Submission, steps: Iterable[Step]) -> Iterator[tuple[str, Section]]:
    yield from asked_where(submission, steps, None)
    # Asked only where somebody looks further than its own section.
    waiting = Waiting.objects.filter(submission=submission).select_related("escalated_to").first()
    if waiting is not None and waiting.escalated_to is not None:
        yield from asked_above(submission.area, waiting.escalated_to)


def waiting_of(submission: Submission) -> Waiting:
    """How it waits, where it does: as is noted of it, else since it was submitted, with nothing to note, by a row that is not
    saved."""
    noted: Waiting | None = getattr(submission, "waiting", None)
    if noted is not None:
        return noted
    assert submission.submitted_at is not None, "a draft does not wait"
    return Waiting(submission=submission, since=submission.submitted_at)


def steps_for(area: str, section: Section) -> list[Step]:
    """The agreements that something in `area` needs on `section`, in their order."""
    return governing(all_steps(), area, section.path)


def wrote(actor: Actor, submission: Submission) -> bool:
    """Whether any part of `submission` is theirs."""
    return actor.user_id is not None and actor.user_id in writer_ids(submission)


def writer_ids(submission: Submission) -> set[int]:
    """Everybody who wrote any part of it."""
    return {submission.author_id, *_others_who_wrote(submission)}


def _others_who_wrote(submission: Submission) -> QuerySet[SubmissionAuthor, int]:
    rows = SubmissionAuthor.objects.filter(submission=submission, wrote_at__isnull=False)
    return rows.order_by().values_list("user_id", flat=True)


def writers(submission: Submission) -> list[User]:
    """Everybody who wrote any part of it, by id."""
    theirs = Q(pk=submission.author_id) | Q(pk__in=_others_who_wrote(submission))
    return list(User.objects.filter(theirs).select_related("notification_preferences").order_by("pk"))


def all_steps() -> list[Step]:
    """Every approval step there is; `governing` tells which count where."""
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
        # What was agreed to is taken back by those who agreed to it, too.
        rows = rows.none()
    return rows.order_by().values_list("user_id", flat=True)


def _apart(submission: Submission) -> set[int]:
    """Those who do not decide on this round any more, whatever they hold: who wrote it, and who agreed to it."""
    return {submission.author_id, *_others_who_wrote(submission).union(_agreed(submission))}


def _holders(word: str, section: Section, at: datetime) -> QuerySet[Any, int]:
    if (role := role_of(word)) is not None:
        held = RoleAssignment.objects.filter(
            live(at), role=role, section__path__in=section.paths_above, user__is_active=True
        )
        return held.values_list("user_id", flat=True)
    return live_grants(section, at).filter(permission__codename=word).values_list("user_id", flat=True)


def _told(word: str) -> str:
    return "its role" if role_of(word) is not None else f"the permission {word}"
