"""Rows of a table are taken one by one, and all of them or none: every bad row is found before anything is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from theater_site.core.actions import current
from theater_site.core.errors import DomainError, Invalid
from theater_site.core.tables import Fault


@dataclass(slots=True)
class TableOutcome:
    """What became of the rows."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0


class RowByRow:
    """Inside an action: do each row in `with rows.taking(line):`, then return `rows.done()`."""

    def __init__(self) -> None:
        self.outcome = TableOutcome()
        self.faults: list[Fault] = []
        self._codes: set[str] = set()
        self._seen: dict[Any, int] = {}

    @contextmanager
    def taking(self, line: int) -> Iterator[None]:
        """What is refused inside becomes faults of that line, and the rows after it are still looked at."""
        self.outcome.rows += 1
        try:
            with transaction.atomic():
                yield
        except DomainError as error:
            self._codes.add(error.code)
            self.faults += _faults(line, error)

    def once(self, key: Any, line: int, *, field: str) -> None:
        """Invalid where an earlier row was known by this key."""
        if (first := self._seen.setdefault(key, line)) != line:
            raise Invalid(
                f"Line {first} says the same already. Keep one of the two rows.", code="duplicate_key", field=field
            )

    def changes(self, row: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `fields` in which the known `row` differs; counts it as changed or unchanged."""
        differing = {name: value for name, value in fields.items() if getattr(row, name) != value}
        if differing:
            self.outcome.changed += 1
        else:
            self.outcome.unchanged += 1
        return differing

    def done(self) -> TableOutcome:
        """The outcome, noted in the audit entry; Invalid where anything was refused, with `data["faults"]` by line and
        column: `table_refused`, or where only the judges object what they say, `rules_broken` or `waiver_required`."""
        if self.faults:
            judged = self._codes <= {"rules_broken", "waiver_required"}
            raise refused(self.faults, code=min(self._codes) if judged else "table_refused")
        current().note["table"] = asdict(self.outcome)
        return self.outcome


def refused(faults: Sequence[Fault], *, code: str = "table_refused") -> Invalid:
    """The refusal of a whole table: every fault in `data["faults"]`, by line and column."""
    return Invalid(
        f"{len(faults)} cells cannot be taken, so nothing was.",
        code=code,
        data={"faults": [asdict(fault) for fault in faults]},
        problems=[Invalid(fault.told(), code=fault.code, field=fault.column or None) for fault in faults],
    )


def _faults(line: int, error: DomainError) -> list[Fault]:
    if not error.problems and (findings := error.data.get("findings")):
        return [Fault(line, one["field"], one["rule"], one["message"], one["hint"]) for one in findings]
    # Of a list in a cell, such as the second of three authors, the cell.
    named = (((one.field or "").partition(".")[0], one) for one in error.problems or (error,))
    return [Fault(line, column, one.code, one.message, "") for column, one in named]
