"""Finds the entries and changes of the audit log that an actor may read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Value

from accounts.audit.models.entries import AuditChange, AuditEntry
from accounts.permissions.models.sections import Section
from theater_site.core.actors import EVERYWHERE, Actor, Sections
from theater_site.core.errors import Invalid

READS = "view_audit"
# An import changes hundreds of thousands of objects, so a list shows only the first changes of an entry.
TOLD = 50
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Reader:
    """What `actor` may read of the log at the instant `at`.

    They read changes in sections where they have `view_audit`, and the entries of these changes. They read all of their own
    entries. With the permission on the organization they read everything, also entries without changes.
    """

    actor: Actor
    at: datetime

    @property
    def sections(self) -> Sections:
        return self.actor.sections_held(READS, self.at)

    def changes(self) -> QuerySet[AuditChange]:
        """The changes that may be read."""
        return AuditChange.objects.filter(self._readable())

    def may_read(self, change: AuditChange) -> bool:
        """Whether this change, loaded with its entry, may be read."""
        held = self.sections
        if held is EVERYWHERE:
            return True
        own = self.actor.user_id is not None and change.entry.actor_id == self.actor.user_id
        return own or change.section_id in held  # type: ignore[operator]

    def entries(self, touching: Q | None = None) -> QuerySet[AuditEntry]:
        """The entries that may be read; with `touching`, only those with a readable change that matches it."""
        rows = AuditEntry.objects.all()
        if self.sections is EVERYWHERE:
            return rows if touching is None else rows.filter(_having(touching))
        within = Q(section_id__in=self.sections)
        own = Q(actor_id=self.actor.user_id) if self.actor.user_id is not None else Q(pk__in=())
        if touching is None:
            return rows.filter(own | Q(_having(within)))
        return rows.filter((own & Q(_having(touching))) | Q(_having(within & touching)))

    def with_changes(self, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """`rows` with their first readable changes in `told`, one more than `TOLD` to know whether there are more. `whole`
        says whether all changes may be read."""
        told = self.changes().select_related("entry").order_by("id")[: TOLD + 1]
        whole: Any = Value(True)
        if self.sections is not EVERYWHERE:
            whole = ~Exists(AuditChange.objects.filter(~self._readable(), entry=OuterRef("pk")))
        return rows.prefetch_related(Prefetch("changes", queryset=told, to_attr="told")).annotate(whole=whole)

    def _readable(self) -> Q:
        if self.sections is EVERYWHERE:
            return Q()
        readable = Q(section_id__isnull=False, section_id__in=self.sections)
        if self.actor.user_id is not None:
            readable |= Q(entry__actor_id__isnull=False, entry__actor_id=self.actor.user_id)
        return readable


def _having(condition: Q) -> Exists:
    return Exists(AuditChange.objects.filter(condition, entry=OuterRef("pk")))


def touching(*, section: int | None = None, object_type: str | None = None, object_id: str | None = None) -> Q | None:
    """The condition on changes for a search: in `section` or below, about an object. None without criteria.

    Raises: Invalid `required` for an id without its type."""
    condition = Q()
    if section is not None:
        path = Section.objects.filter(pk=section).values("path")[:1]
        below = Section.objects.filter(path__startswith=path)
        condition &= Q(section_id__in=below.values("pk"))
    if object_id is not None and object_type is None:
        raise Invalid(
            "An id says nothing without its type: give object_type too.", code="required", field="object_type"
        )
    if object_type is not None:
        condition &= Q(object_type=object_type)
    if object_id is not None:
        condition &= Q(object_id=object_id)
    return condition or None


def flat(
    reader: Reader, rows: QuerySet[AuditEntry], asked: Q | None
) -> Iterator[tuple[AuditEntry, AuditChange | None, bool]]:
    """Every entry of `rows`, newest first, once for each readable change that matches `asked`, or once without a change if it
    has none; each with whether all of it may be read. Read in pieces, since there may be very many."""
    last: Any = None
    rows = reader.with_changes(rows).prefetch_related(None).order_by("-id")
    while True:
        page = list((rows if last is None else rows.filter(id__lt=last))[:_CHUNK])
        if not page:
            return
        last = page[-1].pk
        changes = reader.changes().filter(entry__in=[entry.pk for entry in page])
        if asked is not None:
            changes = changes.filter(asked)
        yield from _paired(page, changes.order_by("-entry_id", "id").iterator(2000))


def _paired(
    page: list[AuditEntry], changes: Iterator[AuditChange]
) -> Iterator[tuple[AuditEntry, AuditChange | None, bool]]:
    upcoming = next(changes, None)
    for entry in page:
        alone = True
        while upcoming is not None and upcoming.entry_id == entry.pk:
            yield entry, upcoming, entry.whole  # type: ignore[attr-defined]
            alone, upcoming = False, next(changes, None)
        if alone:
            yield entry, None, entry.whole  # type: ignore[attr-defined]
