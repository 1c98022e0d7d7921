"""Drafts: creating, saving, sharing and withdrawing them."""

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

# Saves of a draft by one user within this time are one audit entry.
ONE_ENTRY = timedelta(hours=1)


def _items() -> list[str]:
    return [name for name, action in registered().items() if may_be_item(action)]


class ActionWritten(TypedDict):
    """An action with its inputs so far. A draft keeps them as they are, even if they are incomplete or invalid."""

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
    """An item. Where an input is an object, `{"$result": "<name>"}` refers to the result of the earlier item with that `name`.
    `if_version` is the version of the action's subject that its author saw."""

    name: Annotated[
        str, Doc("The name by which later items refer to its result: letters, digits, underscores. Example: evening")
    ]
    if_version: Annotated[
        int | None, Doc("The version of the action's subject that you saw; null to accept any. Example: 7")
    ]


class SubmissionFields(TypedDict, total=False):
    """The fields of a submission. Absent fields stay unchanged."""

    title: Annotated[str, Doc("What it is about, for the approvers. Example: New subtitle of The Seagull")]
    items: Annotated[list[ItemWritten], Doc("The actions to run, in this order; at most 50.")]
    run_at: Annotated[
        datetime | None,
        Doc(
            "When it is applied after its approval: an instant in UTC; null means at once. Example: 2027-03-20T08:00:00Z"
        ),
    ]


@action("submission.draft", open_to=OpenTo.SIGNED_IN)
def draft_submission(*, fields: SubmissionFields) -> Submission:
    """Create a draft of a submission.

    It may be incomplete, and only its authors see it. Its audit entry has no values.
    Errors: `unknown_action`; `not_allowed` for an action that the author may neither run nor submit; `not_submittable` and
    `not_for_submissions` for an action that cannot be an item; `too_many_items`, `text_too_long`, `too_much_text`, `too_deep`.
    """
    run = current()
    if run.actor.user is None:
        raise NotAllowed("Sign in to write a submission.", code="not_author")
    submission = Submission(author=run.actor.user, section=organization(), items=[])
    _write(submission, fields)
    run.keeps_values = False
    submission.save()
    return submission


@action("submission.save", open_to=OpenTo.SIGNED_IN, subject="submission")
def save_submission(*, submission: Submission, changes: SubmissionFields) -> Submission:
    """Save a draft, or submit a new round of a pending submission.

    A draft may be incomplete. A pending submission must be complete, and is submitted again. After requested changes or a
    rejection it is only saved; submit it with `submit/`. The saves of a draft by one user within an hour are one audit entry
    without values; a submitted round is logged in full, encrypted.
    Errors: `not_author`; `already_decided`; `not_for_submissions`; those of `submission.draft`; for a pending one also
    `submission_incomplete` and those of `submission.submit`.
    """
    run = current()
    refuse_others(submission)
    pending = submission.state not in states.WRITABLE
    move(submission, "edit")
    _write(submission, changes)
    _note_writer(submission)
    if pending:
        return submit_again(submission)
    run.keeps_values = False
    run.told = not _saved_recently(submission)
    submission.save()
    return submission


@action("submission.share", open_to=OpenTo.SIGNED_IN, subject="submission")
def share_submission(
    *,
    submission: Submission,
    user: Annotated[User, Doc("Id of the user who may edit it too. Example: 8")],  # type: ignore[valid-type]
) -> Submission:
    """Share a submission with another user, who can edit it too.

    From their first save on they cannot approve it.
    Errors: `not_author`; `submission_author_once` if they can edit it already.
    """
    refuse_others(submission)
    if user.pk == submission.author_id:
        raise Invalid("This user is its author already.", code="submission_author_once", field="user")
    SubmissionAuthor(submission=submission, user=user).save()
    return submission


@action("submission.withdraw", open_to=OpenTo.SIGNED_IN, subject="submission")
def withdraw_submission(*, submission: Submission) -> Submission:
    """Withdraw a submission or a draft. Only its author can.

    Errors: `not_author`; `already_decided`.
    """
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
        raise Invalid(
            "The submission is too large. See `errors` for the limits.", code=problems[0].code, problems=problems
        )


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
                f"{asked.name} needs no approval, so it cannot be submitted. Do it directly.",
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
                f"You may neither do nor submit {asked.name} in any section.",
                data={"action": asked.name, "needs": sorted(need.permission for need in asked.needs)},
            )


def _somewhere(asked: Action[Any, Any]) -> bool:
    """Whether the actor may run or submit it in any section. Enough while the inputs do not name a section yet."""
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


def _saved_recently(submission: Submission) -> bool:
    """Whether the last audit entry of this submission is a save by the same user within `ONE_ENTRY`."""
    run = current()
    logged = AuditChange.objects.filter(object_type=submission._meta.label_lower, object_id=str(submission.pk))
    last = logged.select_related("entry").order_by("-version").first()
    return (
        last is not None
        and last.entry.action == save_submission.name
        and last.entry.actor_id == run.actor.user_id
        and last.entry.at > run.instant - ONE_ENTRY
    )
