"""The submissions that one user may decide on: the rule of accounts/approvals/selectors/approvers.py for all submissions.

They follow from the user's `ways`: few values that seldom change. The SQL for recently used ways is cached, because the ORM takes
several times as long to compile it as the database takes to answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import cache, lru_cache, reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.approvals.models.approvals import Agreement, Waiting
from accounts.approvals.models.submissions import Submission, SubmissionAuthor, SubmissionState
from accounts.approvals.rules.approval_steps import Step, approve, governing, narrower, role_of, role_word, standing
from accounts.approvals.selectors.approvers import all_steps
from accounts.approvals.selectors.deciding import LAST_RESORT, reach_of
from accounts.permissions.models.sections import RoleAssignment, SectionGrant
from accounts.permissions.rules.ceilings import EVERYWHERE_PATH
from accounts.permissions.rules.permissions import AREAS
from accounts.permissions.selectors.permissions import SignedIn, live
from theater_site.core.actors import Actor
from theater_site.core.prepared import Prepared

# Fields of submissions with the values to filter by.
Filters = tuple[tuple[str, Any], ...]


class Waits(NamedTuple):
    """The entry of a submission in a list. Its encrypted items are not loaded."""

    id: int
    version: int
    title: str
    area: str
    section: int
    author: int
    round: int
    step: int
    run_at: datetime | None
    submitted_at: datetime
    came_to_step_at: datetime | None
    escalated_to: int | None

    @property
    def since(self) -> datetime:
        """When it reached this step."""
        return self.came_to_step_at or self.submitted_at

    @property
    def escalated(self) -> bool:
        """Whether it was escalated, since nobody below may decide."""
        return self.escalated_to is not None


class Way(NamedTuple):
    """One way by which a user decides on submissions in `areas` on sections below `path`, but below none of `but`.

    `person` is the absent approver, if they substitute. `step` is the only step (with `onward`, the first step) at which it
    applies. With `gone_up` the section is the one escalated to; with `at_last` it must be the organization.
    """

    areas: tuple[str, ...]
    path: str
    person: int | None
    but: tuple[str, ...] = ()
    step: int | None = None
    onward: bool = False
    gone_up: bool = False
    at_last: bool = False

    def condition(self) -> Q:
        there = _within("escalated_to" if self.gone_up else "section", self.path, self.but)
        if self.at_last:
            there &= Q(escalated_to__parent=None)
        if self.gone_up:
            there = Q(pk__in=Waiting.objects.filter(there).values("submission"))
        if self.step is not None:
            there &= Q(step__gte=self.step) if self.onward else Q(step=self.step)
        # A substitute may not decide if the absent approver may not: they wrote it or approved it before.
        return Q(area__in=self.areas) & there & (_not_apart(self.person) if self.person is not None else Q())


class Ways(NamedTuple):
    """All ways by which a user decides."""

    user: int
    each: tuple[Way, ...]


def page_for(actor: Actor, at: datetime, *, size: int, after: int = 0, filters: Filters = ()) -> list[Waits]:
    """The first `size` submissions after the id `after` that `actor` may decide on and that match the filters.

    Two queries, including the actor's permissions.
    """
    by = ways(actor, at)
    return _page(by, filters, size)(after=after) if by.each else []


def counts_for(actor: Actor, at: datetime) -> dict[str, int]:
    """The number of submissions that `actor` may decide on, by area. Two queries, including the actor's permissions."""
    by = ways(actor, at)
    return dict(_counts(by)()) if by.each else {}


# Enough for the ways of some hundred approvers.
_CACHED = 256


@lru_cache(maxsize=_CACHED)
def _page(by: Ways, filters: Filters, size: int) -> Prepared[Waits]:
    columns = (
        "pk", "version", "title", "area", "section_id", "author_id", "round", "step", "run_at", "submitted_at",
        "waiting__since", "waiting__escalated_to_id",
    )  # fmt: skip
    rows = _waiting(by).filter(**dict(filters)).order_by("pk")
    return Prepared(lambda after: rows.filter(pk__gt=after).values_list(*columns)[:size], Waits, after=int)


@lru_cache(maxsize=_CACHED)
def _counts(by: Ways) -> Prepared[tuple[str, int]]:
    rows = _waiting(by).order_by().values_list("area")
    return Prepared(lambda: rows.annotate(Count("pk")).order_by("area"), lambda area, count: (area, count))


def _waiting(by: Ways) -> QuerySet[Submission]:
    rows: QuerySet[Submission] = Submission.objects.filter(state=SubmissionState.SUBMITTED)
    return rows.filter(_not_apart(by.user), reduce(or_, (way.condition() for way in by.each)))


def ways(actor: Actor, at: datetime) -> Ways:
    """All ways by which `actor` decides. Areas with the same way are combined into one."""
    return Ways(actor.user.pk, tuple(_ways(actor, at))) if isinstance(actor, SignedIn) else Ways(0, ())


