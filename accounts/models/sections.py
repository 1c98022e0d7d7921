"""The section tree, and who holds which right on it from when to when."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from guardian.managers import UserObjectPermissionManager
from guardian.models import UserObjectPermissionBase

from accounts.rules.rights import RIGHTS
from theater_site.core.actors import Actor
from theater_site.core.models import ContentModel, ContentQuerySet


class SectionKind(models.TextChoices):
    ORGANIZATION = "organization", "organization"
    SEASON = "season", "season"
    PRODUCTION = "production", "production"
    AREA = "area", "area of work"


def _label() -> str:
    return secrets.token_hex(6)


class Section(ContentModel):
    """A part of the theater's work that can be delegated: the organization, a season, a production, the directory...

    What is held on a section is held on all below it, sections made later included. `path` is the labels from the root
    down ("a1b2c3d4e5f6/0f1e2d3c4b5a/"), so that "below" is a prefix and needs no recursion.
    """

    section_lookup: ClassVar[str] = "id"
    view_right: ClassVar[str] = "view_members"
    chance: ClassVar[frozenset[str]] = frozenset({"label", "path"})

    kind = models.CharField(max_length=20, choices=SectionKind.choices)
    name = models.CharField(max_length=500)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    label = models.CharField(max_length=12, default=_label, unique=True, editable=False)
    path = models.CharField(max_length=255, unique=True, editable=False)

    class Meta:
        default_permissions = ()
        permissions = tuple(sorted(RIGHTS.items()))
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="section_only_organization_is_root",
                condition=Q(kind=SectionKind.ORGANIZATION, parent=None)
                | (~Q(kind=SectionKind.ORGANIZATION) & ~Q(parent=None)),
                violation_error_message="Only the organization stands at the top of the sections.",
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
        """The paths of all sections above, from the root down, and its own."""
        labels = self.path.rstrip("/").split("/")
        return ["/".join(labels[: n + 1]) + "/" for n in range(len(labels))]

    @classmethod
    def below(cls, parent: Section, kind: SectionKind, name: str) -> Section:
        """A section below `parent`, not saved yet; with its place in the tree, so that it can be created in bulk."""
        section = cls(parent=parent, kind=kind, name=name)
        section.path = f"{parent.path}{section.label}/"
        return section


class Role(ContentModel):
    """A named set of rights, given to people as one."""

    section_lookup: ClassVar[str] = "section_id"
    view_right: ClassVar[str] = "view_members"

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    rights = models.JSONField(default=list)
    # What it allows is allowed only to somebody who signed in with a second factor.
    sensitive = models.BooleanField(default=False)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.title

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        """Whoever delegates in one production only must find the roles too, which hang on the organization."""
        return Q(pk__isnull=False) if actor.user_id is not None else None


class RoleAssignment(ContentModel):
    """Somebody holds a role on a section, from `starts_at` (included) to `ends_at` (excluded); None is open.

    `passed_on_from` is the assignment that let its giver give it; None where the installation itself did. When that one
    ends, this one ends with it.
    """

    section_lookup: ClassVar[str] = "section_id"
    view_right: ClassVar[str] = "view_members"
    personal: ClassVar[frozenset[str]] = frozenset({"reason"})

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="assignments")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="assignments")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    passed_on_from = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.PROTECT, related_name="passed_on"
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
    """One right of one user on one section and all below, as guardian's direct-foreign-key row, with dates and origin.

    `origin` is the giver's own row of the same right, which reaches as far and lasts as long at least. Deleting a row
    deletes whatever was passed on from it, however it is deleted.

    guardian's shortcuts find these rows but know neither parents nor dates: ask `User.has_perm` and `visible_to`.
    """

    section_lookup: ClassVar[str] = "content_object_id"
    view_right: ClassVar[str] = "view_members"

    content_object = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="grants")
    assignment = models.ForeignKey(RoleAssignment, null=True, on_delete=models.CASCADE, related_name="grants")
    origin = models.ForeignKey("self", null=True, editable=False, on_delete=models.CASCADE, related_name="passed_on")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = SectionGrantManager()

    class Meta:
        base_manager_name = "objects"
        # guardian's own uniqueness would forbid the same right from two roles.
        unique_together = ()
        constraints = [
            models.UniqueConstraint(fields=["assignment", "permission"], name="grant_once_an_assignment"),
            models.UniqueConstraint(
                fields=["user", "permission", "content_object"],
                condition=Q(assignment=None),
                name="grant_once_by_itself",
            ),
        ]
