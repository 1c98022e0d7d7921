"""Plans seasons: strands, and slots that productions fill."""

from __future__ import annotations

from typing import Annotated, TypedDict

from accounts.models import Section
from productions.models import Production, ProductionStatus, Season, SeasonSlot, SlotStatus, Strand, StrandKind
from productions.services.addresses import in_order
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid


class StrandFields(TypedDict, total=False):
    """Fields of a strand or series; its name is unique in the organization. Absent means unchanged."""

    kind: StrandKind
    name: str
    summary: str


class SlotFields(TypedDict, total=False):
    """A slot: absent means unchanged, "" or None means not known. Dates may be partial ("2027-03")."""

    position: int
    idea: str
    strand: Strand | None
    starts_on: str
    ends_on: str
    status: SlotStatus
    note: str


@action("strand.create", needs=Needs("edit_details", on="organization"))
def create_strand(*, organization: Section, fields: StrandFields) -> Strand:
    """Create a strand that seasons can share. Raises: Invalid for a missing or duplicate name. Also `strand_name_taken`."""
    strand = Strand(section=organization)
    _describe_strand(strand, fields)
    return strand


@action("strand.update", needs=Needs("edit_details", on="strand"), subject="strand")
def update_strand(*, strand: Strand, changes: StrandFields) -> Strand:
    """Update a strand, for all its seasons. Same errors as `strand.create`."""
    _describe_strand(strand, changes)
    return strand


@action("slot.add", needs=Needs("edit_details", on="season"), submittable=True)
def add_slot(*, season: Season, fields: SlotFields) -> SeasonSlot:
    """Add a slot to the plan of a season. Raises: `ends_before_start`; `required` without an idea."""
    slot = SeasonSlot(season=season)
    _describe_slot(slot, fields)
    return slot


@action("slot.update", needs=Needs("edit_details", on="slot"), subject="slot", submittable=True)
def update_slot(*, slot: SeasonSlot, changes: SlotFields) -> SeasonSlot:
    """Update a slot of a season's plan. Dropping or opening a slot removes its production from it. Same errors as
    `slot.add`.
    Error: `ends_before_start`.
    """
    _describe_slot(slot, changes)
    return slot


@action("slot.fill", needs=Needs("edit_details", on="slot"), subject="slot", submittable=True)
def fill_slot(
    *,
    slot: SeasonSlot,
    production: Annotated[
        Production, Doc("Id of the production for the slot, of the same season. Example: 12")  # type: ignore[valid-type]
    ],
) -> SeasonSlot:
    """Fill a slot with a production and confirm it.

    Raises: Conflict for a production of another season, a canceled one or one that fills a slot already, and for a slot
    that is filled or dropped. Also `other_season`, `production_canceled`, `production_taken`, `slot_dropped`,
    `slot_filled`.
    """
    if production.season_id != slot.season_id:
        message = "This production is in another season. Move it here first, or choose one of this season."
        raise Conflict(message, code="other_season", field="production")
    if production.status == ProductionStatus.CANCELED:
        message = "This production is canceled. Reinstate it first, or choose another."
        raise Conflict(message, code="production_canceled", field="production")
    if slot.production_id is not None:
        raise Conflict("This slot is filled. Open it first.", code="slot_filled")
    if slot.status == SlotStatus.DROPPED:
        raise Conflict("This slot was dropped. Open it first.", code="slot_dropped")
    if SeasonSlot.objects.filter(production=production).exists():
        raise Conflict(
            "This production fills another slot. Open that slot first.", code="production_taken", field="production"
        )
    slot.production = production
    slot.status = SlotStatus.CONFIRMED
    slot.save()
    return slot


@action("slot.remove", needs=Needs("edit_details", on="slot"), subject="slot", submittable=True)
def remove_slot(*, slot: SeasonSlot) -> None:
    """Remove a slot from the plan."""
    slot.delete()


def open_slot_of(production: Production) -> None:
    """Open the slot that `production` filled; its title becomes the idea if there was none."""
    for slot in SeasonSlot.objects.select_for_update(of=("self",)).filter(production=production):
        slot.production, slot.status = None, SlotStatus.OPEN
        slot.idea = slot.idea or production.title
        slot.save()


def _describe_strand(strand: Strand, fields: StrandFields) -> None:
    strand.assign(fields)
    strand.save()


def _describe_slot(slot: SeasonSlot, fields: SlotFields) -> None:
    slot.assign(fields)
    slot.check_values()
    in_order(slot, fields)
    if not (slot.idea or slot.production_id):
        raise Invalid("Describe what might be played, such as “a musical”.", code="required", field="idea")
    if slot.status in (SlotStatus.OPEN, SlotStatus.DROPPED):
        slot.production = None
    slot.save()
