"""Drafts: written, put down and taken up again, shared, taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, TypedDict

from django.db.models import Q

from accounts.approvals.models.submissions import Submission, SubmissionAuthor, SubmissionState
from accounts.approvals.rules import submission_items as rules
from accounts.approvals.rules import submission_states as states
from accounts.approvals.services.submissions.items import (
    Finder,
    Item,
    may_be_item,
    may_submit,
    place_of,
    refuse_internal,
    seen_by,
)
from accounts.approvals.services.submissions.submitting import refuse_others, submit_again
from accounts.approvals.services.submissions.transitions import move
from accounts.audit.models.entries import AuditChange
from accounts.permissions.selectors.sections import organization
from accounts.users.models.users import User
from theater_site.core.actions import Action, OpenTo, action, current, registered
from theater_site.core.docs import Doc
from theater_site.core.errors import DomainError, Invalid, NotAllowed
from theater_site.core.inputs import Reading

# Saves of a draft by one person within this time of the first are one entry of the audit log.
ONE_ENTRY = timedelta(hours=1)


def _items() -> list[str]:
    return [name for name, action in registered().items() if may_be_item(action)]


class ActionWritten(TypedDict):
    """An action with its inputs as they are so far: these are kept as they come, missing and wrong ones too."""

    action: Annotated[
        str, Doc("The action's name; `GET /api/v1/actions/` lists them. Example: production.update", _items)
    ]
    inputs: Annotated[
        dict,
        Doc(
            "The action's inputs, as `GET /api/v1/actions/` lists them: objects by their ids. "
            'Example: {"production": 12, "changes": {"subtitle": "A comedy"}}'
        ),
    ]


class ItemWritten(ActionWritten, total=False):
    """One item. Where an input is an object, `{"$result": "<name>"}` means what the earlier item of that `name` makes.
    `if_version` is the version of the action's subject that its author saw."""

    name: Annotated[str, Doc("What later items call its result: letters, digits, underscores. Example: evening")]
    if_version: Annotated[
        int | None, Doc("The version of the action's subject that you saw; null where none was seen. Example: 7")
    ]


class SubmissionFields(TypedDict, total=False):
    """What can be said of a submission: absent means unchanged. `run_at` is when it is to be done once it is approved, None
    at once."""

    title: Annotated[str, Doc("What it is about, for those who decide. Example: New subtitle of The Seagull")]
    items: Annotated[list[ItemWritten], Doc("What is to be done, in this order; at most 50.")]
    run_at: Annotated[
        datetime | None,
        Doc(
            "When it is applied once it is approved: an instant in UTC; null is at once. Example: 2027-03-20T08:00:00Z"
        ),
    ]


@action("submission.draft", open_to=OpenTo.SIGNED_IN)
def draft_submission(*, fields: SubmissionFields) -> Submission:
    """Create a draft of a submission. It may be incomplete, and only its authors see it. It may be incomplete, and
    nobody but its authors sees it.

    Refused: an action that there is not, that the author may neither do nor submit, or that is no matter of
    submissions (roles, steps, submissions themselves), and texts beyond all measure (see
    accounts/approvals/rules/submission_items.py). The audit log tells that it was begun, and nothing of what is in it.
    """
    run = current()
    if run.actor.user is None:
        raise NotAllowed("Only somebody who is signed in writes submissions.", code="not_author")
    submission = Submission(author=run.actor.user, section=organization(), items=[])
    _write(submission, fields)
    run.keeps_values = False
    submission.save()
    return submission


@action("submission.save", open_to=OpenTo.SIGNED_IN, subject="submission")
def save_submission(*, submission: Submission, changes: SubmissionFields) -> Submission:
    """Save a draft, or a new round of a pending submission, which must be complete. After requested changes it is only
    saved; submit it with `submit/`.

    Refused: everybody but its authors, what was decided, and as at its beginning. In the audit log the saves of one
    person within an hour are one entry, without the texts; what is submitted is there in full.
    """
    run = current()
    refuse_others(submission)
    waits = submission.state not in states.WRITABLE
    move(submission, "edit")
    _write(submission, changes)
    _note_writer(submission)
    if waits:
        return submit_again(submission)
    run.keeps_values = False
    run.told = not _told_lately(submission)
    submission.save()
    return submission


