"""Checks who has which permission, where and when. `User.has_perm`, `visible_to` and every action ask here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from guardian.backends import ObjectPermissionBackend

from accounts.permissions.models.sections import RoleAssignment, Section, SectionGrant
from accounts.permissions.rules.ceilings import EVERYWHERE_PATH, Hold
from accounts.permissions.rules.permissions import PERMISSIONS
from accounts.users.models.users import User
from theater_site.core import runs
from theater_site.core.actors import EVERYWHERE, Actor, ActorKind, Public, Sections, SectionsBelow
from theater_site.core.errors import NotAllowed
from theater_site.core.models import ContentModel

# A grant as the database returns it: permission, path, parent, start, end, grant, assignment; then the path of the section
# that was asked about, if any.
Row = tuple[Any, ...]


class Derived(Protocol):
    """Permissions that are not granted but follow from something else, such as approval steps."""

    def holds(self, permission: str, own: Callable[[str], list[Hold]]) -> list[Hold]:
        """Where `permission` is held; `own` gives the holds of another permission of the same user."""


# Loads what is derived for a user, and the user's grants, in one statement.
Deriving = Callable[[int, bool], tuple[Derived, list[Row]]]
_derivings: dict[str, Deriving] = {}


def derive(prefix: str, load: Deriving) -> None:
    """Register that permissions with this prefix are derived by what `load(user_id, second_factor)` returns."""
    _derivings[prefix] = load


class Permissions:
    """All permissions of one user, loaded with the first question and kept.

    One query loads the grants, with the section of the object asked about. A second one loads the sections below all grants,
    for a list or another object. If these are more than `_FEW`, each object that was loaded without its section costs a query.
    Ends are compared with the instant asked about, so an expired grant is refused however long ago it was loaded. Without a
    second factor, the permissions of sensitive roles do not count.

    Derived permissions (`derive`) cost one more query, or none if they are asked about first.
    """

    def __init__(self, user: User, *, second_factor: bool = True, loads_sections: bool = False) -> None:
        self._user = user
        self._second_factor = second_factor
        # Whether to look up the path of a section that was loaded with its object: it may have been moved since.
        self._loads_sections = loads_sections
        self._rows: list[Row] | None = None
        self._by_permission: dict[str, list[Hold]] = {}
        self._paths: dict[int, str] = {}
        self._below: list[tuple[int, str]] | None = None
        self._below_loaded = False
        self._held: dict[tuple[str, ...], Sections] = {}
        self._derived: dict[str, Any] = {}

    def renewed(self) -> Permissions:
        """The permissions of the same user, to be loaded again, with the state of the account and the paths of sections."""
        user = User.objects.filter(pk=self._user.pk).first() or User(is_active=False)
        return Permissions(user, second_factor=self._second_factor, loads_sections=True)

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        """Whether the user has `permission` at the instant `at` on the section of `scope`: a Section or a content object."""
        if self._rows is None:
            self._loaded(self._section_to_load(scope))
        paths = self._held_paths(permission, at)
        if not paths:
            return False
        if EVERYWHERE_PATH in paths:
            return True
        path = self.path_of(scope)
        return path is not None and path.startswith(tuple(paths))

    def sections(self, permission: str, at: datetime) -> Sections:
        """The ids of all sections on which the user has `permission`, with those below; EVERYWHERE for the organization."""
        paths = tuple(sorted(self._held_paths(permission, at)))
        if not paths:
            return ()
        if paths[0] == EVERYWHERE_PATH:
            return EVERYWHERE
        if paths not in self._held:
            self._held[paths] = self._sections_below(paths)
        return self._held[paths]

    def _sections_below(self, paths: tuple[str, ...]) -> Sections:
        below = self._all_below()
        held = tuple(row[1] for row in self._loaded() if row[2] is not None)
        if below is None or not all(path.startswith(held) for path in paths):
            everything = partial(_ids_below, paths)
            return SectionsBelow("path", paths, everything)
        return tuple(pk for pk, path in below if path.startswith(paths))

    def all(self) -> dict[str, list[Hold]]:
        """The holds of each permission, at any time."""
        return {permission: self._holds(permission) for permission in {row[0] for row in self._loaded()}}

    def sections_changed(self) -> None:
        """Forget the loaded sections, because sections were created or moved."""
        self._below, self._below_loaded = None, False
        self._held.clear()

    def _loaded(self, section_id: int | None = None) -> list[Row]:
        """Load the grants and the path of the section asked about, in one statement.

        Written as SQL since it begins every request: the ORM takes several times as long to compile it as the database
        takes to answer.
        """
        if self._rows is None:
            self._rows = []
            if self._user.is_active:
                sql = _ALL_HELD if self._second_factor else _HELD_WITHOUT_SECOND_FACTOR
                with connection.cursor() as cursor:
                    cursor.execute(sql, [section_id, self._user.pk])
                    self._rows = cursor.fetchall()
            if section_id is not None and self._rows and self._rows[0][-1] is not None:
                self._paths[section_id] = self._rows[0][-1]
        return self._rows

    def derived(self, prefix: str) -> Any:
        """What the permissions with this prefix are derived from, as their `Deriving` loaded it."""
        if prefix not in self._derived:
            known = self._user.pk is not None and self._user.is_active
            self._derived[prefix], held = _derivings[prefix](self._user.pk if known else 0, self._second_factor)
            if self._rows is None:
                self._rows = held if known else []
        return self._derived[prefix]

    def own(self, permission: str) -> list[Hold]:
        """The holds of `permission`, at any time."""
        return self._holds(permission)

    def _holds(self, permission: str) -> list[Hold]:
        if permission not in self._by_permission:
            prefix = next((prefix for prefix in _derivings if permission.startswith(prefix)), None)
            self._by_permission[permission] = (
                [_hold(row) for row in self._loaded() if row[0] == permission]
                if prefix is None
                else self.derived(prefix).holds(permission, self._holds)
            )
        return self._by_permission[permission]

    def _all_below(self) -> list[tuple[int, str]] | None:
        """Each section on which the user has any grant, with its path, in one query; None if they are more than `_FEW`."""
        if not self._below_loaded:
            below = Q(pk__in=())
            for path in {row[1] for row in self._loaded() if row[2] is not None}:
                below |= Q(path__startswith=path)
            found = list(Section.objects.filter(below).values_list("pk", "path")[: _FEW + 1])
            self._below = found if len(found) <= _FEW else None
            self._below_loaded = True
            self._paths.update(found)
        return self._below

    def _held_paths(self, permission: str, at: datetime) -> set[str]:
        return {hold.path for hold in self._holds(permission) if hold.lives_at(at)}

    def path_of(self, scope: Any) -> str | None:
        """The path of the section of `scope`; None if it has no section."""
        if (section := self._section_along(scope)) is not None:
            # The runner asks again with the locked row, which was loaded without its section.
            return self._paths.setdefault(section.pk, section.path)
        section_id = scope.owning_section_id if isinstance(scope, ContentModel) else None
        if section_id is None:
            return None
        if section_id not in self._paths:
            self._all_below()
        if section_id not in self._paths:
            path = Section.objects.filter(pk=section_id).values_list("path", flat=True).first()
            if path is None:
                return None
            self._paths[section_id] = path
        return self._paths[section_id]

    def _section_along(self, scope: Any) -> Section | None:
        """The section that was loaded with `scope`; None if it was not, or must be looked up again."""
        if self._loads_sections or not isinstance(scope, ContentModel):
            return None
        if isinstance(scope, Section):
            return scope
        along = scope.section_along
        return along if isinstance(along, Section) else None

    def _section_to_load(self, scope: Any) -> int | None:
        """The id of the section to look up for `scope`; None if finding it out would cost a query."""
        if not isinstance(scope, ContentModel) or self._section_along(scope) is not None:
            return None
        return scope.owning_section_id if scope.section_lookup in ("id", "section_id") else None


# Up to this number of sections is named by id in a statement; more are compared by path.
_FEW = 200
_ALL_HELD = (
    "SELECT p.codename, s.path, s.parent_id, g.starts_at, g.ends_at, g.id, g.assignment_id, "
    "(SELECT path FROM accounts_section WHERE id = %s) "
    "FROM accounts_sectiongrant g JOIN accounts_section s ON s.id = g.content_object_id "
    "JOIN auth_permission p ON p.id = g.permission_id WHERE g.user_id = %s"
)
_HELD_WITHOUT_SECOND_FACTOR = (
    _ALL_HELD  # noqa: S608 (no part of it comes from input)
    + " AND NOT EXISTS (SELECT 1 FROM accounts_roleassignment a JOIN accounts_role r ON r.id = a.role_id "
    "WHERE a.id = g.assignment_id AND r.sensitive)"
)


def reaching(path: str, parent: int | None) -> str:
    """The path below which a grant on this section applies; everywhere for the organization, which has no parent."""
    return EVERYWHERE_PATH if parent is None else path


def aware(instant: datetime | None) -> datetime | None:
    """Add UTC to an instant read without the ORM: SQLite returns it without a zone."""
    return instant.replace(tzinfo=UTC) if instant is not None and instant.tzinfo is None else instant


def _hold(row: Row) -> Hold:
    permission, path, parent, starts_at, ends_at, grant, assignment = row[:7]
    return Hold(permission, reaching(path, parent), aware(starts_at), aware(ends_at), grant, assignment)


def _ids_below(paths: tuple[str, ...]) -> list[int]:
    below = Q()
    for path in paths:
        below |= Q(path__startswith=path)
    return list(Section.objects.filter(below).values_list("pk", flat=True))


def holds_in(grants: QuerySet[SectionGrant]) -> Iterator[Hold]:
    """The holds of `grants`, in one query."""
    rows = grants.values_list(
        "permission__codename",
        "content_object__path",
        "content_object__parent_id",
        "starts_at",
        "ends_at",
        "pk",
        "assignment_id",
    )
    return map(_hold, rows)


class SignedIn(Actor):
    """A user who acts. Created for each request or command; the permissions are loaded once and kept for that time."""

    kind = ActorKind.USER

    def __init__(self, user: User, *, second_factor: bool = True) -> None:
        self.user = user
        self.label = f"user:{user.pk}"
        self.permissions = Permissions(user, second_factor=second_factor)
        self.second_factor = second_factor

    def renew(self) -> None:
        self.permissions = self.permissions.renewed()

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        return self.permissions.holds(permission, scope, at)

    def sections_held(self, permission: str, at: datetime) -> Sections:
        return self.permissions.sections(permission, at)

    def why_not(self, permission: str, scope: Any, at: datetime) -> NotAllowed | None:
        if self.second_factor or not Permissions(self.user).holds(permission, scope, at):
            return None
        return NotAllowed(
            "Your role here is sensitive: it holds only while you are signed in with a second factor. Set up an authenticator "
            "app at /api/auth/app/v1/account/authenticators/totp, then sign in again and give its code.",
            code="second_factor_needed",
            data={"needs": [permission], "set_up": settings.FRONTEND_URLS["security"]},
        )


def actor_for(user: Any, *, second_factor: bool = True) -> Actor:
    """The actor for `user`; the public if the user is not signed in or not active."""
    if user is None or not user.is_authenticated or not user.is_active:
        return Public()
    return SignedIn(user, second_factor=second_factor)


def absent(user: User | None) -> Actor:
    """The actor for a `user` who has no session now. Where a second factor is required, it does not count as given."""
    return actor_for(user, second_factor=not settings.REQUIRE_SECOND_FACTOR)


class SectionBackend(ObjectPermissionBackend):
    """Lets `user.has_perm("accounts.edit_promotions", section)` respect parents and dates, unlike guardian's backend.

    Any content object represents its section. Without an object the answer is False: there are no global permissions.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        app, _, codename = perm.rpartition(".")
        if obj is None or app not in ("", "accounts") or codename not in PERMISSIONS:
            return False
        if not user_obj.is_authenticated or not user_obj.is_active:
            return False
        permissions = user_obj.__dict__.setdefault("_permissions", Permissions(user_obj))
        return permissions.holds(codename, obj, runs.instant())

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return {
            f"accounts.{permission}"
            for permission in PERMISSIONS
            if self.has_perm(user_obj, f"accounts.{permission}", obj)
        }


def live(at: datetime) -> Q:
    """The rows whose span contains that instant."""
    return (Q(starts_at=None) | Q(starts_at__lte=at)) & (Q(ends_at=None) | Q(ends_at__gt=at))


def live_grants(section: Section, at: datetime) -> QuerySet[SectionGrant]:
    """The grants of active users that apply to `section` at that instant: on it and on those above."""
    rows: QuerySet[SectionGrant] = SectionGrant.objects.filter(
        live(at),
        content_object__path__in=section.paths_above,
        user__is_active=True,
    )
    return rows


def holders_of(permission: str, section: Section, at: datetime | None = None) -> list[User]:
    """The active users who have `permission` on `section` at that instant (default: now), by id."""
    grants = live_grants(section, at or timezone.now()).filter(permission__codename=permission)
    return list(User.objects.filter(pk__in=grants.values("user_id")).order_by("pk"))


def people_holding(role: str) -> list[User]:
    """The active users who have the role of this name now, on any section, by id."""
    held = RoleAssignment.objects.filter(live(timezone.now()), role__name=role)
    return list(User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("pk"))
