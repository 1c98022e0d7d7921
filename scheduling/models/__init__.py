from scheduling.models.bookings import Booking
from scheduling.models.categories import CategoryDefaults
from scheduling.models.fields import RuleField
from scheduling.models.occurrences import PLANNED, Category, Occurrence, OccurrenceStatus, Visibility
from scheduling.models.runs import Run, RunKind
from scheduling.models.series import EventSeries
from scheduling.models.venues import Space, SpaceKind, Venue

__all__ = [
    "PLANNED",
    "Booking",
    "Category",
    "CategoryDefaults",
    "EventSeries",
    "Occurrence",
    "OccurrenceStatus",
    "RuleField",
    "Run",
    "RunKind",
    "Space",
    "SpaceKind",
    "Venue",
    "Visibility",
]  # fmt: skip
