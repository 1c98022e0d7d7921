"""The brand guidelines as rules over texts and pictures: violations, and how to fix them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from theater_site.core.errors import Invalid
from theater_site.core.text import fold

# The texts of a production that guidelines can limit, and their names in messages.
TEXTS: Final[Mapping[str, str]] = {
    "title": "title",
    "subtitle": "subtitle",
    "short_synopsis": "short synopsis",
    "synopsis": "synopsis",
    "content_advisories": "content advisories",
}
# Fields that guidelines can require before a production is published.
REQUIRABLE: Final = (
    "subtitle", "authors", "company", "genre", "language", "age_guidance", "content_advisories", "running_minutes",
    "intermissions", "short_synopsis", "synopsis", "opens_on", "closes_on",
)  # fmt: skip

TEXT_RULES: Final = ("title_too_long", "subtitle_too_long", "short_synopsis_too_long", "short_synopsis_too_short",
                     "synopsis_too_long", "synopsis_too_short")  # fmt: skip
RULES: Final = (*TEXT_RULES, "forbidden_word", "field_missing", "credit_missing", "picture_shape", "picture_too_small")


@dataclass(frozen=True, slots=True)
class Fault:
    """One violation: the rule (one of RULES), what is wrong, how to fix it, and the field."""

    rule: str
    message: str
    hint: str
    field: str = ""


def faults_of_length(field: str, text: str, *, shortest: int | None, longest: int | None) -> Iterator[Fault]:
    """Check that `text` has `shortest` to `longest` characters as typed. None sets no limit; "" is not too short."""
    length, name = len(text), TEXTS[field]
    if longest is not None and length > longest:
        yield Fault(
            f"{field}_too_long",
            f"The {name} has {length} characters; the brand allows {longest}.",
            f"Shorten it by {length - longest}.",
            field,
        )
    if shortest is not None and 0 < length < shortest:
        yield Fault(
            f"{field}_too_short",
            f"The {name} has {length} characters; the brand asks for {shortest}.",
            f"Add {shortest - length}.",
            field,
        )


def faults_of_words(field: str, text: str, forbidden: Iterable[str]) -> Iterator[Fault]:
    """Check that `text` has none of the `forbidden` words or phrases: whole ones, ignoring case and accents."""
    folded = fold(text)
    for word in forbidden:
        if (pattern := _whole(word)) is not None and pattern.search(folded):
            yield Fault(
                "forbidden_word", f"The brand does not use “{word}”.", f"Replace it in the {TEXTS[field]}.", field
            )


@lru_cache(maxsize=512)
def _whole(word: str) -> re.Pattern[str] | None:
    folded = fold(word)
    return re.compile(rf"(?<!\w){re.escape(folded)}(?!\w)") if folded else None


def faults_of_gaps(values: Mapping[str, Any], required: Iterable[str]) -> Iterator[Fault]:
    """Check that every `required` field has a value; 0 is a value."""
    for field in required:
        if values.get(field) in (None, "", [], ()):
            name = field.replace("_", " ")
            yield Fault("field_missing", f"A public production needs its {name}.", "Fill it in first.", field)


def faults_of_credits(credited: Iterable[str], required: Iterable[str]) -> Iterator[Fault]:
    """Check that every `required` role is among the `credited`, ignoring case and accents."""
    known = {fold(role) for role in credited}
    for role in required:
        if fold(role) not in known:
            yield Fault("credit_missing", f"Nobody is credited as {role}.", f"Add a credit as {role} first.")


def faults_of_picture(
    width: int, height: int, *, shapes: Iterable[str], tolerance_percent: int, narrowest: int | None
) -> Iterator[Fault]:
    """Check that a picture has one of the `shapes` ("16:9"), within a tolerance, and is at least `narrowest` pixels wide.

    The tolerance is relative: 16:9 with 2 percent accepts every width:height from 1.742 to 1.813. No shapes: all pass.
    """
    ratios = {shape: ratio_of(shape) for shape in shapes}
    actual = width / height
    if ratios and not any(abs(actual / ratio - 1) * 100 <= tolerance_percent for ratio in ratios.values()):
        allowed = ", ".join(ratios)
        yield Fault(
            "picture_shape",
            f"The picture is {width} x {height} pixels; the brand's shapes are {allowed}.",
            "Crop it to one of them and upload that.",
        )
    if narrowest is not None and width < narrowest:
        yield Fault(
            "picture_too_small",
            f"The picture is {width} pixels wide; the brand asks for {narrowest}.",
            "Upload a larger one.",
        )


def ratio_of(shape: str) -> float:
    """ "16:9" as width divided by height. Invalid (`bad_shape`) unless both are whole numbers from 1 to 9999."""
    match = re.fullmatch(r"([1-9][0-9]{0,3}):([1-9][0-9]{0,3})", shape)
    if match is None:
        raise Invalid(f"{shape[:20]!r} is not a shape. Write width:height, such as 16:9.", code="bad_shape")
    return int(match[1]) / int(match[2])
