"""Serializers of the own account, sections, roles and role assignments."""

from __future__ import annotations

from rest_framework import serializers

from accounts.permissions.models.sections import Role, RoleAssignment, Section
from accounts.permissions.rules.permissions import PERMISSIONS
from accounts.users.models.users import User
from theater_site.api.inputs import NamedText


class Me(serializers.ModelSerializer[User]):
    """The signed-in user."""

    class Meta:
        model = User
        fields = ("id", "email", "name", "language", "timezone")


class SectionRead(serializers.ModelSerializer[Section]):
    """A node of the section tree. All content belongs to a section."""

    class Meta:
        model = Section
        fields = ("id", "version", "kind", "name", "parent")


class RoleRead(serializers.ModelSerializer[Role]):
    """A named set of permissions."""

    permissions = serializers.ListField(
        child=NamedText(one_of=PERMISSIONS.keys),
        help_text='The permissions of the role. Example: ["view_cast", "manage_cast"]',
    )

    class Meta:
        model = Role
        fields = ("id", "version", "section", "name", "title", "permissions", "sensitive")


class RoleAssignmentRead(serializers.ModelSerializer[RoleAssignment]):
    """A user's role on a section, from when to when."""

    class Meta:
        model = RoleAssignment
        fields = (
            "id", "version", "user", "role", "section", "starts_at", "ends_at", "reason", "granted_by", "passed_on_from",
        )  # fmt: skip