def _ways(actor: SignedIn, at: datetime) -> Iterator[Way]:
    alike: dict[Way, list[str]] = {}
    for area in AREAS:
        # Sorted, since the ways are the key of the cache.
        steps = sorted(step for step in reach_of(actor).steps if step.area == area)
        regions = sorted({step.path for step in steps})
        for path, person in _places(actor, approve(area), area, at):
            if not any(path.startswith(region) for region in regions):
                elsewhere = tuple(region for region in regions if region.startswith(path))
                alike.setdefault(Way((), path, person, elsewhere), []).append(area)
            if steps:
                # Submissions are escalated to the approvers above only from areas with steps: without any, these decide anyway.
                alike.setdefault(Way((), path, person, gone_up=True), []).append(area)
        for path, person in _places(actor, LAST_RESORT, area, at):
            if path == EVERYWHERE_PATH:
                alike.setdefault(Way((), path, person, gone_up=True, at_last=True), []).append(area)
        yield from _ways_by_steps(actor, area, steps, at)
    for way, areas in alike.items():
        yield way._replace(areas=tuple(areas))


def _ways_by_steps(actor: SignedIn, area: str, steps: Collection[Step], at: datetime) -> Iterator[Way]:
    for step in steps:
        deeper = {other.path for other in steps if other.path != step.path and other.path.startswith(step.path)}
        last = step.position == max(other.position for other in steps if other.path == step.path)
        for held, person in _places(actor, step.word, area, at):
            path = narrower(step.path, held)
            if path is not None:
                yield Way((area,), path, person, tuple(sorted(deeper)), step.position, onward=last)


def _places(actor: SignedIn, word: str, area: str, at: datetime) -> list[tuple[str, int | None]]:
    """The paths below which the actor decides by `word`, each with the absent approver (None: the actor themselves)."""
    grounds = reach_of(actor).grounds(word, area, actor.permissions.own)
    return sorted({(ground.hold.path, ground.person) for ground in grounds if ground.hold.lives_at(at)}, key=repr)


def _within(place: str, path: str, but: Collection[str]) -> Q:
    within = Q(**{f"{place}__path__startswith": path}) if path != EVERYWHERE_PATH else Q(**{f"{place}__isnull": False})
    for other in but:
        within &= ~Q(**{f"{place}__path__startswith": other})
    return within


def _not_apart(user: int) -> Q:
    wrote_some = SubmissionAuthor.objects.filter(submission=OuterRef("pk"), user_id=user, wrote_at__isnull=False)
    agreed = Agreement.objects.filter(submission=OuterRef("pk"), round=OuterRef("round"), user_id=user)
    agreed = agreed.exclude(submission__waiting__by_those_who_agreed=True)
    return ~Q(author_id=user) & ~Q(Exists(wrote_some)) & ~Q(Exists(agreed))


def perhaps_orphaned(at: datetime) -> list[int]:
    """IDs of pending submissions without a direct approver. A substitute may decide, or those they were escalated to.

    Six queries, however many are pending.
    """
    steps = all_steps()
    held = _held_at({step.word for step in steps} | {approve(area) for area in AREAS}, at)
    waiting = Submission.objects.filter(state=SubmissionState.SUBMITTED)
    wrote = SubmissionAuthor.objects.filter(submission__in=waiting, wrote_at__isnull=False)
    agreed = Agreement.objects.filter(submission__in=waiting, round=F("submission__round"))
    apart: dict[int, set[int]] = defaultdict(set)
    for rows in (wrote, agreed):
        for submission, user in rows.order_by().values_list("submission_id", "user_id"):
            apart[submission].add(user)

    @cache
    def deciding(area: str, path: str, step: int) -> set[int]:
        word = standing(governing(steps, area, path), step).word
        return {user for place, user in held[word] if path.startswith(place)}

    pending = waiting.order_by("pk").values_list("pk", "author_id", "area", "section__path", "step")
    return [pk for pk, author, *where in pending if not deciding(*where) - apart[pk] - {author}]


def _held_at(words: Collection[str], at: datetime) -> dict[str, set[tuple[str, int]]]:
    """For each word, the paths on which users have it, each with the user's id."""
    roles = [role for word in words if (role := role_of(word)) is not None]
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    permissions = SectionGrant.objects.filter(live(at), permission__codename__in=words, user__is_active=True)
    for permission, path, user in permissions.values_list("permission__codename", "content_object__path", "user_id"):
        found[permission].add((path, user))
    assigned = RoleAssignment.objects.filter(live(at), role__in=roles, user__is_active=True)
    for role, path, user in assigned.values_list("role_id", "section__path", "user_id"):
        found[role_word(role)].add((path, user))
    return found
