"""What lets a user decide beyond their own permissions: approval steps, roles and substitutions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from accounts.approvals.rules.approval_steps import DECIDE, Step, approve, narrower
from accounts.permissions.rules.ceilings import EVERYWHERE_PATH, Hold
from accounts.permissions.selectors.permissions import Row, aware, reaching

# On the organization, this permission lets a user decide on submissions that nobody else may decide on.
LAST_RESORT = "manage_members"


class Ground(NamedTuple):
    """A hold by which a user decides: their own, or as a substitute that of `person`."""

    hold: Hold
    person: int | None = None


@dataclass
class Reach:
    """All approval steps, and the roles and substitutions by which one user decides; loaded by one statement."""

    steps: list[Step] = field(default_factory=list)
    # By permission or "role:<id>". A borrowed one has the area of the substitution, "" for all areas.
    _roles: list[Hold] = field(default_factory=list)
    _borrowed: list[tuple[str, Ground]] = field(default_factory=list)

    def grounds(self, word: str, area: str, own: Callable[[str], Iterable[Hold]]) -> Iterator[Ground]:
        """The grounds on which the user decides by `word` in `area`. `own` returns their holds of a permission."""
        for hold in (*own(word), *(hold for hold in self._roles if hold.permission == word)):
            yield Ground(hold)
        for only, ground in self._borrowed:
            if ground.hold.permission == word and only in ("", area):
                yield ground

    def holds(self, permission: str, own: Callable[[str], list[Hold]]) -> list[Hold]:
        """Where the user may decide at some step of an area; `permission` is "decide_<area>".

        Includes those who manage members on the organization, who decide where nobody else may.
        """
        area = permission.removeprefix(DECIDE)
        last = (ground.hold for ground in self.grounds(LAST_RESORT, area, own))
        return [*self._at_steps(area, own), *(hold for hold in last if hold.path == EVERYWHERE_PATH)]

    def _at_steps(self, area: str, own: Callable[[str], list[Hold]]) -> list[Hold]:
        found = [ground.hold for ground in self.grounds(approve(area), area, own)]
        for step in self.steps:
            if step.area == area:
                for ground in self.grounds(step.word, area, own):
                    path = narrower(step.path, ground.hold.path)
                    if path is not None:
                        found.append(ground.hold._replace(path=path))
        return found


def reach_of(actor: Any) -> Reach:
    """The steps, roles and substitutions by which `actor`, a signed-in user, decides."""
    reach: Reach = actor.permissions.derived(DECIDE)
    return reach


def approves_for(actor: Any, area: str, scope: Any, at: datetime) -> set[int | None]:
    """The ids of users for whom `actor` may approve in `area` on the section of `scope`; None means the actor."""
    path = actor.permissions.path_of(scope)
    grounds = reach_of(actor).grounds(approve(area), area, actor.permissions.own)
    return {
        ground.person
        for ground in grounds
        if path is not None and ground.hold.lives_at(at) and ground.hold.reaches(path)
    }


def reach_of_user(user_id: int, second_factor: bool) -> tuple[Reach, list[Row]]:
    """The reach of a user and their grants, loaded by one statement since callers need both.

    Without a second factor nothing from a sensitive role counts, not even as a substitute. User 0 has neither.
    """
    reach, held = Reach(), list[Row]()
    if not user_id:
        return reach, held
    with connection.cursor() as cursor:
        cursor.execute(_REACH, [user_id] * 4)
        rows = cursor.fetchall()
    for kind, *row, sensitive in rows:
        if kind == "step":
            word, path, _, _, _, area, position = row[:7]
            reach.steps.append(Step(path, area, position, word))
            continue
        if sensitive and not second_factor:
            continue
        if kind == "held":
            word, path, parent, starts_at, ends_at, _, grant, assignment = row[:8]
            held.append((word, path, parent, starts_at, ends_at, grant, assignment, None))
            continue
        word, hold, borrowed, area, person = _read(row)
        if kind == "role":
            reach._roles.append(hold)
        elif (path := narrower(hold.path, borrowed.path)) is not None:
            spans = (hold.starts_at, borrowed.starts_at), (hold.ends_at, borrowed.ends_at)
            starts = max((at for at in spans[0] if at is not None), default=None)
            ends = min((at for at in spans[1] if at is not None), default=None)
            reach._borrowed.append((area, Ground(Hold(word, path, starts, ends), person)))
    return reach, held


def _read(row: list[Any]) -> tuple[str, Hold, Hold, str, int]:
    word, path, parent, starts, ends, area, _, person, within, above, since, until = row
    return (
        word,
        Hold(word, reaching(path, parent), aware(starts), aware(ends)),
        Hold(word, reaching(within or "", above), aware(since), aware(until)),
        area,
        person,
    )


_IN_PLACE_OF = (
    " s.area, 0, s.person_id, within.path, within.parent_id, s.starts_at, s.ends_at, COALESCE(r.sensitive, FALSE) "
    "FROM accounts_substitute s JOIN accounts_section within ON within.id = s.section_id "
    "JOIN accounts_user person ON person.id = s.person_id AND person.is_active "
)
_BORROWED_PERMISSIONS = (
    "SELECT 'permission', p.codename, place.path, place.parent_id, g.starts_at, g.ends_at," + _IN_PLACE_OF,
    "JOIN accounts_sectiongrant g ON g.user_id = s.person_id JOIN auth_permission p ON p.id = g.permission_id "
    "JOIN accounts_section place ON place.id = g.content_object_id "
    "LEFT JOIN accounts_roleassignment a ON a.id = g.assignment_id LEFT JOIN accounts_role r ON r.id = a.role_id "
    "WHERE s.substitute_id = %s AND (p.codename LIKE 'approve%%' "
    "OR p.codename = 'manage_members' OR p.codename IN (SELECT \"permission\" FROM accounts_approvalstep))",
)
_BORROWED_ROLES = (
    "SELECT 'permission', 'role:' || a.role_id, place.path, place.parent_id, a.starts_at, a.ends_at," + _IN_PLACE_OF,
    "JOIN accounts_roleassignment a ON a.user_id = s.person_id JOIN accounts_role r ON r.id = a.role_id "
    "JOIN accounts_section place ON place.id = a.section_id "
    "WHERE s.substitute_id = %s AND a.role_id IN (SELECT role_id FROM accounts_approvalstep WHERE role_id IS NOT NULL)",
)
_STEPS = (
    "SELECT 'step', CASE WHEN step.role_id IS NULL THEN step.\"permission\" ELSE 'role:' || step.role_id END, place.path, "
    "place.parent_id, NULL, NULL, step.area, step.position, 0, '', NULL, NULL, NULL, FALSE "
    "FROM accounts_approvalstep step JOIN accounts_section place ON place.id = step.section_id",
)
_OWN_ROLES = (
    "SELECT 'role', 'role:' || a.role_id, place.path, place.parent_id, a.starts_at, a.ends_at, "
    "'', 0, 0, '', NULL, NULL, NULL, r.sensitive "
    "FROM accounts_roleassignment a JOIN accounts_role r ON r.id = a.role_id "
    "JOIN accounts_section place ON place.id = a.section_id "
    "WHERE a.user_id = %s AND a.role_id IN (SELECT role_id FROM accounts_approvalstep WHERE role_id IS NOT NULL)",
)
# The columns of position and person have the ids of the grant and its assignment.
_OWN_PERMISSIONS = (
    "SELECT 'held', p.codename, place.path, place.parent_id, g.starts_at, g.ends_at, '', g.id, g.assignment_id, "
    "'', NULL, NULL, NULL, COALESCE(r.sensitive, FALSE) FROM accounts_sectiongrant g "
    "JOIN auth_permission p ON p.id = g.permission_id JOIN accounts_section place ON place.id = g.content_object_id "
    "LEFT JOIN accounts_roleassignment a ON a.id = g.assignment_id LEFT JOIN accounts_role r ON r.id = a.role_id "
    "WHERE g.user_id = %s",
)
# PostgreSQL takes the types of a UNION from its first branch, so a branch with typed columns comes first.
_REACH = " UNION ALL ".join(
    map("".join, (_BORROWED_PERMISSIONS, _BORROWED_ROLES, _STEPS, _OWN_ROLES, _OWN_PERMISSIONS))
)
