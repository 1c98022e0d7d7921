"""Queries that the ORM compiles once per process. Compiling took up to 17 times as long as running them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connection
from django.db.models import QuerySet

Row = TypeVar("Row")
Value = int | str | dt.date

# Values that no real query contains. A compiled parameter that equals a marker is replaced by the slot's value.
_MARKERS: dict[type, Callable[[int], Value]] = {
    int: lambda number: 9_000_000_000_000_000_000 + number,
    str: lambda number: f"\ue000{number}\ue000",
    dt.date: lambda number: dt.date(9_990, 1, 1) + dt.timedelta(days=number),
}


class _Statement(NamedTuple):
    sql: str
    params: tuple[Any, ...]
    positions: dict[str, list[int]]
    convert: Callable[[Any], Any]


class Prepared(Generic[Row]):
    """A query that the ORM compiles once per process and database. Calling it runs it with new values.

        HOLDERS = Prepared(lambda part: Credit.objects.filter(character=part).values_list("pk", "role"), Holder, part=int)
        HOLDERS(part=7)  # a list of Holder(pk, role)

    `build` takes each slot by name and returns a queryset that ends in `values_list()`. It must use every slot, and its SQL
    must not depend on the slots' values. Each row is returned as `row(*values)`.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], row: Callable[..., Row], **slots: type) -> None:
        self._build, self._row, self._slots = build, row, slots
        self._statements: dict[str, _Statement] = {}

    def __call__(self, **values: Value) -> list[Row]:
        statement = self._statements.get(connection.vendor) or self._prepare()
        params = list(statement.params)
        for name, positions in statement.positions.items():
            value = values[name]
            filled = connection.ops.adapt_datefield_value(value) if isinstance(value, dt.date) else value
            for position in positions:
                params[position] = filled
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, params)
            return [self._row(*row) for row in statement.convert(cursor.fetchall())]

    @property
    def sql(self) -> str:
        """The statement, with a placeholder for each value."""
        return (self._statements.get(connection.vendor) or self._prepare()).sql

    def _prepare(self) -> _Statement:
        markers = {name: _MARKERS[kind](number) for number, (name, kind) in enumerate(self._slots.items(), 1)}
        compiler = self._build(**markers).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        positions = {
            name: [
                position
                for position, param in enumerate(params)
                if param == marker or (isinstance(marker, dt.date) and param == str(marker))
            ]
            for name, marker in markers.items()
        }
        if unused := [name for name, found in positions.items() if not found]:
            raise TypeError(f"the query does not use {unused}")
        converters = compiler.get_converters([column for column, *_ in compiler.select])

        def convert(rows: Any) -> Any:
            return compiler.apply_converters(rows, converters) if converters else rows

        statement = self._statements[connection.vendor] = _Statement(sql, tuple(params), positions, convert)
        return statement
