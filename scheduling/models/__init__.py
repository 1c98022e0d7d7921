from scheduling.models.bookings import Booking
from scheduling.models.categories import CategoryDefaults
from scheduling.models.equipment import Equipment, EquipmentBooking, EquipmentNeed
from scheduling.models.fields import RuleField
from scheduling.models.occurrences import PLANNED, Category, Occurrence, OccurrenceStatus, Visibility
from scheduling.models.people import AvailabilityKind, Call, Unavailability
from scheduling.models.runs import Run, RunKind
from scheduling.models.series import EventSeries
from scheduling.models.venues import Space, SpaceKind, SpacePart, Venue

__all__ = [
    "PLANNED",
    "AvailabilityKind",
    "Booking",
    "Call",
    "Category",
    "CategoryDefaults",
    "Equipment",
    "EquipmentBooking",
    "EquipmentNeed",
    "EventSeries",
    "Occurrence",
    "OccurrenceStatus",
    "RuleField",
    "Run",
    "RunKind",
    "Space",
    "SpaceKind",
    "SpacePart",
    "Unavailability",
    "Venue",
    "Visibility",
]  # fmt: skip
