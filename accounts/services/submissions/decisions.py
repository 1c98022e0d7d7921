"""Deciding on what was submitted: exactly what was seen is approved, or changes are asked for, or it is declined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, TypedDict

from accounts.models import Submission, SubmissionComment, User
from accounts.selectors.approvers import may_approve_item
from accounts.selectors.rights import absent
from accounts.services.approvals import agree, decides, keep_waivers
from accounts.services.submissions.granting import Granted, grant, not_done, place_is_of
from accounts.services.submissions.items import Item, place_of
from accounts.services.submissions.places import decided_together
from accounts.services.submissions.transitions import move, refuse_unless
from accounts.signals import submission_changes_requested, submission_decided
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotAllowed


class ChangeAsked(TypedDict):
    """What is to be changed, of the field at this path ("items.0.inputs.changes.title"); "" is all of it."""

    field: Annotated[str, Doc("The field that should be changed. Example: subtitle")]
    text: Annotated[str, Doc("What should be changed about it. Example: Please without an exclamation mark.")]


@action("submission.approve", open_to=OpenTo.SIGNED_IN, subject="submission")
def approve_submission(
    *,
    submission: Submission,
    comment: Annotated[str, Doc("What is said with the approval; may be empty. Example: Thank you, very clear.")],
    digest: Annotated[str, Doc("The digest of what you were shown: only exactly that is approved. Example: 9f2b6c...")],
) -> Submission:
    """Approve a submission, exactly as it was shown. It is applied on behalf of its author: at once, or at its time.

    `digest` is what was shown of the round that was seen: of its items, and of its time. Refused: one's own, what was
    decided, a digest of another round or time, an item that the actor may not approve and its author may not do, and
    what the judges find and nobody waives. What would now do something else than was previewed is not done: the
    answer's state is then stale, or failed where an item cannot be done at all, and `refusal` tells why.
    """
    run = current()
    in_place_of = decides(submission, "approve")
    refuse_unless(submission, "approve")
    if digest != submission.token():
        raise Conflict(
            "It has been changed since you saw it. Look at this round, and decide again.",
            code="digest_outdated",
            field="digest",
            data={"digest": submission.token(), "round": submission.round},
        )
    if not agree(submission, in_place_of):
        _keep(comment, submission)
        return submission
    run.on_behalf_of = submission.author
    waits = submission.run_at is not None and submission.run_at > run.instant
    outcome = grant(submission, _granted_by_approver(submission), only_check=waits)
    move(submission, outcome.verb)
    if waits:
        keep_waivers(submission)
    if outcome.refusal is not None:
        _keep(comment, submission)
        return not_done(submission, outcome.refusal)
    return _decided(submission, comment, in_place_of)


@action("submission.decline", open_to=OpenTo.SIGNED_IN, subject="submission")
def decline_submission(
    *,
    submission: Submission,
    comment: Annotated[str, Doc("Why it is rejected. Example: We do not advertise this yet.")],
) -> Submission:
    """Reject a submission, with a comment that its author reads. Nothing else changes; they may mend it and submit it
    again."""
    in_place_of = decides(submission, "decline")
    refuse_unless(submission, "decline")
    if not comment.strip():
        raise Invalid("Say why, so that it can be mended.", code="required", field="comment")
    _keep(comment, submission, asks=True)
    move(submission, "decline")
    return _decided(submission, comment, in_place_of)


@action("submission.request_changes", open_to=OpenTo.SIGNED_IN, subject="submission")
def request_changes(
    *,
    submission: Submission,
    comment: Annotated[str | None, Doc("What should be changed, of all of it. Example: Shorter, please.")],
    fields: Annotated[list[ChangeAsked] | None, Doc("What should be changed about single fields.")],
) -> Submission:
    """Ask the authors of a submission for changes: of all of it by a comment, or field by field. Refused where nothing
    is asked for, and for a field that it has not."""
    run = current()
    decides(submission, "request_changes")
    refuse_unless(submission, "request_changes")
    by_field = fields or []
    asked = [*([ChangeAsked(field="", text=comment)] if comment and comment.strip() else []), *by_field]
    if not asked:
        raise Invalid("Say what is to be changed.", code="required", field="comment")
    for number, one in enumerate(by_field):
        refuse_unknown_field(submission, one["field"], f"fields.{number}.field")
    comments = [
        SubmissionComment(submission=submission, author=run.actor.user, round=submission.round, asks=True, **one)
        for one in asked
    ]
    SubmissionComment.objects.bulk_create(comments)
    move(submission, "request_changes")
    submission.save()
    submission_changes_requested.announce(submission=submission, comments=comments)
    return submission


def refuse_unknown_field(submission: Submission, path: str, field: str) -> None:
    """Invalid unless `path` is "" or leads to something in the submission."""
    here: Any = {"items": submission.items, "title": submission.title, "run_at": submission.run_at}
    for step in path.split(".") if path else ():
        if isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        elif isinstance(here, Mapping) and step in here:
            here = here[step]
        else:
            raise Invalid("The submission has no such field.", code="unknown_field", field=field)


def _granted_by_approver(submission: Submission) -> Granted:
    """Item by item: the approver may approve it, or it needs nobody's approval, since who submitted it may do it."""
    run = current()

    def granted(item: Item, given: Mapping[str, Any]) -> None:
        approves = item.action.proposable and _may_approve(submission, item, given)
        if approves and decided_together(submission, place_of(item, given)):
            return
        if not item.action.permits(absent(submission.submitted_by), given, at=run.instant):
            if approves:
                raise NotAllowed(
                    f"Item {item.number} of this has come to need other agreements. Ask for it to be submitted by itself.",
                    code="steps_differ",
                    field=item.path,
                )
            _refuse_item(item, given)

    return granted


def _may_approve(submission: Submission, item: Item, given: Mapping[str, Any]) -> bool:
    run, area = current(), place_of(item, given).area
    return place_is_of(submission, item, given) or may_approve_item(
        run.actor, submission, area, _scope(item, given), run.instant
    )


def _scope(item: Item, given: Mapping[str, Any]) -> Any:
    return item.action.scopes(given)[0][1]


def _refuse_item(item: Item, given: Mapping[str, Any]) -> NoReturn:
    right = f"approve_{place_of(item, given).area}"
    raise NotAllowed(
        f"You may not approve item {item.number} of this; it needs the right {right} there. Leave it to somebody who may "
        "approve all of it, or ask for it in two submissions.",
        code="item_not_approvable",
        field=item.path,
        data={"action": item.action.name, "needs": [right]},
    )


def _keep(comment: str, submission: Submission, *, asks: bool = False) -> None:
    """What was said with a decision stands in the thread."""
    if comment.strip():
        by, seen = current().actor.user, submission.round
        SubmissionComment(submission=submission, author=by, round=seen, text=comment, asks=asks).save()


def _decided(submission: Submission, comment: str, in_place_of: User | None) -> Submission:
    run = current()
    submission.decided_in_place_of = in_place_of
    submission.decided_by, submission.decided_at, submission.comment = run.actor.user, run.instant, comment
    submission.save()
    submission_decided.announce(submission=submission)
    return submission
