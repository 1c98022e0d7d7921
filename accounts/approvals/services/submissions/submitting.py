"""Submits a round: checks it, then sends it to its approvers, or applies it if its author may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from accounts.approvals.models.submissions import Submission, SubmissionState, SubmissionSubject
from accounts.approvals.rules import submission_items as rules
from accounts.approvals.selectors.approvers import may_write
from accounts.approvals.services.approvals import keep_waivers
from accounts.approvals.services.submissions.granting import carry_out, grant
from accounts.approvals.services.submissions.items import (
    Item,
    SubjectSeen,
    items_of,
    needed_of,
    seen_by,
    subjects_of,
    trying_out,
)
from accounts.approvals.services.submissions.naming import LONGEST, title_of
from accounts.approvals.services.submissions.places import deciding_place
from accounts.approvals.services.submissions.transitions import move
from accounts.approvals.signals import submission_arrived
from accounts.permissions.models.sections import Section
from theater_site.core import inputs, recording
from theater_site.core.actions import Action, Needs, OpenTo, action, current
from theater_site.core.actors import Actor
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, DomainError, Invalid, NotAllowed
from theater_site.core.judges import refuse_errors


def submit(action: Action[Any, Any], actor: Actor, given: Mapping[str, Any], if_version: int | None) -> Submission:
    """Store `action` for approval. Answers the runner's question.

    Raises: the errors of its preview; Conflict `nothing_changes`.
    """
    seen = action.preview(actor=actor, if_version=if_version, submitting=True, **given)
    refuse_errors(seen.findings)
    if not seen.changes and not action.exposes:
        raise Conflict("This changes nothing, so there is nothing to approve.", code="nothing_changes")
    permission, scope = action.scopes(given)[0]
    return create_submission(
        actor=actor,
        section=_section_of(scope),
        area=permission.split("_", 1)[1],
        title=title_of(action, given),
        action_name=action.name,
        inputs_json=inputs.to_text(given),
        seen_version=if_version,
        digest=seen.digest,
        subjects=subjects_of(seen.changes, [(Item(0, action, {}, "", None), given)]),
    )


def _section_of(scope: Any) -> Section:
    if isinstance(scope, Section):
        return scope
    section: Section = scope.section_along or Section.objects.get(pk=scope.owning_section_id)
    return section


@action("submission.create", needs=Needs("submit_{area}", on="section"))
def create_submission(
    *,
    section: Section,
    area: str,
    title: str,
    action_name: Annotated[str, Doc("The name of the action that is submitted. Example: production.update")],
    inputs_json: Annotated[str, Doc("Its inputs, as JSON.")],
    seen_version: Annotated[
        int | None, Doc("The version of its subject that the author saw; null to accept any. Example: 7")
    ],
    digest: Annotated[str, Doc("A digest of its changes.")],
    subjects: Annotated[list[SubjectSeen], Doc("The objects that it would change, with their versions.")],
) -> Submission:
    """Create a submission of one action. Its approvers are notified."""
    run = current()
    written = {
        "action": action_name,
        "name": "",
        "inputs": inputs.from_text(inputs_json),
        "if_version": seen_version,
    }
    submission = Submission(
        author=run.actor.user,
        section=section,
        area=area,
        title=title,
        state=SubmissionState.SUBMITTED,
        items=[written],
        digest=digest,
        round=1,
        submitted_at=run.instant,
        submitted_by=run.actor.user,
    )
    submission.save()
    _keep_subjects(submission, subjects)
    submission_arrived.announce(submission=submission)
    return submission


@action("submission.submit", open_to=OpenTo.SIGNED_IN, subject="submission")
def submit_submission(*, submission: Submission) -> Submission:
    """Submit a draft for approval, in a new round.

    If the submitter may run all items, it is applied without approval, at once or at its scheduled time. Otherwise its approvers
    are notified. Errors name all invalid fields of all items together.
    Errors: `not_author`; `already_decided`; `required` without items; `submission_incomplete`; `rules_broken`;
    `steps_differ`; those of references between items (`unknown_result`, `circular_reference`, `forward_reference`).
    """
    refuse_others(submission)
    move(submission, "submit")
    return submit_again(submission, at_once=True)


def submit_again(submission: Submission, *, at_once: bool = False) -> Submission:
    """Start the next round of `submission`, after a dry run.

    With `at_once` it is applied if the actor may run all items; otherwise it always waits for approval.
    Raises: the errors of `submission.submit`.
    """
    run = current()
    items = readable_items(submission.items)
    judge = needed_of(run.actor, run.instant)
    with trying_out(items, run.actor, seen_by(run.actor), judge) as trial:
        pass
    trial.refuse_problems()
    place = deciding_place(trial.places) or trial.first
    assert place is not None
    assert place.section_id is not None
    first_round = submission.round == 0
    submission.area, submission.section_id = place.area, place.section_id
    submission.title = submission.title or ", ".join(dict.fromkeys(trial.titles))[:LONGEST]
    submission.digest, submission.failure = trial.digest, ""
    submission.round += 1
    submission.step = 0
    submission.submitted_at, submission.submitted_by = run.instant, run.actor.user
    submission.decided_by, submission.decided_at, submission.comment = None, None, ""
    submission.decided_in_place_of = None
    if not trial.places and at_once:
        _do_what_its_author_may(submission)
    submission.save()
    # Saves of drafts log no values, so each submitted round is logged here, encrypted.
    submitted = {"items": submission.items, "title": submission.title, "run_at": submission.run_at}
    recording.record_change(submission, dict.fromkeys(submitted), submitted)
    _keep_subjects(submission, trial.subjects, replaced=not first_round)
    if submission.state == SubmissionState.SUBMITTED:
        submission_arrived.announce(submission=submission)
    return submission


def _do_what_its_author_may(submission: Submission) -> None:
    run = current()
    if submission.run_at is not None and submission.run_at > run.instant:
        outcome = grant(submission, lambda item, given: None, only_check=True)
        if outcome.refusal is not None:
            raise outcome.refusal
        move(submission, outcome.verb)
        keep_waivers(submission)
    else:
        carry_out(submission, lambda item, given: None)
        move(submission, "apply")
    submission.decided_by, submission.decided_at = run.actor.user, run.instant


def readable_items(written: list[dict[str, Any]]) -> list[Item]:
    """The items of a submission.

    Raises: Invalid `required` without items, and the codes of `faults_of_names`.
    """
    if not written:
        raise Invalid("The submission has no items. Add one.", code="required", field="items")
    problems: list[DomainError] = [
        Invalid(fault.message, code=fault.code, field=fault.path) for fault in rules.faults_of_names(written)
    ]
    if problems:
        raise Invalid("The names and references of the items are invalid.", code=problems[0].code, problems=problems)
    return items_of(written)


def refuse_others(submission: Submission) -> None:
    """Check that the actor writes `submission`.

    Raises: NotAllowed `not_author`.
    """
    if not may_write(current().actor, submission):
        raise NotAllowed("Only the authors of a submission can do this.", code="not_author")


def _keep_subjects(submission: Submission, subjects: list[SubjectSeen], *, replaced: bool = False) -> None:
    if replaced:
        submission.subjects.all().delete()
    SubmissionSubject.objects.bulk_create(SubmissionSubject(submission=submission, **seen) for seen in subjects)
