"""The serializers of explanations: who may do what, and why."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.permissions.models.sections import RoleAssignment, Section
from accounts.users.models.users import User
from theater_site.core import runs
from theater_site.core.actors import Actor

_SAYS = {
    "": "They may.",
    "account_closed": "Their account is closed.",
    "not_held": "They hold this permission nowhere. Somebody who holds it and manages members here can give a role that has it.",
    "not_here": "They hold this permission in other sections, and neither here nor above.",
    "not_yet": "They are given this permission here, and it has not begun yet.",
    "over": "They held this permission here, and it is over.",
    "second_factor_needed": "Their role here is sensitive: sign in with a second factor, and it holds.",
}


class UserNamed(serializers.ModelSerializer[User]):
    """A user, by name."""

    name = serializers.CharField(
        source="shown_name",
        read_only=True,
        help_text="Display name; without a name, the part of the address before the @. Example: Anna Bell",
    )

    class Meta:
        model = User
        fields = ("id", "name")


class SectionNamed(serializers.ModelSerializer[Section]):
    """A section, by name."""

    class Meta:
        model = Section
        fields = ("id", "kind", "name")


class RoleHeld(serializers.ModelSerializer[RoleAssignment]):
    """An assignment as the source of a permission. Its `reason` is shown to its user and to those who may see members on its
    section; it is empty for others."""

    role = serializers.CharField(source="role.name", help_text="Name of the role for programs. Example: house_manager")
    title = serializers.CharField(source="role.title", help_text="Title of the role for people. Example: House manager")
    reason = serializers.SerializerMethodField(
        help_text="Why it was assigned; empty if you may not see that. Example: Season 2027/28"
    )
    granted_by = UserNamed(allow_null=True)

    class Meta:
        model = RoleAssignment
        fields = ("id", "role", "title", "starts_at", "ends_at", "reason", "granted_by")

    def get_reason(self, held: RoleAssignment) -> str:
        reader: Actor = self.context["actor"]
        told = held.user_id == reader.user_id or reader.holds("view_members", held.section, runs.instant())
        return held.reason if told else ""


class LinkRead(serializers.Serializer[Any]):
    """A user who passed the permission on, with their role and section."""

    user = UserNamed()
    role = serializers.CharField(help_text="Name of the role for programs. Example: director")
    section = SectionNamed()
    assignment = serializers.IntegerField(
        source="assignment.pk",
        default=None,
        allow_null=True,
        help_text="Id of the assignment that let them give it; null if the installation gave it. Example: 3",
    )


class GroundRead(serializers.Serializer[Any]):
    """One source of the permission. `chain` lists its givers, up to the one who has it from the installation."""

    section = SectionNamed()
    inherited = serializers.BooleanField(help_text="True if it comes from a section above. Example: true")
    starts_at = serializers.DateTimeField(
        source="grant.starts_at",
        allow_null=True,
        help_text="When it starts; null is since it was given. Example: 2027-09-01T00:00:00Z",
    )
    ends_at = serializers.DateTimeField(
        source="grant.ends_at",
        allow_null=True,
        help_text="When it ends (exclusive); null for no end. Example: 2028-07-01T00:00:00Z",
    )
    assignment = RoleHeld(
        allow_null=True, help_text="The role assignment that it comes from; null if the installation gave it."
    )
    chain = LinkRead(many=True, help_text="Who passed it on, from the giver up to the installation.")


class ExplanationRead(serializers.Serializer[Any]):
    """Whether a user has a permission, until when and from which source; or what is missing."""

    user = UserNamed()
    permission = serializers.CharField(help_text="The permission that was asked about. Example: edit_details")
    section = serializers.IntegerField(source="section.pk")
    at = serializers.DateTimeField(help_text="The instant that was asked about. Example: 2027-09-01T00:00:00Z")
    allowed = serializers.BooleanField(help_text="True if the user has the permission. Example: true")
    until = serializers.DateTimeField(
        allow_null=True, help_text="Until when the user has it; null for no end. Example: 2028-07-01T00:00:00Z"
    )
    second_factor = serializers.BooleanField(
        help_text="True if it needs a sign-in with a second factor. Example: false"
    )
    grounds = GroundRead(many=True, help_text="The sources of the permission.")
    missing = serializers.ChoiceField(
        choices=[name for name in _SAYS if name],
        allow_blank=True,
        help_text="What is missing; empty where they hold it. Example: no_role",
    )
    message = serializers.SerializerMethodField(help_text="The answer in a sentence, for people.")
    begins_at = serializers.DateTimeField(
        allow_null=True, help_text="When the permission will start; null if unknown. Example: 2027-09-01T00:00:00Z"
    )
    ended_at = serializers.DateTimeField(
        allow_null=True, help_text="When the permission ended; null if it did not. Example: 2026-07-01T00:00:00Z"
    )

    def get_message(self, told: Any) -> str:
        return _SAYS[told.missing]


class OwnPermissionsRead(serializers.Serializer[Any]):
    """One of your role assignments, or a grant without a role, with its permissions."""

    assignment = RoleHeld(allow_null=True, help_text="The role assignment; null if the installation gave it.")
    section = SectionNamed()
    starts_at = serializers.DateTimeField(
        allow_null=True, help_text="When it starts; null is since it was given. Example: 2027-09-01T00:00:00Z"
    )
    ends_at = serializers.DateTimeField(
        allow_null=True, help_text="When it ends (exclusive); null for no end. Example: 2028-07-01T00:00:00Z"
    )
    second_factor = serializers.BooleanField(
        help_text="True if it needs a sign-in with a second factor. Example: false"
    )
    permissions = serializers.ListField(
        child=serializers.CharField(), help_text='The permissions from this source. Example: ["edit_details"]'
    )


class ThroughRead(OwnPermissionsRead):
    """Permissions that come from one assignment, on this section or inherited from one above."""

    inherited = serializers.BooleanField(help_text="True if it comes from a section above. Example: true")


class MemberRead(serializers.Serializer[Any]):
    """The permissions of one user in a section, with their sources."""

    user = UserNamed()
    permissions = serializers.ListField(
        child=serializers.CharField(), help_text='All permissions here. Example: ["edit_details", "view_details"]'
    )
    through = ThroughRead(many=True, help_text="The assignments that give them.")
