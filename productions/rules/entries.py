"""The list fields of a production: partners, links, quotes from the press, awards; and the names of authors and makers.

Each list is one column and one value of the audit log. Every entry is stored with all its keys, so that clients need no
defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, TypedDict

from productions.rules.links import clean_link
from theater_site.core.docs import Doc
from theater_site.core.errors import DomainError, Invalid, all_of
from theater_site.core.text import refuse_controls

MOST_ENTRIES = 200
LONGEST_NAME = 300


class _Named(TypedDict):
    name: Annotated[str, Doc("The name as it is printed. Example: Lantern Foundation")]


class Partner(_Named, total=False):
    """A partner of the production: a co-producer, a sponsor."""

    role: Annotated[str, Doc("What they do for it. Example: Co-producer")]
    url: Annotated[str, Doc("Their https address; empty if there is none. Example: https://lantern.example/")]


class _Addressed(TypedDict):
    url: Annotated[str, Doc("An https address. Example: https://www.youtube.com/watch?v=abc")]


class Link(_Addressed, total=False):
    """A link to more about the production: https only. Without a `label` the address is shown."""

    label: Annotated[str, Doc("The text shown instead of the address; empty shows the address. Example: Trailer")]


class _Said(TypedDict):
    text: Annotated[str, Doc("The words that are quoted. Example: A wonder.")]


class Quote(_Said, total=False):
    """A quote from the press: its author, its source, and its address."""

    source: Annotated[str, Doc("In which paper or program. Example: The Gazette")]
    author: Annotated[str, Doc("Who wrote it; empty if not known. Example: Ann Critic")]
    url: Annotated[
        str,
        Doc("The https address of the article; empty if there is none. Example: https://gazette.example/review"),
    ]


class Award(_Named, total=False):
    """An award or nomination; `won` is false for a nomination."""

    category: Annotated[str, Doc("The category; empty if there is none. Example: Best Ensemble")]
    year: Annotated[int | None, Doc("The year of the award; null if not known. Example: 2027")]
    recipient: Annotated[str, Doc("Who received it; empty for the whole production. Example: Ann Lee")]
    won: Annotated[bool, Doc("True for an award, false for a nomination. Example: true")]


def _text(longest: int, *, needed: bool = False, lines: bool = False) -> Callable[[Any, str], Any]:
    def clean(value: Any, field: str) -> str:
        text = (value or "").strip()
        if not lines:
            refuse_controls(text, field=field)
        if needed and not text:
            raise Invalid("This value is required.", code="required", field=field)
        if len(text) > longest:
            message = f"This text has {len(text)} characters. Use at most {longest}."
            raise Invalid(message, code="max_length", field=field)
        return text

    return clean


def _link(value: Any, field: str, *, needed: bool = False) -> str:
    text = _text(2_000, needed=needed)(value, field)
    return clean_link(text, field=field) if text else ""


def _year(value: Any, field: str) -> int | None:
    if value is not None and not 1500 <= value <= 2200:
        raise Invalid("This is not a year.", code="out_of_range", field=field)
    return value


def _won(value: Any, field: str) -> bool:
    return value is not False


_SHAPES: dict[str, dict[str, Callable[[Any, str], Any]]] = {
    "partners": {"name": _text(LONGEST_NAME, needed=True), "role": _text(120), "url": _link},
    "links": {"url": partial(_link, needed=True), "label": _text(200)},
    "quotes": {"text": _text(1_000, needed=True, lines=True), "source": _text(200), "author": _text(200), "url": _link},
    "awards": {
        "name": _text(LONGEST_NAME, needed=True), "category": _text(200), "year": _year, "recipient": _text(LONGEST_NAME),
        "won": _won,
    },
}  # fmt: skip
NAMES = frozenset({"authors", "adaptors", "translators", "composers", "lyricists", "choreographers", "strands"})
LISTS = frozenset(_SHAPES) | NAMES


def clean_list(field: str, entries: list[Any]) -> list[Any]:
    """Return the entries of one of LISTS as they are stored. Invalid lists every fault by place and key (`links.2.url`)."""
    return _cleaned(field, entries, _name if field in NAMES else partial(_entry, _SHAPES[field]))


def clean_names(field: str, names: list[Any]) -> list[str]:
    """Return `names` trimmed, each once. Invalid for a value that is not text, is empty or is too long."""
    return _cleaned(field, names, _name)


def _cleaned(field: str, entries: list[Any], clean: Callable[[Any, str], Any]) -> list[Any]:
    if not isinstance(entries, list):
        raise Invalid("This value must be a list.", code="not_a_list", field=field)
    if len(entries) > MOST_ENTRIES:
        raise Invalid(
            f"This list has {len(entries)} entries. Use at most {MOST_ENTRIES}.", code="too_many", field=field
        )
    kept: list[Any] = []
    problems: list[DomainError] = []
    for place, entry in enumerate(entries):
        try:
            made = clean(entry, f"{field}.{place}")
        except Invalid as error:
            problems += error.problems or [error]
        else:
            if made not in kept:
                kept.append(made)
    all_of(problems)
    return kept


def _name(entry: Any, where: str) -> str:
    if not isinstance(entry, str):
        raise Invalid("This value must be text.", code="not_a_text", field=where)
    name: str = _text(LONGEST_NAME, needed=True)(entry, where)
    return name


def _entry(shape: Mapping[str, Callable[[Any, str], Any]], entry: Any, where: str) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise Invalid("This value must be an object.", code="not_an_object", field=where)
    made: dict[str, Any] = {}
    problems: list[DomainError] = []
    for name, clean in shape.items():
        try:
            made[name] = clean(entry.get(name), f"{where}.{name}")
        except Invalid as error:
            problems.append(error)
    all_of(problems)
    return made
