"""Productions as rows of a table, streamed in batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CHUNK = 500


def rows_of(productions: Any) -> Iterator[dict[str, Any]]:
    """Yield `productions` (a queryset) in order of creation, as rows of rules/production_table.py. One query for each 500
    rows, so that a slow client does not keep a cursor open."""
    after, more = 0, True
    ordered = productions.select_related("season").order_by("pk")
    while more:
        rows = list(ordered.filter(pk__gt=after)[:CHUNK])
        for row in rows:
            yield {**row.__dict__, "season": row.season.slug}
        more = len(rows) == CHUNK
        after = rows[-1].pk if more else after
