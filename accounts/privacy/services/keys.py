"""Rotates the field keys for `manage.py rotate_keys`, with one audit entry."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypedDict

from theater_site.core import rotation
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.actors import Actor
from theater_site.core.rotation import Count

# Rows that change during the rotation are read again this often; then they are reported as busy.
_PASSES = 3


class TableCount(TypedDict):
    """The row counts of one table in a rotation."""

    table: str
    rows: int
    rotated: int
    unreadable: int


@action("keys.rotate", open_to=OpenTo.SYSTEM)
def record_rotation(*, counts: list[TableCount]) -> None:
    """Record in the audit log that all encrypted values were re-encrypted with the first key. No content changes."""
    current().note["counts"] = {count["table"]: {**count} for count in counts}


def rotate_all(
    *, actor: Actor, preview: bool = False, progress: Callable[[str, int], None] = lambda table, rows: None
) -> list[Count]:
    """Re-encrypt all places in turn, then write one audit entry with the counts. With `preview` only count.

    Each batch is committed by itself. If it is killed, the finished batches stay, and it can be run again.
    """
    counts = []
    for place in rotation.places():

        def told(rows: int, table: str = place.table) -> None:
            progress(table, rows)

        count = rotation.rotate(place, preview=preview, progress=told)
        for _ in range(_PASSES):
            if not count.passed_over:
                break
            again = rotation.rotate(place)
            count.rotated, count.passed_over = count.rotated + again.rotated, again.passed_over
        counts.append(count)
    if not preview:
        record_rotation(
            actor=actor,
            counts=[TableCount(table=c.table, rows=c.rows, rotated=c.rotated, unreadable=c.unreadable) for c in counts],
        )
    return counts


def rewrite_authenticator(raw: str, swap: Callable[[str], str]) -> str:
    """Re-encrypt the data of allauth's second factors: JSON with tokens in it. Called by the rotation."""
    data = json.loads(raw)
    for name in ("secret", "seed"):
        if name in data:
            data[name] = swap(data[name])
    if data.get("migrated_codes"):
        data["migrated_codes"] = [swap(code) for code in data["migrated_codes"]]
    fresh = json.dumps(data)
    return raw if json.loads(raw) == data else fresh
