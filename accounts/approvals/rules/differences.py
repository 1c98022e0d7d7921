"""The difference of two texts by word and of two lists by entry, for approvers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

EQUAL, INSERT, DELETE = "equal", "insert", "delete"
# Words on one side, without the common start and end. SequenceMatcher takes quadratic time in the worst case (2,000 words:
# some 0.1 s). Longer texts are compared by line, and with more lines than this the whole text counts as replaced.
MOST_PIECES = 2_000

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")


class Segment(NamedTuple):
    """A part of a text: `equal` is in both texts, `insert` only in the new one, `delete` only in the old one."""

    kind: str
    text: str


class ListDifference(NamedTuple):
    """The added, removed and moved entries; each in the order of its list."""

    added: list[Any]
    removed: list[Any]
    moved: list[Any]


def text_difference(before: str, after: str) -> list[Segment]:
    """The segments of the difference. Joined without the inserts they are `before`, without the deletes `after`.

    Neighboring segments differ in kind.
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    segments = [Segment(EQUAL, "".join(old[:start]))]
    if max(len(middle_old), len(middle_new)) > MOST_PIECES:
        middle_old, middle_new = _LINES.findall("".join(middle_old)), _LINES.findall("".join(middle_new))
    if max(len(middle_old), len(middle_new)) > MOST_PIECES:
        segments += [Segment(DELETE, "".join(middle_old)), Segment(INSERT, "".join(middle_new))]
    else:
        matcher = SequenceMatcher(None, middle_old, middle_new, autojunk=False)
        for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
            if tag == EQUAL:
                segments.append(Segment(EQUAL, "".join(middle_old[old_from:old_to])))
            else:
                segments.append(Segment(DELETE, "".join(middle_old[old_from:old_to])))
                segments.append(Segment(INSERT, "".join(middle_new[new_from:new_to])))
    segments.append(Segment(EQUAL, "".join(old[len(old) - end :])))
    return _joined(segments)


def list_difference(before: Sequence[Any], after: Sequence[Any]) -> ListDifference:
    """The entries that were added, removed or moved between `before` and `after`. Duplicate entries count each."""
    old, new = [_key(entry) for entry in before], [_key(entry) for entry in after]
    only_old, only_new = Counter(old) - Counter(new), Counter(new) - Counter(old)
    removed, kept_old = _partitioned(before, old, only_old)
    added, kept_new = _partitioned(after, new, only_new)
    stayed = SequenceMatcher(None, [k for k, _ in kept_old], [k for k, _ in kept_new], autojunk=False)
    in_place = {n for block in stayed.get_matching_blocks() for n in range(block.b, block.b + block.size)}
    moved = [entry for n, (_, entry) in enumerate(kept_new) if n not in in_place]
    return ListDifference(added, removed, moved)


def _partitioned(
    entries: Sequence[Any], keys: list[str], unmatched: Counter[str]
) -> tuple[list[Any], list[tuple[str, Any]]]:
    """The entries that the other list lacks (of duplicates the last ones), and those that both lists have."""
    alone: list[Any] = []
    shared: list[tuple[str, Any]] = []
    left = Counter(unmatched)
    for key, entry in reversed(list(zip(keys, entries, strict=True))):
        if left[key] > 0:
            left[key] -= 1
            alone.append(entry)
        else:
            shared.append((key, entry))
    return alone[::-1], shared[::-1]


def _key(entry: Any) -> str:
    # Entries are JSON: dictionaries are not hashable, and 1 must differ from True.
    return f"{type(entry).__name__}:{sorted(entry.items()) if isinstance(entry, dict) else entry!r}"


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the common start."""
    count = 0
    for here, there in zip(one, other, strict=False):
        if here != there:
            break
        count += 1
    return count


def _joined(segments: list[Segment]) -> list[Segment]:
    """`segments` without empty ones. Between two equal parts there is at most one delete, then at most one insert."""
    joined: list[Segment] = []
    changed = {DELETE: "", INSERT: ""}
    # The added end is never empty, so it flushes the last changes; it is removed again below.
    for kind, text in [*segments, Segment(EQUAL, "|")]:
        if kind != EQUAL:
            changed[kind] += text
        elif text:
            joined += [Segment(one, changed[one]) for one in (DELETE, INSERT) if changed[one]]
            changed = {DELETE: "", INSERT: ""}
            if joined and joined[-1].kind == EQUAL:
                text = joined.pop().text + text
            joined.append(Segment(EQUAL, text))
    last = joined.pop().text[:-1]
    return [*joined, Segment(EQUAL, last)] if last else joined
