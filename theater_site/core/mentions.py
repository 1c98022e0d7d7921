"""Finds whether a text mentions a person."""

from __future__ import annotations


def telling(values: set[str]) -> frozenset[str]:
    """Those of a person's names, addresses and numbers that identify them in a text. A short first name does not: many
    people have it."""
    folded = {" ".join(value.casefold().split()) for value in values}
    return frozenset(value for value in folded if len(value) >= 6 or (" " in value and len(value) >= 4))


def mentions(text: str, words: frozenset[str]) -> bool:
    """Whether `text` contains one of `words` as a whole word."""
    whole = " ".join(text.casefold().split())
    for word in words:
        start = whole.find(word)
        while start >= 0:
            end = start + len(word)
            if not (whole[start - 1 : start].isalnum() or whole[end : end + 1].isalnum()):
                return True
            start = whole.find(word, start + 1)
    return False
