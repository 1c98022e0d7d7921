"""Applies a submission: exactly the approved changes, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.approvals.models.submissions import Submission, SubmissionState
from accounts.approvals.rules import submission_items as rules
from accounts.approvals.services.submissions.collisions import collisions_of
from accounts.approvals.services.submissions.items import Finder, Item, every_row, items_of, path_of, place_of
from accounts.approvals.signals import submission_failed, submission_stale
from theater_site.core.actions import current
from theater_site.core.changes import Change
from theater_site.core.digests import digest_of
from theater_site.core.errors import Conflict, DomainError, Invalid, NotFound, Stale
from theater_site.core.inputs import Reading, row_of

# Checks that an item may be applied, with its loaded arguments; raises if not.
Granted = Callable[[Item, Mapping[str, Any]], None]
# The approver can fix these errors at once (waive a warning, look again), so they do not make the submission failed.
_ANSWERED_AT_ONCE = {"waiver_required", "rules_broken", "digest_outdated"}


class Outcome(NamedTuple):
    """The result of applying a submission: its next `verb`, and the `refusal` if it cannot be applied.

    `verb` is `apply`, `approve` (scheduled), `go_stale` or `fail`. `changes` are those that an approval applies.
    """

    verb: str
    refusal: DomainError | None = None
    changes: list[Change] = []
    digest: str = ""


class _RolledBack(Exception):
    pass


def grant(submission: Submission, granted: Granted, *, seen: str | None = None, only_check: bool = False) -> Outcome:
    """Apply `submission` as consequences of the running action, and keep the result only if it is the one that was seen.

    `seen` is the token of a difference; without it the result must be that of the submission. The outcome is `go_stale` if
    others changed the same fields, and `fail` if an item cannot be applied; then everything is rolled back. With `only_check`
    it is always rolled back.
    Raises: the errors of `granted`; `waiver_required` and `rules_broken` for findings; Conflict `digest_outdated` if the
    difference has changed since it was seen.
    """
    run = current()
    before = len(run.consequences)
    changes: list[Change] = []
    digest = ""
    try:
        with transaction.atomic():
            carry_out(submission, granted)
            consequences = run.consequences[before:]
            changes = [change for consequence in consequences for change in consequence.all_changes()]
            digest = digest_of((change for one in consequences for change in one.agreed_to()), run.instant)
            _refuse_another(submission, digest, seen)
            if only_check:
                raise _RolledBack
    except _RolledBack:
        return Outcome("approve", None, changes, digest)
    except (Conflict, Invalid, NotFound, Stale) as error:
        if error.code in _ANSWERED_AT_ONCE:
            raise
        if seen is not None and error.code != "submission_stale" and seen != submission.token():
            if not seen:
                # The difference had no digest, because it showed this error.
                raise
            # The difference seen could be applied, so content has changed since.
            raise _outdated(submission) from error
        return Outcome("go_stale" if error.code == "submission_stale" else "fail", error)
    return Outcome("apply", None, changes, digest)


def _refuse_another(submission: Submission, digest: str, seen: str | None) -> None:
    """Raise an error if the result is not the one that was seen (without `seen`: submitted).

    Raises: Conflict `digest_outdated`; Stale `submission_stale`.
    """
    if digest == submission.digest if seen is None else submission.token(digest) == seen:
        return
    collisions = collisions_of(submission)
    if seen is not None and not collisions:
        raise _outdated(submission)
    fields = [collision.field for collision in collisions]
    raise Stale(
        "The same fields have changed since this was submitted. Nothing was applied. Ask its authors to rebase it, or"
        " reject it."
        if fields
        else "The result differs from the one that was approved. Nothing was applied. Ask its authors to rebase it,"
        " or reject it.",
        code="submission_stale",
        data={"fields": fields},
        problems=collisions,
    )


def _outdated(submission: Submission) -> Conflict:
    return Conflict(
        "The difference has changed since you saw it. Load it again, then decide.",
        code="digest_outdated",
        field="digest",
        data={"round": submission.round},
    )


def not_done(submission: Submission, refusal: DomainError) -> Submission:
    """Store why a stale or failed submission was not applied. Its authors and its approver are notified."""
    submission.refusal, submission.failure = refusal, refusal.code
    submission.save()
    announcement = submission_stale if submission.state == SubmissionState.STALE else submission_failed
    announcement.announce(submission=submission)
    return submission


def carry_out(submission: Submission, granted: Granted) -> None:
    """Run every item as a consequence of the running action.

    Calls `granted` after each item, since the subject is loaded only then. If it raises, the caller's rollback undoes the item.
    """
    run, results = current(), dict[str, Any]()
    for item in items_of(submission.items):
        made = _done(item, Finder(every_row, results))
        granted(item, run.consequences[-1].given)
        if item.name:
            results[item.name] = made


def _done(item: Item, find: Finder) -> Any:
    def find_or_name(kind: type[models.Model], raw: Any, path: str) -> models.Model:
        if path == f"{item.path}.inputs.{item.action.subject}" and rules.result_named(raw) is None:
            # The runner locks and loads the subject itself.
            return kind(pk=_key(kind, raw, path))
        return find(kind, raw, path)

    reading = Reading(find_or_name)
    given = reading.read_all(item.action.kinds, item.raw, f"{item.path}.inputs")
    if gone := [problem for problem in reading.problems if problem.code == "reference_gone"]:
        raise Conflict(
            f"{gone[0].message} Take it out of the submission, or reject this.", code="subject_gone", problems=gone
        )
    if reading.problems:
        raise Conflict(
            f"The inputs of {item.action.name} have changed since this was submitted. Ask its authors to write the item again.",
            code="inputs_outdated",
            data={"action": item.action.name, "fields": [problem.field for problem in reading.problems]},
            problems=reading.problems,
        )
    try:
        return item.action.as_consequence(**given)
    except NotFound as error:
        path = path_of(item, item.action.subject)
        raise Conflict(
            f"{error.message} Take it out of the submission, or reject this.",
            code="subject_gone",
            problems=[Conflict(error.message, code="subject_gone", field=path)],
        ) from error


def _key(kind: type[models.Model], raw: Any, path: str) -> Any:
    try:
        return kind._meta.pk.to_python(raw)
    except ValidationError:
        # `row_of` raises the right error for a malformed id.
        return row_of(every_row(kind), raw, path).pk


def place_is_of(submission: Submission, item: Item, given: Mapping[str, Any]) -> bool:
    """Whether an item has the area and section of its submission, and so its approvers."""
    place = place_of(item, given)
    return (place.area, place.section_id) == (submission.area, submission.section_id)
