"""Explains whether a user may do something here, why, until when and through whom; and lists who may do what in a section.

Reads the same rows as `User.has_perm` and `visible_to`, so that the answers agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.permissions.models.sections import RoleAssignment, Section, SectionGrant
from accounts.permissions.rules.ceilings import Hold, held_until
from accounts.permissions.rules.permissions import PERMISSIONS
from accounts.permissions.selectors.permissions import live_grants
from accounts.users.models.users import User
from theater_site.core import runs
from theater_site.core.errors import Invalid

_ALONG = (
    "permission", "content_object", "user", "assignment__role", "assignment__section", "assignment__granted_by"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain through which a permission was passed on: its user, role and section."""

    user: User
    role: str
    section: Section
    assignment: RoleAssignment | None


@dataclass(frozen=True, slots=True)
class Ground:
    """A grant that gives a permission, here or from above. `chain` leads from its giver up to the first one."""

    grant: SectionGrant
    inherited: bool
    chain: tuple[Link, ...] = ()

    @property
    def assignment(self) -> RoleAssignment | None:
        return self.grant.assignment

    @property
    def section(self) -> Section:
        section: Section = self.grant.content_object
        return section

    @property
    def role(self) -> str:
        return self.assignment.role.title if self.assignment is not None else ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer. `until` is the end of the permission, adjoining spans joined (None: no end); `missing` is what prevents it.

    `missing` is empty if it is allowed, else one of: account_closed, not_held (nowhere), not_here (elsewhere only),
    not_yet (starts at `begins_at`), over (since `ended_at`), second_factor_needed (only with a second factor).
    """

    user: User
    permission: str
    section: Section
    at: datetime
    allowed: bool
    until: datetime | None = None
    grounds: tuple[Ground, ...] = ()
    missing: str = ""
    begins_at: datetime | None = None
    ended_at: datetime | None = None
    # Whether the permission comes from sensitive roles only, which need a second factor.
    second_factor: bool = False


@dataclass(slots=True)
class Through:
    """The permissions of one assignment for one span."""

    assignment: RoleAssignment | None
    section: Section
    inherited: bool
    starts_at: datetime | None
    ends_at: datetime | None
    permissions: list[str] = field(default_factory=list)

    @property
    def second_factor(self) -> bool:
        """Whether they need a second factor."""
        return self.assignment is not None and self.assignment.role.sensitive


@dataclass(slots=True)
class Member:
    """A user's permissions on a section at an instant, by assignment."""

    user: User
    through: list[Through] = field(default_factory=list)

    @property
    def permissions(self) -> list[str]:
        return sorted({permission for each in self.through for permission in each.permissions})


def instant_asked(at: datetime | None) -> datetime:
    """The instant asked about; None is now. Raises: Invalid `at_is_past`, since ended grants are deleted."""
    now = runs.instant()
    if at is not None and at < now:
        raise Invalid(
            "This answers for now and later. For the past, see the audit log.",
            code="at_is_past",
            field="at",
        )
    return at or now


def explain(user: User, permission: str, section: Section, at: datetime, *, second_factor: bool = True) -> Explanation:
    """Explain whether `user` has `permission` on `section` at the instant `at`, now or later, by the present grants.

    Without a second factor, grants of sensitive roles do not count. The number of queries does not grow with the user's
    grants; the chains cost one query for each level.
    Raises: Invalid `unknown_permission`.
    """
    refuse_unknown_permission(permission)
    rows = list(
        SectionGrant.objects.filter(user=user, permission__codename=permission).select_related(*_ALONG).order_by("pk")
    )
    above = set(section.paths_above)
    here = [row for row in rows if row.content_object.path in above]
    lives = [row for row in here if _hold(row).lives_at(at)] if user.is_active else []
    if live := lives if second_factor else [row for row in lives if not _sensitive(row)]:
        return Explanation(
            user,
            permission,
            section,
            at,
            allowed=True,
            until=held_until([_hold(row) for row in here if second_factor or not _sensitive(row)], at),
            grounds=_grounds(live, section),
            second_factor=all(_sensitive(row) for row in live),
        )
    begins = [row.starts_at for row in here if row.starts_at is not None and row.starts_at > at]
    ended = [row.ends_at for row in here if row.ends_at is not None and row.ends_at <= at]
    missing = (
        "account_closed"
        if not user.is_active
        else "second_factor_needed"
        if lives
        else "not_yet"
        if begins
        else "over"
        if ended
        else "not_here"
        if rows
        else "not_held"
    )
    return Explanation(
        user,
        permission,
        section,
        at,
        allowed=False,
        missing=missing,
        begins_at=min(begins, default=None),
        ended_at=max(ended, default=None),
    )


