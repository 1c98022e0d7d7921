"""Suggest the name by which lists order a person, from the printed name."""

from __future__ import annotations

import unicodedata

# Particles before a family name, which begins with the first of them ("van der Berg, Anna").
_PARTICLES = frozenset({
    "af", "al", "av", "bin", "binti", "d'", "da", "dal", "das", "de", "degli", "dei", "del", "della", "den",
    "der", "des", "di", "do", "dos", "du", "el", "ibn", "la", "le", "les", "lo", "mac", "st", "ten", "ter",
    "van", "vanden", "vander", "vom", "von", "y", "zu", "zum", "zur",
})  # fmt: skip
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
# In these languages the family name comes first.
_FAMILY_FIRST = ("CJK UNIFIED", "HANGUL", "HIRAGANA", "KATAKANA")


def suggested_sort_name(name: str, *, group: bool = False) -> str:
    """ "Bell, Anna" for "Anna Bell", "van der Berg, Jan" for "Jan van der Berg".

    The name itself for groups, for a single word, for "Family, Given", and if the family name comes first.
    """
    words = name.split()
    if group or len(words) < 2 or "," in name or unicodedata.name(name[0], "").startswith(_FAMILY_FIRST):
        return name
    suffix = f" {words.pop()}" if words[-1].casefold() in _SUFFIXES and len(words) > 2 else ""
    first = len(words) - 1
    while first > 1 and words[first - 1].casefold() in _PARTICLES:
        first -= 1
    return f"{' '.join(words[first:])}, {' '.join(words[:first])}{suffix}"
