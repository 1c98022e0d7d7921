"""Applies the rows of a table inside one action: all rows or none, with the faults of all rows in one error."""

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
    """How many rows the table has, and what they did."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0


class RowByRow:
    """Applies rows inside an action: each one in `with rows.taking(line):`, then `return rows.done()`."""

    def __init__(self) -> None:
        self.outcome = TableOutcome()
        self.faults: list[Fault] = []
        self._codes: set[str] = set()
        self._seen: dict[Any, int] = {}

    @contextmanager
    def taking(self, line: int) -> Iterator[None]:
        """Apply one row in a savepoint. A DomainError becomes faults of that line, and the next rows are still checked."""
        self.outcome.rows += 1
        try:
            with transaction.atomic():
                yield
        except DomainError as error:
            self._codes.add(error.code)
            self.faults += _faults(line, error)

    def once(self, key: Any, line: int, *, field: str) -> None:
        """Raise Invalid `duplicate_key` if an earlier row has this key."""
        if (first := self._seen.setdefault(key, line)) != line:
            raise Invalid(
                f"Line {first} is a row for the same object. Keep one of the two rows.",
                code="duplicate_key",
                field=field,
            )

    def changes(self, row: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `fields` that differ from the existing `row`, which is counted as changed or unchanged."""
        differing = {name: value for name, value in fields.items() if getattr(row, name) != value}
        if differing:
            self.outcome.changed += 1
        else:
            self.outcome.unchanged += 1
        return differing

    def done(self) -> TableOutcome:
        """The outcome, which the audit entry records.

        Raises: Invalid `table_refused` if a row was refused; `rules_broken` or `waiver_required` if only judges refused
        rows. `data["faults"]` lists the faults by line and column.
        """
        if self.faults:
            only_judged = self._codes <= {"rules_broken", "waiver_required"}
            raise refused(self.faults, code=min(self._codes) if only_judged else "table_refused")
        current().note["table"] = asdict(self.outcome)
        return self.outcome


def refused(faults: Sequence[Fault], *, code: str = "table_refused") -> Invalid:
    """The error for a whole table. `data["faults"]` lists all faults by line and column."""
    return Invalid(
        f"The table has {len(faults)} faults, so nothing was changed. Fix them and send it again.",
        code=code,
        data={"faults": [asdict(fault) for fault in faults]},
        problems=[Invalid(fault.told(), code=fault.code, field=fault.column or None) for fault in faults],
    )


def _faults(line: int, error: DomainError) -> list[Fault]:
    if not error.problems and (findings := error.data.get("findings")):
        return [Fault(line, found["field"], found["rule"], found["message"], found["hint"]) for found in findings]
    # "authors.1" is an item of the list in the column "authors".
    by_column = (((problem.field or "").partition(".")[0], problem) for problem in error.problems or (error,))
    return [Fault(line, column, problem.code, problem.message, "") for column, problem in by_column]
