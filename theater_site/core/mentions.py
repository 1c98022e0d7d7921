"""Whether a text is about somebody."""

from __future__ import annotations


def telling(values: set[str]) -> frozenset[str]:
    """Those of somebody's names, addresses and numbers by which a text is surely about them: a short first name is
    everybody's."""
    folded = {" ".join(value.casefold().split()) for value in values}
    return frozenset(value for value in folded if len(value) >= 6 or (" " in value and len(value) >= 4))


def mentions(text: str, words: frozenset[str]) -> bool:
    """Whether one of `telling`'s words stands in `text`, not as part of a longer one."""
    whole = " ".join(text.casefold().split())
    for word in words:
        start = whole.find(word)
        while start >= 0:
            end = start + len(word)
            if not (whole[start - 1 : start].isalnum() or whole[end : end + 1].isalnum()):
                return True
            start = whole.find(word, start + 1)
    return False
