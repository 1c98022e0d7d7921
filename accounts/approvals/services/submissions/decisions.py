"""Decisions on a submission: approve it, request changes, or reject it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NoReturn, TypedDict

from accounts.approvals.models.submissions import Submission, SubmissionComment
from accounts.approvals.selectors.approvers import may_approve_item
from accounts.approvals.services.approvals import agree, decides, keep_waivers
from accounts.approvals.services.submissions.collisions import rebased
from accounts.approvals.services.submissions.differing import kept_changes
from accounts.approvals.services.submissions.granting import Granted, grant, not_done, place_is_of
from accounts.approvals.services.submissions.items import Item, every_row, items_of, place_of, trying_out
from accounts.approvals.services.submissions.places import decided_together
from accounts.approvals.services.submissions.transitions import move, refuse_unless
from accounts.approvals.signals import submission_changes_requested, submission_decided
from accounts.permissions.selectors.permissions import absent
from accounts.users.models.users import User
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import DomainError, Invalid, NotAllowed


class ChangeAsked(TypedDict):
    """A requested change of one field.

    `field` is its name as in the difference ("subtitle"), its path ("items.0.inputs.changes.subtitle"), or "" for the whole
    submission.
    """

    field: Annotated[str, Doc("The field that should be changed. Example: subtitle")]
    text: Annotated[str, Doc("The change that you request. Example: Please without an exclamation mark.")]


@action("submission.approve", open_to=OpenTo.SIGNED_IN, subject="submission")
def approve_submission(
    *,
    submission: Submission,
    comment: Annotated[
        str | None, Doc("A comment for the authors; null or empty for none. Example: Thank you, very clear.")
    ],
    digest: Annotated[
        str,
        Doc("The digest of the difference that you saw: only exactly these changes are approved. Example: 9f2b6c..."),
    ],
) -> Submission:
    """Approve a submission, exactly as its difference was shown.

    It is applied on behalf of its author: at once, or at its scheduled time. `digest` is that of the difference, a hash of the
    round, its time, and its changes of the current content. Others may have changed other fields since it was submitted. If
    they changed the same fields, the submission becomes stale (412), and the error names these fields. If an item cannot be
    applied, it becomes failed (409).
    Errors: `digest_outdated` if the difference has changed; `own_submission`; `already_agreed`; `not_your_step`;
    `already_decided`; `item_not_approvable` and `steps_differ` for an item that the approver may not approve;
    `waiver_required` and `rules_broken` for findings.
    """
    run, said = current(), comment or ""
    in_place_of = decides(submission, "approve")
    refuse_unless(submission, "approve")
    if not agree(submission, in_place_of):
        if digest != submission.token():
            # Others changed other fields since the submission, so the approver saw another digest.
            checked = grant(submission, lambda item, given: None, seen=digest, only_check=True)
            if checked.refusal is not None:
                raise checked.refusal
        _keep(said, submission)
        return submission
    run.on_behalf_of = submission.author
    waits = submission.run_at is not None and submission.run_at > run.instant
    outcome = grant(submission, _granted_by_approver(submission), seen=digest, only_check=waits)
    move(submission, outcome.verb)
    if waits:
        keep_waivers(submission)
    if outcome.refusal is not None:
        _keep(said, submission)
        return not_done(submission, outcome.refusal)
    # At the scheduled time exactly the changes seen now are applied.
    submission.digest = outcome.digest
    submission.decided_changes = kept_changes(outcome.changes)
    return _decided(submission, said, in_place_of)


@action("submission.reject", open_to=OpenTo.SIGNED_IN, subject="submission")
def reject_submission(
    *,
    submission: Submission,
    comment: Annotated[str, Doc("Why it is rejected. Example: We do not advertise this yet.")],
) -> Submission:
    """Reject a submission, with a comment for its authors.

    They are notified, and can change it and submit it again.
    Errors: those of `submission.approve` about who may decide; `required` without a comment; `already_decided`.
    """
    in_place_of = decides(submission, "reject")
    refuse_unless(submission, "reject")
    if not comment.strip():
        raise Invalid("Give the reason, so that the authors can fix it.", code="required", field="comment")
    _keep(comment, submission, asks=True)
    submission.decided_changes = _would_change(submission)
    move(submission, "reject")
    return _decided(submission, comment, in_place_of)


@action("submission.request_changes", open_to=OpenTo.SIGNED_IN, subject="submission")
def request_changes(
    *,
    submission: Submission,
    comment: Annotated[str | None, Doc("Changes of the whole submission. Example: Shorter, please.")],
    fields: Annotated[list[ChangeAsked] | None, Doc("Changes of single fields.")],
) -> Submission:
    """Ask the authors of a submission for changes, by a comment or field by field.

    They are notified.
    Errors: those of `submission.approve` about who may decide; `required` without any change; `unknown_field`;
    `already_decided`.
    """
    run = current()
    decides(submission, "request_changes")
    refuse_unless(submission, "request_changes")
    by_field = fields or []
    asked = [*([ChangeAsked(field="", text=comment)] if comment and comment.strip() else []), *by_field]
    if not asked:
        raise Invalid("Describe the changes, in a comment or by field.", code="required", field="comment")
    for number, one in enumerate(by_field):
        one["field"] = full_path(submission, one["field"], f"fields.{number}.field")
    comments = [
        SubmissionComment(submission=submission, author=run.actor.user, round=submission.round, asks=True, **one)
        for one in asked
    ]
    SubmissionComment.objects.bulk_create(comments)
    move(submission, "request_changes")
    submission.comment = comment or ""
    submission.save()
    submission_changes_requested.announce(submission=submission, comments=comments)
    return submission


def _would_change(submission: Submission) -> list[dict[str, Any]] | None:
    """The changes of a rejected submission, to show them afterwards; None if its items cannot be read any more."""
    try:
        items = rebased(submission, items_of(submission.items))
    except DomainError:
        return None
    with trying_out(items, current().actor, every_row) as trial:
        return kept_changes(trial.changes)


def full_path(submission: Submission, path: str, field: str) -> str:
    """The full path of a field in the submission ("subtitle" is "items.0.inputs.changes.subtitle").

    `path` is a path or the name of an input, as in the difference; "" is the whole submission.
    Raises: Invalid `unknown_field`, naming the fields that exist.
    """
    if not path:
        return path
    paths = list(_paths(submission.items, "items"))
    if path in ("title", "run_at") or path in paths:
        return path
    named = [one for one in paths if one.rpartition(".")[2] == path and ".inputs" in one]
    if len(named) == 1:
        return named[0]
    leaves = sorted(
        {
            one.rpartition(".")[2]
            for one in paths
            if ".inputs." in one and not any(p.startswith(f"{one}.") for p in paths)
        }
    )
    raise Invalid(
        f"Several items have the field {path!r}. Name one of: {', '.join(named)}."
        if named
        else f"The submission has no field {path[:60]!r}. It has: {', '.join([*leaves, 'title', 'run_at'])}.",
        code="unknown_field",
        field=field,
    )


def _paths(value: Any, path: str) -> Iterator[str]:
    yield path
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _paths(one, f"{path}.{key}")


def _granted_by_approver(submission: Submission) -> Granted:
    """A check for each item: the approver may approve it, or the submitter may run it without approval."""
    run = current()

    def granted(item: Item, given: Mapping[str, Any]) -> None:
        approves = item.action.submittable and _may_approve(submission, item, given)
        if approves and decided_together(submission, place_of(item, given)):
            return
        if not item.action.permits(absent(submission.submitted_by), given, at=run.instant):
            if approves:
                raise NotAllowed(
                    f"Item {item.number} now needs other approval steps. Ask the authors to submit it separately.",
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
    permission = f"approve_{place_of(item, given).area}"
    raise NotAllowed(
        f"You may not approve item {item.number}: it needs the permission {permission} there. Leave it to "
        "somebody who may approve all items, or ask for two submissions.",
        code="item_not_approvable",
        field=item.path,
        data={"action": item.action.name, "needs": [permission]},
    )


def _keep(comment: str, submission: Submission, *, asks: bool = False) -> None:
    """Add the comment of a decision to the comments of the submission."""
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
