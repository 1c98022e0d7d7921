"""Equipment: what there is, what an event needs, and its bookings."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, TypedDict

from accounts.models import Section
from scheduling.models import Equipment, EquipmentBooking, EquipmentNeed, Occurrence, OccurrenceStatus, Venue
from scheduling.rules.spans import LONGEST_DAYS
from scheduling.rules.stock import Use, most_at_once
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid

_LONGEST = dt.timedelta(days=LONGEST_DAYS)


class EquipmentFields(TypedDict, total=False):
    """Fields of equipment; absent means unchanged."""

    name: str
    quantity: int
    venue: Venue | None


class WantedEquipment(TypedDict):
    """A quantity of some equipment."""

    equipment: Annotated[Equipment, Doc("Id of the equipment. Example: 4")]  # type: ignore[valid-type]
    quantity: Annotated[int, Doc("How many. Example: 2")]


@action("equipment.create", needs=Needs("edit_venues", on="section"))
def create_equipment(*, section: Section, fields: EquipmentFields) -> Equipment:
    """Add equipment that events can book. Errors: `equipment_name_taken`; a quantity below one."""
    row = Equipment(section=section)
    row.assign(fields)
    row.check_values()
    row.save()
    return row


@action("equipment.update", needs=Needs("edit_venues", on="equipment"), subject="equipment")
def update_equipment(*, equipment: Equipment, changes: EquipmentFields) -> Equipment:
    """Update equipment. Errors: `equipment_name_taken`; `stock_booked` if more are booked at one instant than would be left."""
    quantity = changes.get("quantity", equipment.quantity)
    if quantity < equipment.quantity:
        coming = EquipmentBooking.objects.filter(equipment=equipment, ends_at__gt=current().instant)
        booked = most_at_once(map(_use, coming))
        if booked > quantity:
            raise Conflict(
                f"{booked} are booked at the same time. Release some first, or keep {booked}.",
                code="stock_booked",
                field="quantity",
                data={"booked": booked},
            )
    equipment.assign(changes)
    equipment.check_values()
    equipment.save()
    return equipment


@action("event.set_equipment", needs=Needs("edit_schedule", on="occurrence"), subject="occurrence", submittable=True)
def set_equipment(
    *,
    occurrence: Occurrence,
    equipment: Annotated[list[WantedEquipment], Doc("All equipment that the event needs; an empty list for none.")],
) -> Occurrence:
    """Set the equipment that an event needs, and book it for its span with setup and strike.

    A tentative event, and one without a time, books it once it is certain. Errors: `equipment_taken` with what is left;
    `equipment_repeated`; `canceled`.
    """
    if occurrence.status == OccurrenceStatus.CANCELED:
        raise Conflict("This event is canceled. Reinstate it first.", code="canceled")
    named = [wanted["equipment"].pk for wanted in equipment]
    for place, pk in enumerate(named):
        if pk in named[:place]:
            message = "This equipment is named twice. Add the quantities."
            raise Invalid(message, code="equipment_repeated", field=f"equipment.{place}.equipment")
    EquipmentNeed.objects.filter(occurrence=occurrence).delete()
    needs = [EquipmentNeed(occurrence=occurrence, **wanted) for wanted in equipment]
    EquipmentNeed.objects.bulk_create(needs)
    book_equipment([occurrence])
    return occurrence


def book_equipment(occurrences: Sequence[Occurrence]) -> None:
    """Inside an action: replace the equipment bookings of these occurrences by what they need, for their spans.

    Raises: Conflict `equipment_taken`. The equipment is locked before its bookings are read: without it, two events at
    the same instant would both see the last item.
    """
    certain = {row.pk: row for row in occurrences if row.is_certain and row.booked_until is not None}
    needs = list(EquipmentNeed.objects.filter(occurrence__in=certain).order_by("occurrence", "equipment"))
    release_equipment(occurrences)
    if not needs:
        return
    stock = Equipment.objects.filter(pk__in={need.equipment_id for need in needs}).order_by("pk")
    locked = {row.pk: row for row in stock.select_for_update(no_key=True, of=("self",))}
    rows = [_booking(certain[need.occurrence_id], need) for need in needs]
    _refuse_overbooked(rows, locked)
    EquipmentBooking.objects.bulk_create(rows)


def release_equipment(occurrences: Iterable[Occurrence]) -> None:
    """Inside an action: release the equipment of these occurrences. What they need stays."""
    EquipmentBooking.objects.filter(occurrence__in=list(occurrences)).delete()


def _booking(occurrence: Any, need: EquipmentNeed) -> EquipmentBooking:
    return EquipmentBooking(
        section_id=occurrence.section_id,
        occurrence=occurrence,
        equipment_id=need.equipment_id,
        quantity=need.quantity,
        starts_at=occurrence.booked_from,
        ends_at=occurrence.booked_until,
    )


def _refuse_overbooked(rows: list[EquipmentBooking], stock: dict[int, Equipment]) -> None:
    first, last = min(row.starts_at for row in rows), max(row.ends_at for row in rows)
    booked: dict[int, list[Use]] = defaultdict(list)
    others = EquipmentBooking.objects.filter(
        equipment__in=stock, starts_at__lt=last, starts_at__gt=first - _LONGEST, ends_at__gt=first
    )
    for row in others:
        booked[row.equipment_id].append(_use(row))
    mine: dict[int, list[Use]] = defaultdict(list)
    for row in rows:
        mine[row.equipment_id].append(_use(row))
    for pk, uses in mine.items():
        # What others have when none of these is there may pass no stock: the database has kept it.
        overlapping = [other for other in booked[pk] if any(other.overlaps(use) for use in uses)]
        most = most_at_once([*uses, *overlapping])
        if most > stock[pk].quantity:
            left = max(stock[pk].quantity - most_at_once(overlapping), 0)
            raise Conflict(
                f"{stock[pk].name}: {most} would be in use at one time, and there are {stock[pk].quantity}. "
                "Choose another time or a smaller quantity.",
                code="equipment_taken",
                field="equipment",
                data={"equipment": pk, "name": stock[pk].name, "quantity": stock[pk].quantity, "left": left},
            )


def _use(booking: EquipmentBooking) -> Use:
    return Use(booking.starts_at, booking.ends_at, booking.quantity)
