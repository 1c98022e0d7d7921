"""How accounts shows itself."""

from __future__ import annotations

from rest_framework import serializers

from accounts.models import Role, RoleAssignment, Section, User
from accounts.rules.rights import RIGHTS
from theater_site.api.inputs import NamedText


class Me(serializers.ModelSerializer[User]):
    """The signed-in user."""

    class Meta:
        model = User
        fields = ("id", "email", "name", "language", "timezone")


class SectionRead(serializers.ModelSerializer[Section]):
    class Meta:
        model = Section
        fields = ("id", "version", "kind", "name", "parent")


class RoleRead(serializers.ModelSerializer[Role]):
    rights = serializers.ListField(child=NamedText(one_of=RIGHTS.keys))

    class Meta:
        model = Role
        fields = ("id", "version", "section", "name", "title", "rights", "sensitive")


class RoleAssignmentRead(serializers.ModelSerializer[RoleAssignment]):
    class Meta:
        model = RoleAssignment
        fields = (
            "id", "version", "user", "role", "section", "starts_at", "ends_at", "reason", "granted_by", "passed_on_from",
        )  # fmt: skip
