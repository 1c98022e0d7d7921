"""What is listed with a production: partners, links, quotes from the press, awards; and the names of who made the work.

Each list is one column and one value of the audit log. Every entry is stored with all its keys, so readers need not guess.
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
    """Who puts it on together with this theater: a co-producer, a sponsor."""

    role: Annotated[str, Doc("What they do for it. Example: Co-producer")]
    url: Annotated[str, Doc("An https address of theirs; empty where there is none. Example: https://lantern.example/")]


class _Addressed(TypedDict):
    url: Annotated[str, Doc("An https address. Example: https://www.youtube.com/watch?v=abc")]


class Link(_Addressed, total=False):
    """Where more can be read or seen: https only. Without a `label` the address itself is shown."""

    label: Annotated[str, Doc("What is shown instead of the address; empty shows the address. Example: Trailer")]


class _Said(TypedDict):
    text: Annotated[str, Doc("The words that are quoted. Example: A wonder.")]


class Quote(_Said, total=False):
    """What the press wrote: who (`author`), in what (`source`), and where it can be read."""

    source: Annotated[str, Doc("In which paper or program. Example: The Gazette")]
    author: Annotated[str, Doc("Who wrote it; empty where it is not known. Example: Ann Critic")]
    url: Annotated[
        str,
        Doc(
            "An https address where it can be read; empty where there is none. Example: https://gazette.example/review"
        ),
    ]


class Award(_Named, total=False):
    """What it was honored with; `won` is false for a nomination."""

    category: Annotated[str, Doc("In which category; empty where there are none. Example: Best Ensemble")]
    year: Annotated[int | None, Doc("The year of the award; null where it is not known. Example: 2027")]
    recipient: Annotated[str, Doc("Who of the production received it; empty where it was all of it. Example: Ann Lee")]
    won: Annotated[bool, Doc("True where it was won, false for a nomination. Example: true")]


def _text(longest: int, *, needed: bool = False, lines: bool = False) -> Callable[[Any, str], Any]:
    def clean(value: Any, field: str) -> str:
        text = (value or "").strip()
        if not lines:
            refuse_controls(text, field=field)
        if needed and not text:
            raise Invalid("This is needed.", code="required", field=field)
        if len(text) > longest:
            message = f"At most {longest} characters, please; these are {len(text)}."
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
    """The entries of one of LISTS as they are stored. Invalid names every fault by place and key (`links.2.url`)."""
    return _cleaned(field, entries, _name if field in NAMES else partial(_entry, _SHAPES[field]))


def clean_names(field: str, names: list[Any]) -> list[str]:
    """`names` without the empty space around them, each once. Invalid for what is not text, is empty or too long."""
    return _cleaned(field, names, _name)


def _cleaned(field: str, entries: list[Any], clean: Callable[[Any, str], Any]) -> list[Any]:
    if not isinstance(entries, list):
        raise Invalid("This must be a list.", code="not_a_list", field=field)
    if len(entries) > MOST_ENTRIES:
        raise Invalid(f"At most {MOST_ENTRIES}, please; these are {len(entries)}.", code="too_many", field=field)
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
        raise Invalid("This must be text.", code="not_a_text", field=where)
    name: str = _text(LONGEST_NAME, needed=True)(entry, where)
    return name


def _entry(shape: Mapping[str, Callable[[Any, str], Any]], entry: Any, where: str) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise Invalid("This must be an object.", code="not_an_object", field=where)
    made: dict[str, Any] = {}
    problems: list[DomainError] = []
    for name, clean in shape.items():
        try:
            made[name] = clean(entry.get(name), f"{where}.{name}")
        except Invalid as error:
            problems.append(error)
    all_of(problems)
    return made