def members(section: Section, at: datetime) -> QuerySet[User]:
    """The active users who have any permission on `section` at that instant."""
    rows: QuerySet[User] = User.objects.filter(pk__in=live_grants(section, at).values("user_id"))
    return rows


def who(section: Section, at: datetime, users: Iterable[User]) -> list[Member]:
    """The permissions of each of `users` on `section` at that instant, in their order. One query."""
    known = {user.pk: Member(user) for user in users}
    rows = live_grants(section, at).filter(user__in=known)
    for user_id, through in _grouped(rows.order_by("pk"), section):
        known[user_id].through.append(through)
    return list(known.values())


def held_by(user: User, at: datetime) -> list[Through]:
    """The permissions of `user` at the instant `at` or later, by assignment and section, in the order of the tree. One query."""
    rows = SectionGrant.objects.filter(user=user).exclude(ends_at__lte=at)
    return [through for _, through in _grouped(rows.order_by("content_object__path", "assignment_id"), None)]


def _grouped(rows: QuerySet[SectionGrant], section: Section | None) -> list[tuple[int, Through]]:
    """Group the grants by user, assignment, section and span, in the order of `rows`. Grants of another section than
    `section` are inherited."""
    groups: dict[Any, Through] = {}
    for row in rows.select_related(*_ALONG):
        key = (row.user_id, row.assignment_id, row.content_object_id, row.starts_at, row.ends_at)
        inherited = section is not None and row.content_object_id != section.pk
        group = groups.setdefault(
            key, Through(row.assignment, row.content_object, inherited, row.starts_at, row.ends_at)
        )
        group.permissions.append(row.permission.codename)
    for group in groups.values():
        group.permissions.sort()
    return [(key[0], group) for key, group in groups.items()]


def refuse_unknown_permission(permission: str) -> None:
    if permission not in PERMISSIONS:
        raise Invalid(
            f"There is no permission called {permission[:60]!r}. A permission is a verb and an area, such as edit_schedule.",
            code="unknown_permission",
            field="permission",
        )


def _hold(row: SectionGrant) -> Hold:
    return Hold(row.permission.codename, row.content_object.path, row.starts_at, row.ends_at, row.pk)


def _sensitive(row: SectionGrant) -> bool:
    return row.assignment is not None and row.assignment.role.sensitive


def _grounds(rows: list[SectionGrant], section: Section) -> tuple[Ground, ...]:
    """Each row with its chain. All chains are loaded together, with one query for each level."""
    known: dict[int, SectionGrant] = {}
    level = {row.origin_id for row in rows} - {None}
    while level:
        found = SectionGrant.objects.filter(pk__in=level).select_related(*_ALONG)
        known |= {row.pk: row for row in found}
        level = {known[pk].origin_id for pk in level if pk is not None} - known.keys() - {None}
    return tuple(Ground(row, row.content_object_id != section.pk, tuple(_chain(row, known))) for row in rows)


def _chain(row: SectionGrant, known: dict[int, SectionGrant]) -> Iterable[Link]:
    here: Any = row
    while here.origin_id is not None:
        here = known[here.origin_id]
        assignment = here.assignment
        yield Link(here.user, assignment.role.title if assignment is not None else "", here.content_object, assignment)
