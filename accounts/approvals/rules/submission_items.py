"""Limits on the size of a submission's items, and their references to each other's results.

An item may have a `name`. Where a later item takes an object, `{"$result": "<name>"}` instead of an id refers to the object that
the named item created. Items run in their order, so an item cannot refer to itself or to a later item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

RESULT = "$result"
MOST_ITEMS = 50
# Characters in one text, and in all items together.
LONGEST_TEXT = 100_000
LONGEST_ALL = 500_000
# No action takes inputs nested deeper than a list in an object.
DEEPEST = 20

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


class Fault(NamedTuple):
    """An error at a path ("items.0.inputs.fields.title")."""

    path: str
    code: str
    message: str


def result_named(raw: Any) -> str | None:
    """The name in `{"$result": "<name>"}`; None if `raw` is anything else."""
    if isinstance(raw, Mapping) and set(raw) == {RESULT} and isinstance(raw[RESULT], str):
        return raw[RESULT]
    return None


def references(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every `{"$result": ...}` in `value`, as (path, name)."""
    if (name := result_named(value)) is not None:
        yield path, name
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from references(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from references(inner, f"{path}.{number}")


def faults_of_size(items: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """The limits that the items exceed: number of items, length of a text, total length, depth.

    Such items are not stored, not even as a draft.
    """
    if len(items) > MOST_ITEMS:
        return [Fault("items", "too_many_items", f"At most {MOST_ITEMS} items, please; these are {len(items)}.")]
    faults: list[Fault] = []
    total = sum(_measured(item.get("inputs"), f"items.{number}.inputs", 0, faults) for number, item in enumerate(items))
    if total > LONGEST_ALL and not faults:
        message = f"At most {LONGEST_ALL} characters altogether, please; these are {total}. Make it two submissions."
        faults.append(Fault("items", "too_much_text", message))
    return faults


def _measured(value: Any, path: str, depth: int, faults: list[Fault]) -> int:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            message = f"At most {LONGEST_TEXT} characters, please; these are {len(value)}."
            faults.append(Fault(path, "text_too_long", message))
        return len(value)
    if not isinstance(value, Mapping | list):
        return 8
    if depth == DEEPEST:
        faults.append(Fault(path, "too_deep", f"Nest values at most {DEEPEST} deep."))
        return 0
    inner = value.items() if isinstance(value, Mapping) else enumerate(value)
    # Containers count too, or a million empty lists would pass.
    return sum(len(str(key)) + 8 + _measured(one, f"{path}.{key}", depth + 1, faults) for key, one in inner)


def faults_of_names(items: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """The errors in names and references.

    Codes: `bad_name`, `name_taken`, `unknown_result`, `circular_reference`, `forward_reference`.
    """
    places: dict[str, int] = {}
    faults: list[Fault] = []
    for number, item in enumerate(items):
        if not (name := item.get("name", "")):
            continue
        if not _NAME.fullmatch(name):
            message = "A name has up to 40 letters, digits and underscores, and does not start with a digit."
            faults.append(Fault(f"items.{number}.name", "bad_name", message))
        elif name in places:
            faults.append(Fault(f"items.{number}.name", "name_taken", f"Item {places[name]} is named {name} already."))
        else:
            places[name] = number
    wanted = [list(references(item.get("inputs"), f"items.{n}.inputs")) for n, item in enumerate(items)]
    waits_for = {n: {places[name] for _, name in named if name in places} for n, named in enumerate(wanted)}
    for number, named in enumerate(wanted):
        for path, name in named:
            if name not in places:
                faults.append(Fault(path, "unknown_result", f"No item is named {name!r}."))
            elif number in _reached(places[name], waits_for):
                message = f"Item {number} and item {places[name]} wait for each other's results."
                if places[name] == number:
                    message = "An item cannot take its own result."
                faults.append(Fault(path, "circular_reference", message))
            elif places[name] > number:
                message = f"Item {places[name]} comes later: put it before this one."
                faults.append(Fault(path, "forward_reference", message))
    return faults


def _reached(start: int, waits_for: Mapping[int, set[int]]) -> set[int]:
    reached, to_visit = {start}, [start]
    while to_visit:
        further = waits_for[to_visit.pop()] - reached
        reached |= further
        to_visit += further
    return reached
