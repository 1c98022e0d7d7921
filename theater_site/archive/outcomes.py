"""The outcome of an import."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from theater_site.archive.reader import BadRow, Remark


@dataclass(slots=True)
class Tally:
    """What happened to the lines of one table. `lines` equals new + known + merged + bad + blank."""

    lines: int = 0
    new: int = 0
    known: int = 0
    merged: int = 0
    bad: int = 0
    blank: int = 0
    remarks: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Outcome:
    """What an import did: a tally for each table, the refused rows, and the remarks."""

    archive: str
    tables: dict[str, Tally] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)
    # File, line and remark. Rows with remarks were imported.
    remarked: list[tuple[str, int, Remark]] = field(default_factory=list)
    # The number of venues that were given the default time zone.
    assumed_zone: int = 0
    people_added: int = 0

    def as_data(self) -> dict[str, Any]:
        """The numbers, for the audit entry and for programs."""
        return {
            "archive": self.archive,
            "tables": {
                name: {
                    "lines": tally.lines, "new": tally.new, "known": tally.known, "merged": tally.merged,
                    "bad": tally.bad, "blank": tally.blank, "remarks": dict(tally.remarks),
                }
                for name, tally in self.tables.items()
            },
            "venues_given_the_default_timezone": self.assumed_zone,
            "people_added": self.people_added,
        }  # fmt: skip
