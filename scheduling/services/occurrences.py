"""Schedules, updates, reschedules, cancels, reinstates, publishes and deletes occurrences."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, TypedDict

from accounts.models import Section
from productions.models import Production, ProductionStatus
from scheduling.models import PLANNED, Category, Occurrence, OccurrenceStatus, Space, Venue, Visibility
from scheduling.rules.slot_tokens import offered_slot
from scheduling.selectors.categories import defaults_of
from scheduling.selectors.occurrences import canceled_to_come, to_come
from scheduling.services.conflicts import book, release
from scheduling.signals import (
    Move,
    occurrences_canceled,
    occurrences_moved,
    occurrences_reinstated,
    occurrences_scheduled,
)
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, DomainError, Invalid, all_of
from theater_site.core.inputs import row_of


class OccurrenceFields(TypedDict, total=False):
    """Fields of an occurrence: absent means unchanged, None or "" means not known.

    `date` and `start_time` are wall time in `timezone` (an IANA name), by default the venue's; the
    date may be partial ("1998") without a time. A `space` sets its venue, and is booked from
    the start for `duration_minutes`, so it needs all three.
    """

    title: str
    subtitle: str
    category: Category
    visibility: Visibility
    venue: Venue | None
    space: Space | None
    date: str
    start_time: dt.time | None
    duration_minutes: int | None
    setup_minutes: int
    strike_minutes: int
    timezone: str
    status_note: str
    tentative: Annotated[
        bool, Doc("Whether it may not take place: then it is shown as tentative, and books no space. Example: false")
    ]


@action("event.schedule", needs=Needs("edit_schedule", on="production"), submittable=True)
def schedule_occurrence(*, production: Production, fields: OccurrenceFields) -> Occurrence:
    """Schedule an event of a production and hold its space; it is not public yet.

    Errors: Invalid for a missing date, a time without its day or zone, a space without start and duration; `space_taken`.
    Also `needed_for_space`, `out_of_range`, `time_without_day`, `timezone_needed`.
    """
    return _scheduled(Occurrence(section=production.section, production=production), fields)


@action("event.schedule_standalone", needs=Needs("edit_schedule", on="section"), submittable=True)
def schedule_standalone(
    *,
    section: Section,
    fields: OccurrenceFields,
) -> Occurrence:
    """Schedule an event that belongs to no production: a meeting, a class, a fundraiser.

    Same errors as for an event of a production, and `required` without a title.
    """
    return _scheduled(Occurrence(section=section), fields)


@action("event.update", needs=Needs("edit_schedule", on="occurrence"), subject="occurrence", submittable=True)
def update_occurrence(*, occurrence: Occurrence, changes: OccurrenceFields) -> Occurrence:
    """Update or move an occurrence. It keeps its id, tickets and calls.

    Errors: those of scheduling; `canceled`; `equipment_taken`; `event_over` for `tentative`; where it is on sale,
    `on_sale`, `chart_elsewhere` and `sold_in_the_past`. Also `space_elsewhere`, `space_taken`.
    """
    _refuse_canceled(occurrence)
    before, booked = occurrence.placing, _booked(occurrence)
    _describe(occurrence, changes)
    occurrence.save()
    if (occurrence.placing, _booked(occurrence)) != (before, booked):
        book([occurrence], replace=True)
    if occurrence.placing != before:
        occurrences_moved.announce(moves=[Move(occurrence, before)])
    return occurrence


@action("event.take_slot", needs=Needs("edit_schedule", on="occurrence"), subject="occurrence", submittable=True)
def take_slot(
    *,
    occurrence: Occurrence,
    slot: Annotated[
        str, Doc("The token of a free slot, from GET /api/v1/free-slots/. Example: WzIsIjIwMjct...:1tYx:abc")
    ],
) -> Occurrence:
    """Move an event to a free slot that was offered.

    Errors: `bad_slot`; `slot_expired` after a day; `space_taken` if another event has the space by now; `reference_gone` if the
    space was deleted; same errors as `event.update`.
    """
    offered = offered_slot(slot)
    space: Any = row_of(Space.objects.select_related("venue"), offered.space_id, "slot")
    changes: OccurrenceFields = {
        "space": space,
        "date": offered.date,
        "start_time": offered.start_time,
        "duration_minutes": offered.minutes,
        "timezone": offered.timezone,
    }
    moved: Occurrence = update_occurrence.as_consequence(occurrence=occurrence, changes=changes)
    return moved


@action("event.cancel", needs=Needs("edit_schedule", on="occurrence"), subject="occurrence", submittable=True)
def cancel_occurrence(
    *,
    occurrence: Occurrence,
    reason: Annotated[
        str | None,
        Doc("Why, as visitors may read it; null or empty where there is nothing to say. Example: Illness in the cast"),
    ],
) -> Occurrence:
    """Cancel an occurrence and release its space. A published one stays public, as canceled, with `reason`.

    With tickets sold this needs a waiver of `tickets_sold`; paid orders are marked for return, unpaid ones canceled.
    Error: `canceled`.
    """
    _refuse_canceled(occurrence)
    occurrence.status = OccurrenceStatus.CANCELED
    occurrence.status_note = reason or ""
    occurrence.save()
    release([occurrence])
    occurrences_canceled.announce(occurrences=[occurrence], reason=reason or "")
    return occurrence


@action("event.reinstate", needs=Needs("edit_schedule", on="occurrence"), subject="occurrence", submittable=True)
def reinstate_occurrence(*, occurrence: Occurrence) -> Occurrence:
    """Undo a cancellation and book its space again. Its paid orders count again.

    Errors: `not_canceled`; `space_taken`, `equipment_taken` if another event has the space or equipment by now;
    `production_canceled`.
    """
    if occurrence.status != OccurrenceStatus.CANCELED:
        raise Conflict("This is not canceled.", code="not_canceled")
    if occurrence.production is not None and occurrence.production.status == ProductionStatus.CANCELED:
        raise Conflict("The production is canceled. Reinstate the production first.", code="production_canceled")
    _reinstate([occurrence])
    return occurrence


@action("event.reinstate_several", needs=Needs("edit_schedule", on="production"), submittable=True)
def reinstate_occurrences(
    *,
    production: Production,
    occurrences: Annotated[
        list[int] | None,
        Doc("Ids of canceled events of the production; null means all in the future. Example: [120, 121]"),
    ],
) -> list[Occurrence]:
    """Reinstate canceled events of a production: all of these or none.

    Errors: `nothing_canceled`; `not_canceled` with the ids that are not its canceled future events; `space_taken`
    with the conflicting events; `equipment_taken`; `production_canceled`. Also `overlaps_itself`.
    """
    if production.status == ProductionStatus.CANCELED:
        raise Conflict("The production is canceled. Reinstate it first.", code="production_canceled")
    rows = canceled_to_come(current().instant).filter(production=production)
    if occurrences is not None:
        rows = rows.filter(pk__in=occurrences)
    along = ("section", "production", "space__venue")
    found = list(rows.select_related(*along).select_for_update(of=("self",)).order_by("sort_at", "pk"))
    if missing := sorted({*(occurrences or ())} - {row.pk for row in found}):
        raise Conflict(
            f"These are not canceled future events of this production: {', '.join(map(str, missing))}.",
            code="not_canceled",
            field="occurrences",
        )
    if not found:
        raise Conflict("This production has no canceled future events.", code="nothing_canceled")
    _reinstate(found)
    return found


def _reinstate(rows: list[Occurrence]) -> None:
    for row in rows:
        row.status, row.status_note = OccurrenceStatus.SCHEDULED, ""
        row.save()
    book(rows)
    occurrences_reinstated.announce(occurrences=rows)


@action("event.delete", needs=Needs("edit_schedule", on="occurrence"), subject="occurrence")
def delete_occurrence(*, occurrence: Occurrence) -> None:
    """Delete an occurrence created by mistake that was never published.

    Errors: `already_published`; `in_the_past`; `still_in_use` if it is on sale, has orders or pictures. Cancel it instead.
    """
    if occurrence.published_at is not None:
        raise Conflict(
            "This event was published. Cancel it instead, so that people are notified.", code="already_published"
        )
    if not Occurrence.objects.filter(to_come(current().instant), pk=occurrence.pk).exists():
        raise Conflict("This event is in the past and stays as history. Cancel it instead.", code="in_the_past")
    release([occurrence])
    occurrence.delete()


@action(
    "event.publish",
    needs=Needs("publish_schedule", on="occurrence"),
    subject="occurrence",
    submittable=True,
    exposes=True,
)
def publish_occurrence(*, occurrence: Occurrence) -> Occurrence:
    """Publish an event. It is public once its production is public too.

    Errors: `already_published`; `internal`; `canceled` if it was canceled before it was published."""
    if occurrence.published_at is not None:
        raise Conflict("This event is already public.", code="already_published")
    if occurrence.visibility != Visibility.PUBLIC:
        raise Conflict("This event is internal. Set its visibility to public first.", code="internal")
    _refuse_canceled(occurrence)
    occurrence.published_at = current().instant
    occurrence.save()
    return occurrence


@action("event.unpublish", needs=Needs("publish_schedule", on="occurrence"), subject="occurrence", submittable=True)
def unpublish_occurrence(*, occurrence: Occurrence) -> Occurrence:
    """Unpublish an event; it stays in the calendar. Error: `not_published`."""
    if occurrence.published_at is None:
        raise Conflict("This event is not public.", code="not_published")
    occurrence.published_at = None
    occurrence.save()
    return occurrence


def _booked(occurrence: Occurrence) -> tuple[str, int, int]:
    """What its booking depends on besides its time and place."""
    return occurrence.status, occurrence.setup_minutes, occurrence.strike_minutes


def _scheduled(occurrence: Occurrence, fields: OccurrenceFields) -> Occurrence:
    occurrence.assign(defaults_of(fields.get("category", occurrence.category)).of_event)
    _describe(occurrence, fields)
    occurrence.save()
    book([occurrence], created=True)
    occurrences_scheduled.announce(occurrences=[occurrence])
    return occurrence


def _describe(occurrence: Occurrence, fields: OccurrenceFields) -> None:
    elsewhere = {"venue", "space"} & fields.keys()
    if "space" in fields:
        space = fields["space"]
        occurrence.space = space
        if space is not None:
            occurrence.venue = space.venue
    for name, value in fields.items():
        if name not in ("space", "venue", "tentative"):
            setattr(occurrence, name, value)
    if "tentative" in fields:
        if occurrence.status not in PLANNED:
            raise Conflict("This event is over. It is not tentative any more.", code="event_over", field="tentative")
        occurrence.status = OccurrenceStatus.TENTATIVE if fields["tentative"] else OccurrenceStatus.SCHEDULED
    if "venue" in fields:
        set_venue(occurrence, fields["venue"], space_given=fields.get("space") is not None)
    if elsewhere and "timezone" not in fields and occurrence.venue is not None and occurrence.venue.timezone:
        occurrence.timezone = occurrence.venue.timezone
    occurrence.check_values()
    refuse_misplaced(occurrence)


def set_venue(occurrence: Occurrence, venue: Venue | None, *, space_given: bool) -> None:
    """Set the venue. A space of the previous venue goes. Raises Invalid `space_elsewhere` if a space was given with it."""
    if space_given and venue != occurrence.venue:
        raise Invalid(
            "The space is in another venue. Leave the venue out: the space brings it.",
            code="space_elsewhere",
            field="venue",
        )
    if venue != occurrence.venue:
        occurrence.space = None
    occurrence.venue = venue


def refuse_misplaced(occurrence: Occurrence) -> None:
    """Raise Invalid, field by field: a missing title, incomplete time or zone, or a space without a span."""
    problems: list[DomainError] = []
    if not occurrence.title and occurrence.production_id is None:
        problems.append(Invalid("An event without a production needs a title.", code="required", field="title"))
    if not occurrence.date:
        problems.append(Invalid("Give a date: a day, or a month or year.", code="required", field="date"))
    if occurrence.start_time is not None and not occurrence.timezone:
        problems.append(
            Invalid(
                "The venue's time zone is not known. Give the zone of this wall time, such as Europe/London.",
                code="timezone_needed",
                field="timezone",
            )
        )
    if occurrence.space_id is not None:
        for name, called in (("start_time", "a start time"), ("duration_minutes", "a duration")):
            if getattr(occurrence, name) is None:
                problems.append(
                    Invalid(f"A space is booked for a span. Give {called}.", code="needed_for_space", field=name)
                )
    all_of(problems)
    _ = occurrence.span  # refuses a time on a day that is not known


def _refuse_canceled(occurrence: Occurrence) -> None:
    if occurrence.status == OccurrenceStatus.CANCELED:
        raise Conflict("This event is canceled. Reinstate it first.", code="canceled")
