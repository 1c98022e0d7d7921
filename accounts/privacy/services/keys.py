"""Rotation of the field keys: what `manage.py rotate_keys` does, and the one audit entry that reports it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypedDict

from theater_site.core import rotation
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.actors import Actor
from theater_site.core.rotation import Count

# Rows that somebody writes while we look are looked at again; anybody who writes that often is not waited for.
_PASSES = 3


class TableCount(TypedDict):
    """One table of a rotation, in rows."""

    table: str
    rows: int
    rotated: int
    unreadable: int


@action("keys.rotate", open_to=OpenTo.SYSTEM)
def record_rotation(*, counts: list[TableCount]) -> None:
    """Tell the audit log that all encrypted values were put under the first key. No content has changed by it."""
    current().note["counts"] = {count["table"]: {**count} for count in counts}


def rotate_all(
    *, actor: Actor, preview: bool = False, progress: Callable[[str, int], None] = lambda table, rows: None
) -> list[Count]:
    """Every place in turn, then one audit entry with the counts; with `preview` neither.

    Each batch commits by itself, so this runs in no transaction: killed, it has kept what it did, and is run again.
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
    """The data of allauth's second factors, which is JSON with tokens in it. Called by the rotation."""
    data = json.loads(raw)
    for name in ("secret", "seed"):
        if name in data:
            data[name] = swap(data[name])
    if data.get("migrated_codes"):
        data["migrated_codes"] = [swap(code) for code in data["migrated_codes"]]
    fresh = json.dumps(data)
    return raw if json.loads(raw) == data else fresh
