"""Deletes old values of the audit log. It never deletes that something was done, by whom and when."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Annotated, Any

from django.db.models import Q

from accounts.audit.models.entries import AuditChange, AuditEntry, AuditValue
from accounts.audit.selectors.history import reasons_in
from accounts.permissions.models.sections import Section
from theater_site.core.actions import Needs, Run, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid

# Without this limit, users could hide what they changed last week.
KEPT = timedelta(days=90)
_CHUNK = 500


@action(
    "audit.expire_values",
    needs=(Needs("view_audit", on="section"), Needs("manage_members", on="section")),
    subject="section",
)
def expire_values(
    *,
    section: Annotated[Section, Doc("Id of the organization. Example: 1")],  # type: ignore[valid-type]
    before: Annotated[
        datetime, Doc("Values of changes before this instant are deleted. Example: 2020-01-01T00:00:00Z")
    ],
) -> int:
    """Delete the values of old changes. The changes themselves, their digests and the seal stay.

    The audit entry has the number of changes and the instant. On the organization, changes without a section are included.

    Error: `too_recent` for an instant less than 90 days ago, so that nobody can hide a recent change.
    """
    run = current()
    if before > run.instant - KEPT:
        raise Invalid(
            f"Values are kept for {KEPT.days} days at least: choose an instant before {run.instant - KEPT:%Y-%m-%d %H:%M} UTC.",
            code="too_recent",
            field="before",
        )
    within = Q(change__section_id__in=Section.objects.filter(path__startswith=section.path).values("pk"))
    if section.parent_id is None:
        within |= Q(change__section_id=None)
    forgotten = AuditValue.objects.filter(within, change__entry__at__lt=before).delete()[0]
    run.note["values_expired"] = {"section": section.pk, "before": before, "count": forgotten}
    return forgotten


def erase_values(object_type: str, object_id: Any, fields: Collection[str]) -> int:
    """Delete the logged values of these fields of one object, as part of the running action. Returns the number of changes.

    A value row is never rewritten, so a change of one of `fields` loses the values of all its fields. The names of its fields
    and the digest stay; without the salt, nobody can guess the values from the digest. The audit entry names the object and the
    fields. It is written after this: set `keeps_values` to keep the values of this action out of it.
    Raises: LookupError outside of an action.
    """
    run = current()
    changes = AuditChange.objects.filter(object_type=object_type, object_id=str(object_id), value__isnull=False)
    named = [pk for pk, told in changes.values_list("pk", "fields") if not set(told).isdisjoint(fields)]
    erased = 0
    for start in range(0, len(named), _CHUNK):
        erased += AuditValue.objects.filter(pk__in=named[start : start + _CHUNK]).delete()[0]
    _note_erased(run, object_type, str(object_id), sorted(fields), erased)
    return erased


def erase_reasons(notified_of: Callable[[AuditEntry, str], bool]) -> None:
    """Delete the reasons of waivers for which `notified_of(entry, reasons)` is true, like `erase_values`."""
    waived = AuditChange.objects.filter(entry__note__contains='"waived"', value__isnull=False)
    for change in list(waived.select_related("entry", "value").order_by("pk")):
        reasons = reasons_in(change.value)
        if reasons and notified_of(change.entry, " ".join(reasons.values())):
            change.value.delete()
            _note_erased(current(), change.object_type, change.object_id, ["waived"], 1)


def _note_erased(run: Run, object_type: str, object_id: str, fields: list[str], count: int) -> None:
    told = {"object_type": object_type, "object_id": object_id, "fields": fields, "count": count}
    run.note.setdefault("values_erased", []).append(told)
