"""Approval steps: setting them, approving at a step, and escalating a submission."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from django.db.models import QuerySet

from accounts.approvals.models.approvals import Agreement, ApprovalStep, Waiting
from accounts.approvals.models.submissions import Submission, SubmissionState
from accounts.approvals.rules.approval_steps import Step, approve, governing
from accounts.approvals.selectors.approvers import (
    all_steps,
    asked_above,
    asked_where,
    deciders,
    in_whose_place,
    refuse_unless_decides,
    waiting_of,
)
from accounts.approvals.signals import decided_in_place, submission_waits
from accounts.permissions.models.sections import Role, Section
from accounts.permissions.rules.permissions import APPROVED_AREAS, PERMISSIONS
from accounts.permissions.selectors.permissions import SignedIn
from accounts.users.models.users import User
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid

MOST_STEPS = 6


class StepFields(TypedDict, total=False):
    """A step: its title, and the permission or the role that decides on it."""

    title: Annotated[str, Doc("The name of the step, as authors see it. Example: Brand review")]
    permission: Annotated[
        str, Doc("The permission that decides on this step. Example: approve_details", PERMISSIONS.keys)
    ]
    role: Annotated[
        Role | None,
        Doc("Id of the role that decides on this step; null if a permission does. Example: 5"),
    ]


@action(
    "approval_steps.set",
    needs=(Needs("manage_members", on="section"), Needs("approve_{area}", on="section")),
)
def set_approval_steps(
    *,
    section: Annotated[
        Section, Doc("Id of the section whose submissions pass these steps, and those below it. Example: 4")  # type: ignore[valid-type]
    ],
    area: Annotated[
        str, Doc("The area of work whose submissions pass these steps. Example: details", lambda: APPROVED_AREAS)
    ],
    steps: Annotated[
        list[StepFields],
        Doc(
            "All steps in their order, at most 6. The last one needs the area's approve permission. "
            "An empty list applies the steps of the section above."
        ),
    ],
) -> list[ApprovalStep]:
    """Set the approval steps of an area on a section and below.

    With an empty list the steps of the section above apply. The last step must need the area's approve permission. Pending
    submissions stay at their position, or move to the last step if there are fewer; those who may decide there are notified.
    Errors: `too_many_steps`; `required` for a step without a title; `permission_or_role`; `unknown_permission`;
    `last_step_approves`.
    """
    if len(steps) > MOST_STEPS:
        raise Invalid(f"At most {MOST_STEPS} steps, please.", code="too_many_steps", field="steps")
    rows = [_step(section, area, position, fields) for position, fields in enumerate(steps)]
    if rows and rows[-1].permission != approve(area):
        raise Invalid(
            f"The last step must be decided by the permission {approve(area)}.",
            code="last_step_approves",
            field="steps",
        )
    before = all_steps()
    ApprovalStep.objects.filter(section=section, area=area).delete()
    made: list[ApprovalStep] = ApprovalStep.objects.bulk_create(rows)
    _ask_current_approvers(section, area, before)
    return made


def _ask_current_approvers(section: Section, area: str, before: list[Step]) -> None:
    """Notify the current approvers of pending submissions in `area` below `section` whose steps have changed."""
    after = all_steps()
    waiting = Submission.objects.filter(state=SubmissionState.SUBMITTED, area=area)
    below = waiting.filter(section__path__startswith=section.path).select_related("section", "author", "waiting")
    # Locks the submission before its row in Waiting, as decisions do: the opposite order deadlocks.
    for submission in below.select_for_update(of=("self",)).order_by("pk"):
        path = submission.section.path
        if _words(governing(before, area, path)) != _words(governing(after, area, path)):
            row = waiting_of(submission)
            row.escalated_to, row.by_those_who_agreed = None, False
            Waiting.objects.filter(submission=submission).update(escalated_to=None, by_those_who_agreed=False)
            _ask(submission, row)


def _words(steps: list[Step]) -> list[str]:
    return [step.word for step in steps]


def _step(section: Section, area: str, position: int, fields: StepFields) -> ApprovalStep:
    permission, role, title = fields.get("permission", ""), fields.get("role"), fields.get("title", "").strip()
    where = f"steps.{position}"
    if not title:
        raise Invalid("Give the step a title.", code="required", field=f"{where}.title")
    if (role is None) == (not permission):
        raise Invalid(
            "A step is decided by a permission or by a role. Give one of them.", code="permission_or_role", field=where
        )
    if permission and permission not in PERMISSIONS:
        raise Invalid("This permission does not exist.", code="unknown_permission", field=f"{where}.permission")
    return ApprovalStep(section=section, area=area, position=position, title=title, permission=permission, role=role)


def decides(submission: Submission, verb: str) -> User | None:
    """Check that the running action's actor may decide on `submission`, and return whom they substitute for, or None.

    Notifies the absent approver. `verb` is "approve", "reject" or "request_changes".
    Raises: the errors of `refuse_unless_decides`.
    """
    run = current()
    refuse_unless_decides(run.actor, submission, run.instant)
    assert isinstance(run.actor, SignedIn)
    person = in_whose_place(run.actor, submission, run.instant)
    if person is None:
        return None
    absent_approver = User.objects.get(pk=person)
    decided_in_place.announce(submission=submission, person=absent_approver, verb=verb)
    return absent_approver


def agree(submission: Submission, in_place_of: User | None) -> bool:
    """Record the approval of the current step. Returns whether it was the last one that the submission needs.

    Otherwise moves the submission to the next step and notifies its approvers. Call `decides` first: it checks the permission.
    """
    run = current()
    steps = governing(all_steps(), submission.area, submission.section.path)
    if len(steps) > 1:
        agreement = Agreement(
            submission=submission,
            round=submission.round,
            step=submission.step,
            user=run.actor.user,
            in_place_of=in_place_of,
            at=run.instant,
        )
        earlier = Agreement.objects.filter(submission=submission, round=submission.round, user=run.actor.user)
        agreement.again = submission.step > 0 and earlier.exists()
        agreement.save()
    if submission.step >= len(steps) - 1:
        return True
    submission.step += 1
    submission.save()
    settle(submission)
    return False


def settle(submission: Submission) -> None:
    """Start the wait at the current step. Notifies those who may decide there; escalates if nobody may."""
    row = Waiting(submission=submission, since=current().instant)
    if submission.step > 0:
        row.save()
    elif submission.round > 1:
        # At the first step the default (since it was submitted) applies without a row.
        Waiting.objects.filter(submission=submission).delete()
    _ask(submission, row)


def _ask(submission: Submission, row: Waiting) -> None:
    found = _with_preferences(deciders(submission, current().instant, asked_where(submission, all_steps(), None)))
    if found:
        submission_waits.announce(submission=submission, deciders=found, escalated=False)
    else:
        escalate(submission, row)


def _with_preferences(users: QuerySet[User]) -> list[User]:
    """The users by id, with the notification preferences that the outbox reads."""
    return list(users.select_related("notification_preferences").order_by("pk"))


def escalate(submission: Submission, waiting: Waiting) -> None:
    """Escalate the submission to the nearest section above where somebody may decide, at most to the organization.

    Notifies them. If only those who approved it at an earlier step may decide there, they decide again. If nobody may, announces
    an empty list.
    """
    run = current()
    here = waiting.escalated_to or submission.section
    found: list[User] = []
    for place in Section.objects.filter(path__in=here.paths_above).order_by("-path"):
        found = _with_preferences(deciders(submission, run.instant, asked_above(submission.area, place)))
        waiting.escalated_to = place
        if found:
            break
    if not found:
        asked = asked_where(submission, all_steps(), waiting)
        found = _with_preferences(deciders(submission, run.instant, asked, again=True))
        waiting.by_those_who_agreed = bool(found)
    keep_beside(submission, escalated_to=waiting.escalated_to, by_those_who_agreed=waiting.by_those_who_agreed)
    run.note["escalated_to"] = waiting.escalated_to_id
    submission_waits.announce(submission=submission, deciders=found, escalated=True)


def keep_waivers(submission: Submission) -> None:
    """Store the waivers of the running approval, so that they apply at the scheduled time too."""
    keep_beside(submission, waived=dict(current().waivers))


def keep_beside(submission: Submission, **values: Any) -> None:
    """Set these values in the submission's row of `Waiting`. Creates the row if needed."""
    new = {"since": submission.submitted_at or current().instant, **values}
    Waiting.objects.update_or_create(submission=submission, defaults=values, create_defaults=new)
