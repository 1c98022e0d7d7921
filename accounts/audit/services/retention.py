"""What of the audit log may be forgotten: the values before and after, never that something was done, by whom, or when."""

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

# Anybody who may expire values must not be able to hide with it what they did last week.
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
    """Delete the values of old changes; that they were made stays known.

    The changes themselves, their digests and the seal stay; the log's entry of this action says how many and until
    when. On the organization, changes that belong to no section are meant too. Refused: an instant that is less than 90
    days past, so that nobody covers fresh tracks.
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
    """Forget what the log knows of these fields of one object, as part of the running action; answers how many changes
    lost their values. LookupError outside of an action.

    A value row is never rewritten, so a change that concerns one of `fields` loses the values of all its fields; that it
    concerned them, and its digest, stay, and without the salt the digest cannot be tried against guesses. The running
    action's entry names the object and the fields. What that action and its consequences do is not in the log yet:
    `keeps_values` keeps it out.
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
    """Forget why warnings were waived, wherever `notified_of` says so of an entry and its reasons; as `erase_values` does."""
    waived = AuditChange.objects.filter(entry__note__contains='"waived"', value__isnull=False)
    for change in list(waived.select_related("entry", "value").order_by("pk")):
        reasons = reasons_in(change.value)
        if reasons and notified_of(change.entry, " ".join(reasons.values())):
            change.value.delete()
            _note_erased(current(), change.object_type, change.object_id, ["waived"], 1)


def _note_erased(run: Run, object_type: str, object_id: str, fields: list[str], count: int) -> None:
    told = {"object_type": object_type, "object_id": object_id, "fields": fields, "count": count}
    run.note.setdefault("values_erased", []).append(told)
