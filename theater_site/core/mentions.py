"""Finds whether a text mentions a person."""

from __future__ import annotations


def telling(values: set[str]) -> frozenset[str]:
    """The names, addresses and numbers of a person that identify them in a text, folded for `mentions`.

    Values of fewer than six characters do not, unless they are two words of four: many people have the same first name.
    """
    folded = {" ".join(value.casefold().split()) for value in values}
    return frozenset(value for value in folded if len(value) >= 6 or (" " in value and len(value) >= 4))


def mentions(text: str, words: frozenset[str]) -> bool:
    """Whether `text` contains one of `words` (from `telling`) as whole words."""
    folded = " ".join(text.casefold().split())
    for word in words:
        start = folded.find(word)
        while start >= 0:
            end = start + len(word)
            if not (folded[start - 1 : start].isalnum() or folded[end : end + 1].isalnum()):
                return True
            start = folded.find(word, start + 1)
    return False
