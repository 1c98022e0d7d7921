"""Approval steps, substitutes, approvals given so far, and the waiting state of pending submissions."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.approvals.models.submissions import Submission
from accounts.permissions.models.sections import Role, Section
from theater_site.core.actors import Actor
from theater_site.core.encryption import EncryptedJSONField, EncryptedTextField
from theater_site.core.models import ContentModel


class ApprovalStep(ContentModel):
    """An approval that a submission in `area` needs on `section` and below, at `position` from 0.

    Users with `permission` or with `role` there decide. The last step always needs the area's approve permission, so that
    every submission is approved by somebody with it. The steps of the nearest section above with steps for the area apply,
    and no others; without any there is one step.
    """

    section_lookup: ClassVar[str] = "section_id"
    view_permission: ClassVar[str] = "view_members"

    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="approval_steps")
    area = models.CharField(
        max_length=20, help_text="The area of work whose submissions pass this step. Example: details"
    )
    position = models.PositiveSmallIntegerField(
        help_text="Its position among the steps of the area, from 0. Example: 0"
    )
    title = models.CharField(max_length=120, help_text="The name of the step, as authors see it. Example: Brand review")
    permission = models.CharField(
        max_length=60,
        blank=True,
        help_text="The permission that decides on this step; empty if a role does. Example: approve_details",
    )
    role = models.ForeignKey(
        Role,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the role that decides on this step; null if a permission does. Example: 5",
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["section", "area", "position"],
                name="approval_step_position_once",
                violation_error_message="Somebody else set these steps at the same moment. Load them again.",
            ),
            models.CheckConstraint(
                name="approval_step_permission_or_role",
                condition=(Q(role=None) & ~Q(permission="")) | (~Q(role=None) & Q(permission="")),
                violation_error_message="A step is decided by a permission or by a role.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Substitute(ContentModel):
    """`substitute` decides in the place of `person` on `section` and below, from `starts_at` (included) to `ends_at` (excluded).

    `area` is "" for all areas. A substitution grants no permission: it is effective only while `person` may decide. It cannot
    be passed on: a substitute of the substitute does not decide for `person`.
    """

    section_lookup: ClassVar[str] = "section_id"
    view_permission: ClassVar[str] = "view_members"
    personal: ClassVar[frozenset[str]] = frozenset({"reason"})

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="substitutes",
        help_text="Id of the user who is absent. Example: 7",
    )
    substitute = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="stands_in",
        help_text="Id of the user who decides instead. Example: 9",
    )
    section = models.ForeignKey(
        Section,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the section in and below which the substitute decides. Example: 4",
    )
    area = models.CharField(
        max_length=20,
        blank=True,
        default="",
        help_text="The area in which the substitute decides; empty is all. Example: details",
    )
    starts_at = models.DateTimeField(help_text="When it starts: an instant in UTC. Example: 2027-07-01T00:00:00Z")
    ends_at = models.DateTimeField(
        help_text="When it ends (exclusive): an instant in UTC. Example: 2027-07-22T00:00:00Z"
    )
    reason = EncryptedTextField(
        blank=True, default="", max_length=500, help_text="Why, for those concerned. Example: Vacation"
    )
    named_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the user who named the substitute. Example: 7",
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="substitute_ends_after_start",
                condition=Q(ends_at__gte=F("starts_at")),
                violation_error_message="The end must be after the start.",
            ),
            models.CheckConstraint(
                name="substitute_is_somebody_else",
                condition=~Q(person=F("substitute")),
                violation_error_message="Nobody substitutes for themselves.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.substitute_id} for {self.person_id}"

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        return Q(person_id=actor.user_id) | Q(substitute_id=actor.user_id) if actor.user_id is not None else None


class Agreement(ContentModel):
    """The approval of a submission's round at one step.

    A user approves a round only once, unless nobody else is left who may decide (`again`).
    """

    section_lookup: ClassVar[str] = "submission__section_id"
    view_permission: ClassVar[str] = "manage_members"

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="agreements", db_index=False)
    round = models.PositiveIntegerField(help_text="The approved round of the submission. Example: 1")
    step = models.PositiveSmallIntegerField(help_text="The step of the approval, from 0. Example: 0")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the user who approved. Example: 9",
    )
    in_place_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Id of the user for whom they decided as a substitute; null if for themselves. Example: 7",
    )
    again = models.BooleanField(default=False)
    at = models.DateTimeField(help_text="When it was approved: an instant in UTC. Example: 2027-03-14T18:30:00Z")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "round", "step"],
                name="agreement_once_a_step",
                violation_error_message="This step was decided at the same moment.",
            ),
            models.UniqueConstraint(
                fields=["submission", "round", "user"],
                condition=Q(again=False),
                name="agreement_once_a_person",
                violation_error_message="You agreed to this at an earlier step; the next step is somebody else's.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on submission {self.submission_id}"


class Waiting(models.Model):
    """Since when a submission waits at its step, the reminders sent, and the section that it was escalated to.

    Kept apart from the submission, since a reminder must not change the version that an approver has loaded. Without a row the
    submission waits at its first step since it was submitted, and no reminder was sent (`waiting_of`).
    """

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, related_name="waiting", primary_key=True)
    since = models.DateTimeField(db_index=True)
    # The greatest of APPROVAL_REMINDER_DAYS for which a reminder was sent.
    reminded = models.PositiveSmallIntegerField(default=0)
    # The section above whose approvers may decide too, since nobody below may.
    escalated_to = models.ForeignKey(Section, null=True, on_delete=models.SET_NULL, related_name="+")
    # It was escalated to the organization, and only those who approved it at an earlier step may decide: they decide again.
    by_those_who_agreed = models.BooleanField(default=False)
    # Rule to reason: the waivers of its approval, used again when it is applied at its scheduled time.
    waived = EncryptedJSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"submission {self.submission_id} since {self.since:%Y-%m-%d %H:%M}"
