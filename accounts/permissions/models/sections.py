"""The section tree, roles, role assignments and grants."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from guardian.managers import UserObjectPermissionManager
from guardian.models import UserObjectPermissionBase

from accounts.permissions.rules.permissions import PERMISSIONS
from theater_site.core.actors import Actor
from theater_site.core.models import ContentModel, ContentQuerySet


class SectionKind(models.TextChoices):
    """What a section represents: the organization, a season, a production, or an area such as the directory."""

    ORGANIZATION = "organization", "organization"
    SEASON = "season", "season"
    PRODUCTION = "production", "production"
    AREA = "area", "area of work"


def _label() -> str:
    return secrets.token_hex(6)


class Section(ContentModel):
    """A part of the theater's work that can be delegated: the organization, a season, a production, the directory...

    A permission on a section applies to all sections below it, also to those created later. `path` has the labels from the root
    down ("a1b2c3d4e5f6/0f1e2d3c4b5a/"), so that "below" is a prefix and needs no recursion.
    """

    section_lookup: ClassVar[str] = "id"
    view_permission: ClassVar[str] = "view_members"
    chance: ClassVar[frozenset[str]] = frozenset({"label", "path"})

    kind = models.CharField(
        max_length=20, choices=SectionKind.choices, help_text="What the section represents. Example: production"
    )
    name = models.CharField(max_length=500, help_text="Its name; for a production, its title. Example: The Seagull")
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        help_text="Id of the section above it; null for the organization. Example: 1",
    )
    label = models.CharField(max_length=12, default=_label, unique=True, editable=False)
    path = models.CharField(max_length=255, unique=True, editable=False)

    class Meta:
        default_permissions = ()
        permissions = tuple(sorted(PERMISSIONS.items()))
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="section_only_organization_is_root",
                condition=Q(kind=SectionKind.ORGANIZATION, parent=None)
                | (~Q(kind=SectionKind.ORGANIZATION) & ~Q(parent=None)),
                violation_error_message="Only the organization is at the top of the sections.",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(parent=None),
                name="section_one_organization",
                violation_error_message="This installation has its organization already.",
            ),
            models.UniqueConstraint(
                fields=["parent", "name"],
                condition=Q(kind=SectionKind.AREA),
                name="section_area_named_once",
                violation_error_message="There is an area of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def paths_above(self) -> list[str]:
        """The paths of all sections above, from the root down, and its own path."""
        labels = self.path.rstrip("/").split("/")
        return ["/".join(labels[: n + 1]) + "/" for n in range(len(labels))]

    @classmethod
    def below(cls, parent: Section, kind: SectionKind, name: str) -> Section:
        """A section below `parent`, not saved. Its path is set already, so that it can be created in bulk."""
        section = cls(parent=parent, kind=kind, name=name)
        section.path = f"{parent.path}{section.label}/"
        return section


class Role(ContentModel):
    """A named set of permissions, assigned to users as one."""

    section_lookup: ClassVar[str] = "section_id"
    view_permission: ClassVar[str] = "view_members"

    section = models.ForeignKey(
        Section,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the section on and below which the role can be assigned. Example: 1",
    )
    name = models.CharField(
        max_length=60,
        unique=True,
        help_text="Name for programs: small letters, digits and underscores, a letter first. Example: house_manager",
    )
    title = models.CharField(max_length=120, help_text="Title for people. Example: House manager")
    permissions = models.JSONField(
        default=list, help_text='The permissions of the role. Example: ["view_cast", "manage_cast"]'
    )
    # Its permissions need a sign-in with a second factor.
    sensitive = models.BooleanField(
        default=False,
        help_text="True if the permissions of the role need a sign-in with a second factor. Example: false",
    )

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.title

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        """All users see all roles: a manager of one production needs the roles of the organization."""
        return Q(pk__isnull=False) if actor.user_id is not None else None


class RoleAssignment(ContentModel):
    """A user's role on a section, from `starts_at` (included) to `ends_at` (excluded); None is open.

    `passed_on_from` is the assignment of its giver; None if the installation gave it. When that assignment ends, this one ends
    too.
    """

    section_lookup: ClassVar[str] = "section_id"
    view_permission: ClassVar[str] = "view_members"
    personal: ClassVar[frozenset[str]] = frozenset({"reason"})

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="assignments",
        help_text="Id of the user who has the role. Example: 7",
    )
    role = models.ForeignKey(
        Role, on_delete=models.PROTECT, related_name="assignments", help_text="Id of the role. Example: 5"
    )
    section = models.ForeignKey(
        Section,
        on_delete=models.PROTECT,
        related_name="assignments",
        help_text="Id of the section on which, and below which, it applies. Example: 4",
    )
    starts_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it starts: an instant in UTC; null is since it was assigned. Example: 2027-09-01T00:00:00Z",
    )
    ends_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it ends (exclusive): an instant in UTC; null for no end. Example: 2028-07-01T00:00:00Z",
    )
    reason = models.CharField(
        max_length=500,
        blank=True,
        help_text="Why, for those who see the members. Example: Substitutes for Ann in spring",
    )
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the user who assigned it; null if the installation did. Example: 2",
    )
    passed_on_from = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="passed_on",
        help_text="Id of the giver's own assignment, on which it depends; null if the installation gave it. It ends with "
        "that assignment. Example: 3",
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="assignment_not_from_itself",
                condition=~Q(passed_on_from=F("id")),
                violation_error_message="Nothing is passed on from itself.",
            ),
            models.CheckConstraint(
                name="assignment_ends_after_start",
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=F("starts_at")),
                violation_error_message="The end must be after the start.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role_id} on {self.section_id}"


class SectionGrantManager(UserObjectPermissionManager.from_queryset(ContentQuerySet)):  # type: ignore[misc]
    """guardian's manager over a queryset whose writes are recorded."""


class SectionGrant(UserObjectPermissionBase, ContentModel):
    """One permission of one user on one section and below, as a guardian row with a direct foreign key, with dates and origin.

    `origin` is the giver's own grant of the same permission, which covers at least the same sections and span. Deleting a row
    also deletes everything that was passed on from it.

    guardian's shortcuts find these rows but ignore parents and dates: use `User.has_perm` and `visible_to` instead.
    """

    section_lookup: ClassVar[str] = "content_object_id"
    view_permission: ClassVar[str] = "view_members"

    content_object = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="grants")
    assignment = models.ForeignKey(RoleAssignment, null=True, on_delete=models.CASCADE, related_name="grants")
    origin = models.ForeignKey("self", null=True, editable=False, on_delete=models.CASCADE, related_name="passed_on")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = SectionGrantManager()

    class Meta:
        base_manager_name = "objects"
        # guardian's own constraint would forbid the same permission from two roles.
        unique_together = ()
        constraints = [
            models.UniqueConstraint(fields=["assignment", "permission"], name="grant_once_an_assignment"),
            models.UniqueConstraint(
                fields=["user", "permission", "content_object"],
                condition=Q(assignment=None),
                name="grant_once_by_itself",
            ),
        ]
