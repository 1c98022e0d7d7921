"""The parts of a play as rows of a spreadsheet."""

from __future__ import annotations

from typing import Final

from theater_site.core.tables import Column, one_of, text_up_to, whole_number

_YES_NO = one_of(("yes", "no"))

COLUMNS: Final = (
    Column("name", read=text_up_to(300), required=True),
    Column("kind", read=one_of(("principal", "supporting", "featured", "ensemble", "offstage")), empty="principal"),
    Column(
        "is_group",
        read=lambda cell: _YES_NO(cell) == "yes",
        empty=False,
        write=lambda value: "yes" if value else "no",
    ),
    Column("description", read=text_up_to(500)),
    Column("doubling", read=text_up_to(500)),
    Column("order", read=whole_number(0, 2**31 - 1), empty=0),
)
