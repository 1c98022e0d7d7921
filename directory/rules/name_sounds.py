"""How the words of a name sound, roughly: the keys by which people with like names are found without comparing everybody."""

from __future__ import annotations

import re

from theater_site.core.text import fold

# Spellings of one sound. Longer ones first, since a shorter one is part of a longer one.
_SPELLINGS = (
    ("tsch", "x"), ("sch", "x"), ("ph", "f"), ("th", "t"), ("dt", "t"), ("ck", "k"), ("tz", "s"), ("ch", "x"), ("sh", "x"),
    ("cz", "x"), ("sz", "x"), ("qu", "k"),
)  # fmt: skip
_LETTERS = str.maketrans({
    "b": "p", "d": "t", "g": "k", "q": "k", "v": "f", "w": "f", "z": "s", "x": "s", "j": "j", "n": "n", "m": "n",
})  # fmt: skip
_LENGTH = 5
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})


def words_of(name: str) -> list[str]:
    """The folded words of a name, without punctuation and without suffixes such as "Jr."."""
    return [word for word in re.findall(r"\w+", fold(name)) if word not in _SUFFIXES]


def suffix_of(name: str) -> str:
    """The folded suffix of a name, such as "jr"; empty without one."""
    return next((word for word in re.findall(r"\w+", fold(name)) if word in _SUFFIXES), "")


def sound_of(word: str) -> str:
    """The sound of one folded word: the classes of its consonants, without vowels and repetitions. A vowel at the start is
    "a"."""
    for spelling, sound in _SPELLINGS:
        word = word.replace(spelling, sound)
    first = "a" if word[0] in "aeiouyh" else ""
    soft = re.sub(r"c(?=[eiy])", "s", word).replace("c", "k").translate(_LETTERS)
    consonants = re.sub(r"[aeiouhy]", "", soft)
    return (first + re.sub(r"(.)\1+", r"\1", consonants))[:_LENGTH] or word[:_LENGTH]


def sounds_of(name: str) -> str:
    """The sounds of the words of a name, sorted, each between spaces: " frn smt ". Single letters are left out. Equal for
    "Katherine Smith" and "Smyth, Kathryn"; empty for a name without a word of two letters."""
    sounds = sorted({sound_of(word) for word in words_of(name) if len(word) > 1})
    return f" {' '.join(sounds)} " if sounds else ""
