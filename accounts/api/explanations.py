"""How an explanation reads."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.models import RoleAssignment, Section, User
from theater_site.core import runs
from theater_site.core.actors import Actor

_SAYS = {
    "": "They may.",
    "account_closed": "Their account is closed.",
    "not_held": "They hold this right nowhere. Somebody who holds it and manages members here can give a role that has it.",
    "not_here": "They hold this right in other sections, and neither here nor above.",
    "not_yet": "They are given this right here, and it has not begun yet.",
    "over": "They held this right here, and it is over.",
    "second_factor_needed": "Their role here is sensitive: sign in with a second factor, and it holds.",
}


class UserNamed(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("id", "name")


class SectionNamed(serializers.ModelSerializer[Section]):
    class Meta:
        model = Section
        fields = ("id", "kind", "name")


class RoleHeld(serializers.ModelSerializer[RoleAssignment]):
    """An assignment as the source of a right. Its reason is told to whom it was given, and to those who may see members
    where it was given; it is empty for others."""

    role = serializers.CharField(source="role.name")
    title = serializers.CharField(source="role.title")
    reason = serializers.SerializerMethodField()
    granted_by = UserNamed(allow_null=True)

    class Meta:
        model = RoleAssignment
        fields = ("id", "role", "title", "starts_at", "ends_at", "reason", "granted_by")

    def get_reason(self, held: RoleAssignment) -> str:
        reader: Actor = self.context["actor"]
        told = held.user_id == reader.user_id or reader.holds("view_members", held.section, runs.instant())
        return held.reason if told else ""


class LinkRead(serializers.Serializer[Any]):
    """Who passed it on, as what, where."""

    user = UserNamed()
    role = serializers.CharField()
    section = SectionNamed()
    assignment = serializers.IntegerField(source="assignment.pk", default=None, allow_null=True)


class GroundRead(serializers.Serializer[Any]):
    """One source of the right. `chain` leads from whoever gave it up to whom the installation gave it."""

    section = SectionNamed()
    inherited = serializers.BooleanField()
    starts_at = serializers.DateTimeField(source="grant.starts_at", allow_null=True)
    ends_at = serializers.DateTimeField(source="grant.ends_at", allow_null=True)
    assignment = RoleHeld(allow_null=True)
    chain = LinkRead(many=True)


class ExplanationRead(serializers.Serializer[Any]):
    """The answer: whether, until when, through what and whom; or what is missing."""

    user = UserNamed()
    right = serializers.CharField()
    section = serializers.IntegerField(source="section.pk")
    at = serializers.DateTimeField()
    allowed = serializers.BooleanField()
    until = serializers.DateTimeField(allow_null=True)
    second_factor = serializers.BooleanField()
    grounds = GroundRead(many=True)
    missing = serializers.ChoiceField(choices=[name for name in _SAYS if name], allow_blank=True)
    message = serializers.SerializerMethodField()
    begins_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_message(self, told: Any) -> str:
        return _SAYS[told.missing]


class ThroughRead(serializers.Serializer[Any]):
    """Rights that come from one assignment, held here or inherited from a section above."""

    assignment = RoleHeld(allow_null=True)
    section = SectionNamed()
    inherited = serializers.BooleanField()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    second_factor = serializers.BooleanField()
    rights = serializers.ListField(child=serializers.CharField())


class MemberRead(serializers.Serializer[Any]):
    """What one user may do in a section, and through what."""

    user = UserNamed()
    rights = serializers.ListField(child=serializers.CharField())
    through = ThroughRead(many=True)
