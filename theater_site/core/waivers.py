"""Refuses an action with findings, unless they are warnings and each broken rule is waived."""

from __future__ import annotations

from collections.abc import Mapping

from theater_site.core import judges
from theater_site.core.errors import Conflict
from theater_site.core.judges import Finding
from theater_site.core.runs import Run
from theater_site.core.signals import standing_waivers


def judge(run: Run) -> None:
    """Collect the judges' findings on the changes of `run`; outside a preview, refuse what is not waived.

    The audit entry notes the ids of the stored waivers that were used.
    Raises: Invalid `rules_broken` for errors; Conflict `waiver_required` for warnings without a waiver.
    """
    run.findings = judges.findings_on(run.changes)
    if run.previewing or not run.findings:
        return
    judges.refuse_errors(run.findings)
    warnings = [finding for finding in run.findings if not run.waivers.get(finding.rule, "").strip()]
    if warnings:
        waived = _stored_waivers(run, warnings)
        if ids := {waiver_id for waiver_id in waived.values() if waiver_id is not None}:
            run.note["waivers"] = sorted(ids)
        warnings = [finding for finding in warnings if finding not in waived]
    if warnings:
        raise Conflict(
            _waive_message(warnings, run.waivers),
            code="waiver_required",
            data={"findings": [finding.as_data() for finding in warnings]},
        )


def _stored_waivers(run: Run, warnings: list[Finding]) -> dict[Finding, int | None]:
    """The warnings that are waived already, each with its waiver's id, or None for a waiver given with the value."""
    waived = standing_waivers.ask(findings=warnings, at=run.instant)
    # A waiver that was given with an earlier value does not cover a value that is written now.
    written = {(c.object_type, str(c.object_id), name) for c in run.changes for name in c.after}
    return {
        finding: waiver_id
        for finding, waiver_id in waived.items()
        if waiver_id is not None or (finding.object_type, finding.object_id, finding.field) not in written
    }


def _waive_message(warnings: list[Finding], waivers: Mapping[str, str]) -> str:
    rules = sorted({finding.rule for finding in warnings})
    example = ", ".join(f'"{rule}": "<reason>"' for rule in rules)
    unknown = sorted(waivers.keys() - set(rules))
    wrong = f" Nothing here asks for a waiver of {', '.join(unknown)}." if unknown else ""
    return f'There are warnings. Fix what they name, or waive each rule with a reason: "waive": {{{example}}}.{wrong}'
