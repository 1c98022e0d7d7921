"""The cast and crew of a production as rows of a spreadsheet."""

from __future__ import annotations

from typing import Final

from directory.rules.holdings import Holding
from productions.rules.partial_dates import PartialDate
from theater_site.core.tables import Column, one_of, text_up_to, whole_number

_KINDS = ("cast", "musician", "creative", "crew", "company", "thanks")
_PLACE = whole_number(0, 2**31 - 1)


def _date(cell: str) -> str:
    return str(PartialDate.parse(cell))


# People are named by name; if two share it, by id. `department` and `job` name a job of the departments.
COLUMNS: Final = (
    Column("person_id", read=whole_number(1, 10**18 - 1), empty=None),
    Column("person", read=text_up_to(300), required=True),
    Column("kind", read=one_of(_KINDS), empty="cast"),
    Column("role", read=text_up_to(300)),
    Column("note", read=text_up_to(300)),
    Column("character", read=text_up_to(300)),
    Column("holding", read=one_of([holding.value for holding in Holding if holding])),
    Column("team", read=text_up_to(40)),
    Column("department", read=text_up_to(100)),
    Column("job", read=text_up_to(100)),
    Column("credited_as", read=text_up_to(300)),
    Column("block", read=text_up_to(60)),
    Column("block_order", read=_PLACE, empty=0),
    Column("billing_order", read=_PLACE, empty=0),
    Column("starts_on", read=_date),
    Column("ends_on", read=_date),
)
