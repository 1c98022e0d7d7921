"""Productions as rows of a table, as many as there are, without holding them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CHUNK = 500


def rows_of(productions: Any) -> Iterator[dict[str, Any]]:
    """`productions` (a queryset) in the order of their making, as rules/production_table.py writes them: a query for each
    500, so that anybody who reads slowly holds nothing open."""
    after, more = 0, True
    ordered = productions.select_related("season").order_by("pk")
    while more:
        rows = list(ordered.filter(pk__gt=after)[:CHUNK])
        for row in rows:
            yield {**row.__dict__, "season": row.season.slug}
        more = len(rows) == CHUNK
        after = rows[-1].pk if more else after