@action("submission.share", open_to=OpenTo.SIGNED_IN, subject="submission")
def share_submission(
    *,
    submission: Submission,
    user: Annotated[User, Doc("Id of the user who may write it too. Example: 8")],  # type: ignore[valid-type]
) -> Submission:
    """Let another user write a submission too. From their first save on they are one of those who cannot approve it.

    Refused: everybody but its authors, and somebody who writes it already.
    """
    refuse_others(submission)
    if user.pk == submission.author_id:
        raise Invalid("They write it already.", code="submission_author_once", field="user")
    SubmissionAuthor(submission=submission, user=user).save()
    return submission


@action("submission.withdraw", open_to=OpenTo.SIGNED_IN, subject="submission")
def withdraw_submission(*, submission: Submission) -> Submission:
    """Withdraw your own submission or draft."""
    if submission.author_id != current().actor.user_id:
        raise NotAllowed("Only its author withdraws a submission; its approvers can reject it.", code="not_author")
    move(submission, "withdraw")
    submission.save()
    return submission


def _write(submission: Submission, fields: SubmissionFields) -> None:
    if "items" in fields:
        submission.items = [_kept(item) for item in fields["items"]]
        _refuse_unkeepable(submission)
        _refuse_without_permission(submission)
    submission.title = " ".join(fields.get("title", submission.title).split())
    submission.run_at = fields.get("run_at", submission.run_at)


def _kept(item: ItemWritten) -> dict[str, Any]:
    return {
        "action": item["action"],
        "name": item.get("name") or "",
        "inputs": item["inputs"],
        "if_version": item.get("if_version"),
    }


def _refuse_unkeepable(submission: Submission) -> None:
    problems: list[DomainError] = [
        Invalid(fault.message, code=fault.code, field=fault.path) for fault in rules.faults_of_size(submission.items)
    ]
    if problems:
        raise Invalid("This is more than a submission takes.", code=problems[0].code, problems=problems)


def _refuse_without_permission(submission: Submission) -> None:
    known, run = registered(), current()
    placed = submission.state != SubmissionState.DRAFT
    for number, written in enumerate(submission.items):
        path = f"items.{number}.action"
        asked = known.get(written["action"])
        if asked is None:
            raise Invalid(
                f"There is no action {written['action']!r}. GET /api/v1/actions/ lists them.",
                code="unknown_action",
                field=path,
            )
        if not asked.needs:
            raise Invalid(
                f"{asked.name} needs no person's approval, and is done by whom it concerns: do it itself.",
                code="not_submittable",
                field=path,
            )
        refuse_internal(asked, path)
        item = Item(number, asked, written["inputs"], "", None)
        reading = Reading(Finder(seen_by(run.actor), {}))
        given = reading.read_all(asked.kinds, item.raw, item.path)
        if all(need.on.split(".")[0] in given for need in asked.needs):
            if not asked.permits(run.actor, given) and not may_submit(run.actor, asked, given, run.instant):
                asked.refuse(run.actor, given)
            if not placed:
                place = place_of(item, given)
                submission.area, submission.section_id = place.area, place.section_id or submission.section_id
                placed = True
        elif not _somewhere(asked):
            raise NotAllowed(
                f"You may nowhere do {asked.name}, nor submit it.",
                data={"action": asked.name, "needs": sorted(need.permission for need in asked.needs)},
            )


def _somewhere(asked: Action[Any, Any]) -> bool:
    """Whether the actor may do or submit it in any section at all: as long as it does not say where, that is enough."""
    run = current()

    def held(permission: str) -> bool:
        return bool(run.actor.sections_held(permission, run.instant))

    permissions = [need.permission for need in asked.needs]
    return all(map(held, permissions)) or (
        asked.submittable and all(held("submit_" + permission.split("_", 1)[1]) for permission in permissions)
    )


def _note_writer(submission: Submission) -> None:
    run = current()
    for row in submission.authors.filter(Q(user_id=run.actor.user_id) & Q(wrote_at=None)):
        row.wrote_at = run.instant
        row.save()


def _told_lately(submission: Submission) -> bool:
    """Whether the last that the log reports this submission is a save by the same person, not long ago."""
    run = current()
    told = AuditChange.objects.filter(object_type=submission._meta.label_lower, object_id=str(submission.pk))
    last = told.select_related("entry").order_by("-version").first()
    return (
        last is not None
        and last.entry.action == save_submission.name
        and last.entry.actor_id == run.actor.user_id
        and last.entry.at > run.instant - ONE_ENTRY
    )
