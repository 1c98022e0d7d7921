"""How likely two records are one person: a score from 0 to 1, with its reasons.

Names alone never make it certain: two people can have the same name. It is certain only if the e-mail address is the same
too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from directory.rules.name_sounds import sound_of, suffix_of, words_of
from directory.rules.nicknames import names_of
from directory.rules.sort_names import suggested_sort_name


class Reason(str, Enum):
    """Why two records may be one person, or may not."""

    SAME_NAME = "same_name"
    SIMILAR_SPELLING = "similar_spelling"
    NICKNAME = "nickname"
    INITIAL = "initial"
    ALIAS = "alias"
    SAME_EMAIL = "same_email"
    ACTIVE_YEARS_NEAR = "active_years_near"
    ACTIVE_YEARS_FAR = "active_years_far"
    SUFFIX_DIFFERS = "suffix_differs"


class Certainty(str, Enum):
    """How certain it is that two records are one person."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Known:
    """What is compared of one record: its names (the own name first), the index of its e-mail address, and the first and
    the last year of its credits."""

    names: tuple[str, ...]
    email_index: str | None = None
    years: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """The score of two records, from 0 to 1, and its reasons."""

    score: float
    reasons: tuple[Reason, ...]

    @property
    def certainty(self) -> Certainty:
        if self.score >= 0.95:
            return Certainty.CERTAIN
        return Certainty.LIKELY if self.score >= 0.8 else Certainty.POSSIBLE


# Lower scores are not worth a person's look.
WORTH_A_LOOK = 0.5
# The most that names alone can give.
_BY_NAME = 0.9
_NEAR, _FAR = 5, 50


def likeness(one: Known, other: Known) -> Likeness:
    """How likely both are one person."""
    spelling, reasons = _best_of_names(one, other)
    score = _BY_NAME * spelling
    same_email = one.email_index is not None and one.email_index == other.email_index
    if same_email:
        reasons = (*reasons, Reason.SAME_EMAIL)
        # An agent's or a family's address: the names decide.
        score = 1 - (1 - score) * 0.25 if spelling >= 0.75 else max(score, WORTH_A_LOOK + 0.05)
    # Brothers and sisters share an address and most letters of their names.
    most = 0.99 if same_email and Reason.SAME_NAME in reasons else 0.94
    if suffix_of(one.names[0]) != suffix_of(other.names[0]):
        reasons, score = (*reasons, Reason.SUFFIX_DIFFERS), score * 0.6
    if one.years and other.years:
        gap = max(one.years[0], other.years[0]) - min(one.years[1], other.years[1])
        if gap > _FAR:
            reasons, score = (*reasons, Reason.ACTIVE_YEARS_FAR), score * 0.6
        elif gap <= _NEAR and spelling >= 0.75:
            reasons = (*reasons, Reason.ACTIVE_YEARS_NEAR)
            score += 0.02
    return Likeness(round(min(score, most), 3), reasons)


def _best_of_names(one: Known, other: Known) -> tuple[float, tuple[Reason, ...]]:
    best: tuple[float, tuple[Reason, ...]] = (0.0, ())
    for m, mine in enumerate(one.names):
        for n, theirs in enumerate(other.names):
            score, reason = compared(mine, theirs)
            if m or n:
                score *= 0.98
            if score > best[0]:
                best = (score, (reason, Reason.ALIAS) if m or n else (reason,))
    return best


def compared(one: str, other: str) -> tuple[float, Reason]:
    """How alike two names are, from 0 to 1, with the reason."""
    if sorted(words_of(one)) == sorted(words_of(other)):
        return 1.0, Reason.SAME_NAME
    (family, given), (their_family, their_given) = _parts(one), _parts(other)
    if not given or not their_given:
        # A single word, a group: as a whole.
        return _whole(words_of(one), words_of(other)), Reason.SIMILAR_SPELLING
    families = _families(family, their_family)
    givens, reason = _givens(given[0], their_given[0])
    score = 0.55 * families + 0.45 * givens
    if families < 0.65 or givens < 0.55:
        score *= 0.6
    middle, their_middle = given[1:], their_given[1:]
    if middle and their_middle and middle[0][0] != their_middle[0][0]:
        score *= 0.7
    elif bool(middle) != bool(their_middle):
        score *= 0.97
    return score, reason


def _parts(name: str) -> tuple[list[str], list[str]]:
    """The folded words of the family name and of the given names."""
    family, _, given = suggested_sort_name(re.sub(r"[^\w\s,'-]", " ", name)).partition(",")
    return words_of(family), words_of(given)


def _whole(one: list[str], other: list[str]) -> float:
    alike = DamerauLevenshtein.normalized_similarity(" ".join(sorted(one)), " ".join(sorted(other)))
    return alike * (0.9 if len(one) == len(other) else 0.7)


def _families(one: list[str], other: list[str]) -> float:
    if one == other:
        return 1.0
    mine, theirs = "".join(one), "".join(other)
    alike = DamerauLevenshtein.normalized_similarity(mine, theirs)
    if set(one) & set(other) and len(one) != len(other):
        # "Bell" and "Bell-Smith": a double name after a marriage.
        alike = max(alike, 0.85)
    if sound_of(mine) == sound_of(theirs):
        alike = max(alike, 0.88 if mine[0] == theirs[0] else 0.8)
    return alike if min(len(mine), len(theirs)) > 3 else alike * 0.9


def _givens(one: str, other: str) -> tuple[float, Reason]:
    if one == other:
        return 1.0, Reason.SIMILAR_SPELLING
    if names_of(one) & names_of(other):
        return 0.95, Reason.NICKNAME
    if min(len(one), len(other)) == 1:
        return (0.85, Reason.INITIAL) if one[0] == other[0] else (0.0, Reason.INITIAL)
    alike = DamerauLevenshtein.normalized_similarity(one, other)
    if sound_of(one) == sound_of(other) and one[0] == other[0] and one[-1] == other[-1]:
        alike = max(alike, 0.9)
    elif one[0] == other[0]:
        alike = max(alike, JaroWinkler.normalized_similarity(one, other) - 0.1)
    stem = min(len(one), len(other)) - 1
    if one[:stem] == other[:stem] and one[-1] != other[-1] and (one[-1] in "aeio" or other[-1] in "aeio"):
        # Paul and Paula, Maria and Mario: other people more often than other spellings.
        alike = min(alike, 0.6)
    return alike, Reason.SIMILAR_SPELLING
