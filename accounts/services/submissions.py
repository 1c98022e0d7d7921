"""What waits for approval: stored when somebody may only propose, applied or declined by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import Section, Submission, SubmissionState
from accounts.signals import submission_arrived, submission_decided
from theater_site.core import inputs
from theater_site.core.actions import Action, Needs, OpenTo, action, current, digest_of, registered
from theater_site.core.actors import Actor
from theater_site.core.errors import Conflict, Invalid, NotAllowed, Stale


def propose(action: Action[Any, Any], actor: Actor, given: Mapping[str, Any], if_version: int | None) -> Submission:
    """Store `action` for approval. Answers the runner's question; refused where its preview would be."""
    seen = action.preview(actor=actor, if_version=if_version, proposing=True, **given)
    errors = [finding for finding in seen.findings if finding.severity.value == "error"]
    if errors:
        raise Invalid(
            "This breaks the theater's rules.",
            code="rules_broken",
            data={"findings": [finding.as_data() for finding in seen.findings]},
            problems=[Invalid(f"{f.message} {f.mend}", code=f.rule, field=f.field or None) for f in errors],
        )
    right, scope = action.scopes(given)[0]
    return create_submission(
        actor=actor,
        section=scope if isinstance(scope, Section) else Section.objects.get(pk=scope.owning_section_id),
        area=right.split("_", 1)[1],
        action_name=action.name,
        inputs_json=inputs.to_text(given),
        seen_version=if_version,
        digest=seen.digest,
    )


@action("submission.create", needs=Needs("propose_{area}", on="section"))
def create_submission(
    *, section: Section, area: str, action_name: str, inputs_json: str, seen_version: int | None, digest: str
) -> Submission:
    """Keep one action with its inputs until somebody decides; whoever may decide is told."""
    run = current()
    submission = Submission(
        author=run.actor.user,
        section=section,
        area=area,
        title=action_name,
        items=[{"action": action_name, "inputs": inputs.from_text(inputs_json), "if_version": seen_version}],
        digest=digest,
    )
    submission.save()
    submission_arrived.announce(submission=submission)
    return submission


@action("submission.approve", needs=Needs("approve_{area}", on="submission"), subject="submission")
def approve_submission(*, submission: Submission, comment: str) -> Submission:
    """Do what was proposed, in this transaction, on behalf of its author.

    Refused: one's own, one that was decided, and (Stale) one that would now do something else than what was seen when it
    was submitted.
    """
    run = current()
    _still_open(submission)
    if submission.author_id == run.actor.user_id:
        raise NotAllowed("Nobody approves what they proposed themselves.", code="own_submission")
    run.on_behalf_of = submission.author
    for item in submission.items:
        proposed = registered().get(item["action"])
        if proposed is None:
            raise Conflict(f"The action {item['action']} does not exist any more. Decline this.", code="action_gone")
        proposed.as_consequence(
            **{name: inputs.load(proposed.kinds[name], raw, name) for name, raw in item["inputs"].items()}
        )
    done = [change for consequence in run.consequences for change in consequence.all_changes()]
    if digest_of(done, run.instant) != submission.digest:
        raise Stale(
            "What this would change has changed since it was submitted. Decline it, or have it submitted again.",
            code="submission_stale",
        )
    return _decided(submission, SubmissionState.APPLIED, comment)


@action("submission.decline", needs=Needs("approve_{area}", on="submission"), subject="submission")
def decline_submission(*, submission: Submission, comment: str) -> Submission:
    """Say no, with a comment that its author reads. Nothing else changes."""
    _still_open(submission)
    if not comment.strip():
        raise Invalid("Say why, so that it can be mended.", code="required", field="comment")
    return _decided(submission, SubmissionState.DECLINED, comment)


@action("submission.withdraw", open_to=OpenTo.SIGNED_IN, subject="submission")
def withdraw_submission(*, submission: Submission) -> Submission:
    """Take back what one proposed oneself."""
    if submission.author_id != current().actor.user_id:
        raise NotAllowed(
            "Only its author withdraws a submission; whoever may approve it can decline.", code="not_author"
        )
    _still_open(submission)
    submission.state = SubmissionState.WITHDRAWN
    submission.save()
    return submission


def _still_open(submission: Submission) -> None:
    if submission.state != SubmissionState.SUBMITTED:
        raise Conflict(f"This submission is {submission.state} already.", code="already_decided")


def _decided(submission: Submission, state: SubmissionState, comment: str) -> Submission:
    run = current()
    submission.state = state
    submission.decided_by = run.actor.user
    submission.decided_at = run.instant
    submission.comment = comment
    submission.save()
    submission_decided.announce(submission=submission)
    return submission
