"""Who may do what, where and when: one answer, behind `User.has_perm`, `visible_to` and every action."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from guardian.backends import ObjectPermissionBackend

from accounts.models import RoleAssignment, Section, SectionGrant, User
from accounts.rules.rights import RIGHTS
from theater_site.core import recording
from theater_site.core.actors import EVERYWHERE, Actor, ActorKind, Public, Sections
from theater_site.core.models import ContentModel

_ROOT = ""
_Span = tuple[str, datetime | None, datetime | None]


class Rights:
    """Everything one user holds, loaded with the first question and kept: at most one query for the grants, and one for
    each section whose place in the tree was not loaded along with the object asked about."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._spans: dict[str, list[_Span]] | None = None
        self._paths: dict[int, str] = {}
        self._held: dict[tuple[str, ...], Sections] = {}

    def holds(self, right: str, scope: Any, at: datetime) -> bool:
        """Whether `right` is held at the instant `at` on the section of `scope`: a Section or a content object."""
        paths = self._held_paths(right, at)
        if not paths:
            return False
        if _ROOT in paths:
            return True
        path = self._path_of(scope)
        return path is not None and path.startswith(tuple(paths))

    def sections(self, right: str, at: datetime) -> Sections:
        """The ids of all sections on which `right` is held, the ones below included; EVERYWHERE from the root down."""
        paths = tuple(sorted(self._held_paths(right, at)))
        if not paths:
            return ()
        if paths[0] == _ROOT:
            return EVERYWHERE
        if paths not in self._held:
            below = Q()
            for path in paths:
                below |= Q(path__startswith=path)
            self._held[paths] = tuple(Section.objects.filter(below).values_list("pk", flat=True))
        return self._held[paths]

    def covers(self, right: str, section: Section, starts_at: datetime | None, ends_at: datetime | None) -> bool:
        """Whether `right` is held on `section` by one grant for the whole span; None is open on that side."""
        return any(
            section.path.startswith(path)
            and (start is None or (starts_at is not None and start <= starts_at))
            and (end is None or (ends_at is not None and ends_at <= end))
            for path, start, end in self._all().get(right, ())
        )

    def _held_paths(self, right: str, at: datetime) -> set[str]:
        return {
            path
            for path, start, end in self._all().get(right, ())
            if (start is None or start <= at) and (end is None or at < end)
        }

    def _all(self) -> dict[str, list[_Span]]:
        if self._spans is None:
            spans: dict[str, list[_Span]] = defaultdict(list)
            if self._user.is_active:
                rows = SectionGrant.objects.filter(user_id=self._user.pk).values_list(
                    "permission__codename", "content_object__path", "content_object__parent_id", "starts_at", "ends_at"
                )
                for codename, path, parent, start, end in rows:
                    spans[codename].append((_ROOT if parent is None else path, start, end))
            self._spans = spans
        return self._spans

    def _path_of(self, scope: Any) -> str | None:
        if isinstance(scope, Section):
            return scope.path
        if not isinstance(scope, ContentModel):
            return None
        if (section := scope.__dict__.get("_state") and scope._state.fields_cache.get("section")) is not None:
            return section.path
        section_id = scope.owning_section_id
        if section_id is None:
            return None
        if section_id not in self._paths:
            path = Section.objects.filter(pk=section_id).values_list("path", flat=True).first()
            if path is None:
                return None
            self._paths[section_id] = path
        return self._paths[section_id]


class SignedIn(Actor):
    """A user who acts. Made anew for every request or command: what they hold is loaded once and kept that long."""

    kind = ActorKind.USER

    def __init__(self, user: User) -> None:
        self.user = user
        self.label = f"user:{user.pk}"
        self.rights = Rights(user)

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        return self.rights.holds(permission, scope, at)

    def sections_held(self, permission: str, at: datetime) -> Sections:
        return self.rights.sections(permission, at)


def actor_for(user: Any) -> Actor:
    """The actor that `user` is: signed in and active, or the public."""
    if user is None or not user.is_authenticated or not user.is_active:
        return Public()
    return SignedIn(user)


class SectionBackend(ObjectPermissionBackend):
    """`user.has_perm("accounts.edit_promotions", section)`, with parents and dates, which guardian's own does not know.

    Any content object may stand for its section. Without an object the answer is no: there are no rights at large.
    """

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        app, _, codename = perm.rpartition(".")
        if obj is None or app not in ("", "accounts") or codename not in RIGHTS:
            return False
        if not user_obj.is_authenticated or not user_obj.is_active:
            return False
        rights = user_obj.__dict__.setdefault("_rights", Rights(user_obj))
        return rights.holds(codename, obj, recording.instant())

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return {f"accounts.{right}" for right in RIGHTS if self.has_perm(user_obj, f"accounts.{right}", obj)}


def holders_of(right: str, section: Section, at: datetime | None = None) -> list[User]:
    """The active users who hold `right` on `section` at that instant (now), by themselves or from above; by id."""
    at = at or timezone.now()
    labels = section.path.rstrip("/").split("/")
    above = ["/".join(labels[: n + 1]) + "/" for n in range(len(labels))]
    grants = SectionGrant.objects.filter(
        Q(starts_at=None) | Q(starts_at__lte=at),
        Q(ends_at=None) | Q(ends_at__gt=at),
        permission__codename=right,
        content_object__path__in=above,
    )
    return list(User.objects.filter(is_active=True, pk__in=grants.values("user_id")).order_by("pk"))


def people_holding(role: str) -> list[User]:
    """The active users to whom the role of this name is assigned now, anywhere; by id."""
    at = timezone.now()
    held = RoleAssignment.objects.filter(
        Q(starts_at=None) | Q(starts_at__lte=at), Q(ends_at=None) | Q(ends_at__gt=at), role__name=role
    )
    return list(User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("pk"))
