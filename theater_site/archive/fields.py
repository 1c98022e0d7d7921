"""The fields of an archive: a reader for each type of value, and the fields of each table.

A reader takes the JSON value, the name of the field for messages, and the list of the row's remarks, to which it may add. It
returns the value, or raises Refused, which refuses the whole row.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from productions.rules.languages import language_tag
from productions.rules.partial_dates import PartialDate, check_span
from scheduling.rules.wall_time import valid_zone
from theater_site.archive.rows import (
    CreditRow,
    PerformanceRow,
    PersonRow,
    ProductionRow,
    Remark,
    Row,
    RunRow,
    SeasonRow,
    VenueRow,
)
from theater_site.core.errors import Invalid

CREDIT_KINDS = ("cast", "crew", "creative", "company")
RUN_KINDS = ("home", "tour")
# The maximum lengths in characters, and of lists in items. Longer values are refused: cutting would change the archive's text.
MAX_ID, MAX_NAME, MAX_TITLE, MAX_KIND, MAX_NOTE, MAX_TEXT, MAX_ITEMS = 200, 300, 500, 100, 1_000, 20_000, 500


class Refused(Exception):
    """A line that is refused, with the reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


_Reader = Callable[[Any, str, list[Remark]], Any]
_WALL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:00)?")


def _text(limit: int, *, required: bool = False) -> _Reader:
    def read(value: Any, name: str, remarks: list[Remark]) -> str | None:
        if value is None or value == "":
            if required:
                raise Refused("missing", f"{name} is missing.")
            return None
        return _checked(value, name, limit)

    return read


def _checked(value: Any, name: str, limit: int) -> str:
    if not isinstance(value, str):
        raise Refused("wrong_type", f"{name} must be text, not {_shown(value)}.")
    if len(value) > limit:
        raise Refused("too_long", f"{name} has {len(value)} characters; at most {limit} are allowed.")
    # Databases cannot store NUL, nor half of a surrogate pair, which JSON can contain but UTF-8 cannot.
    if "\0" in value or (not value.isascii() and re.search("[\ud800-\udfff]", value)):
        raise Refused("bad_character", f"{name} contains a NUL character or half of a surrogate pair.")
    return value


def _texts(value: Any, name: str, remarks: list[Remark]) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Refused("wrong_type", f"{name} must be a list of texts, not {_shown(value)}.")
    if len(value) > MAX_ITEMS:
        raise Refused("too_long", f"{name} has {len(value)} items; at most {MAX_ITEMS} are allowed.")
    return tuple(_checked(item, name, MAX_NAME) for item in value if item != "")


def _integer(lowest: int, highest: int) -> _Reader:
    def read(value: Any, name: str, remarks: list[Remark]) -> int | None:
        if value is None:
            return None
        # In Python, a bool is an int.
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused("wrong_type", f"{name} must be a whole number, not {_shown(value)}.")
        if not lowest <= value <= highest:
            raise Refused("wrong_value", f"{name} must be from {lowest} to {highest}.")
        return value

    return read


def _one_of(choices: tuple[str, ...], *, required: bool) -> _Reader:
    as_text = _text(MAX_KIND, required=required)

    def read(value: Any, name: str, remarks: list[Remark]) -> str | None:
        kind = as_text(value, name, remarks)
        if kind is not None and kind not in choices:
            raise Refused("wrong_value", f"{name} must be one of {', '.join(choices)}, not {kind!r}.")
        return kind

    return read


def _date(value: Any, name: str, remarks: list[Remark]) -> PartialDate | None:
    if value is not None and not isinstance(value, str):
        raise Refused("wrong_type", f"{name} must be text such as 2001-06-14, not {_shown(value)}.")
    try:
        return PartialDate.parse(value)
    except Invalid as error:
        raise Refused("bad_date", f"{name}: {error.message}") from None


def _wall_time(value: Any, name: str, remarks: list[Remark]) -> dt.datetime | None:
    if value is None:
        remarks.append(Remark("no_start", "The start time is unknown."))
        return None
    try:
        if not isinstance(value, str) or not _WALL_TIME.fullmatch(value):
            raise ValueError
        return dt.datetime.fromisoformat(value)
    except ValueError:
        shown = _shown(value)
        raise Refused("bad_start", f"{name} must be a wall time such as 2001-06-14T19:30, not {shown}.") from None


def _zone(value: Any, name: str, remarks: list[Remark]) -> str | None:
    if value is None or value == "":
        remarks.append(Remark("no_timezone", "The venue's time zone is unknown."))
        return None
    try:
        return valid_zone(_checked(value, name, MAX_NAME)).key
    except Invalid as error:
        remarks.append(Remark("unknown_timezone", f"The venue's time zone was not imported: {error.message}"))
        return None


def _language(value: Any, name: str, remarks: list[Remark]) -> str | None:
    if value is None or value == "":
        return None
    try:
        return language_tag(_checked(value, name, MAX_NAME))
    except Invalid as error:
        remarks.append(Remark("unknown_language", f"The language was not imported: {error.message}"))
        return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"


def _remark_years(values: Mapping[str, Any]) -> list[Remark]:
    start, end = values["start_year"], values["end_year"]
    if start is None or end is None or end >= start:
        return []
    return [Remark("end_before_start", f"The season ends in {end}, before it starts in {start}. Both were kept.")]


def _remark_span(values: Mapping[str, Any]) -> list[Remark]:
    start, end = values["date_start"], values["date_end"]
    if check_span(start, end):
        return []
    return [Remark("end_before_start", f"It ends on {end}, before it starts on {start}. Both were kept.")]


def _remark_day(values: Mapping[str, Any]) -> list[Remark]:
    date, start = values["date"], values["start_local"]
    if date is None or start is None or date.earliest <= start.date() <= date.latest:
        return []
    return [Remark("other_day", f"It starts on {start:%Y-%m-%d}, but its date is {date}. The start was kept.")]


def _remark_order(values: Mapping[str, Any]) -> list[Remark]:
    if values["order"] is None or values["order"] >= 0:
        return []
    return [Remark("order_below_zero", f"The order {values['order']} is below 0. It was imported as 0.")]


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """The fields of a table and their readers.

    `references`: the fields that contain ids of rows of another table. `key`: the fields that identify a row without an id.
    `merges`: whether rows with equal keys are one row. `remark` returns remarks on the values of a row.
    """

    name: str
    row: type[R]
    fields: dict[str, _Reader]
    references: dict[str, str] = field(default_factory=dict)
    key: tuple[str, ...] | None = None
    merges: bool = False
    remark: Callable[[Mapping[str, Any]], list[Remark]] | None = None

    def __post_init__(self) -> None:
        columns = {column.name for column in dataclasses.fields(self.row)} - {
            "file",
            "line",
            "remarks",
            "key",
        }
        if columns != self.fields.keys():
            raise TypeError(f"The fields of {self.name} are not those of its row.")


_ID, _NAME, _KIND, _LONG = (
    _text(MAX_ID, required=True),
    _text(MAX_NAME, required=True),
    _text(MAX_KIND),
    _text(MAX_TEXT),
)
_WHERE_PLAYED = {"production": _ID, "venue": _ID}
_SPAN = {"date_start": _date, "date_end": _date}
_PLAYED_REFERENCES = {"production": "productions", "venue": "venues"}

SEASONS = Table(
    "seasons",
    SeasonRow,
    {"id": _ID, "name": _NAME, "start_year": _integer(1, 9999), "end_year": _integer(1, 9999)},
    remark=_remark_years,
)
VENUES = Table("venues", VenueRow, {"id": _ID, "name": _NAME, "location": _text(MAX_NAME), "timezone": _zone})
PRODUCTIONS = Table(
    "productions",
    ProductionRow,
    {
        "id": _ID,
        "season": _ID,
        "title": _text(MAX_TITLE, required=True),
        "authors": _texts,
        "company": _text(MAX_NAME),
    }
    | {"strands": _texts, **_SPAN, "synopsis": _LONG, "subtitle": _text(MAX_NAME)}
    | dict.fromkeys(("adaptors", "translators", "composers", "lyricists", "choreographers"), _texts)
    | {"genre": _KIND, "language": _language},
    references={"season": "seasons"},
    remark=_remark_span,
)
PERFORMANCES = Table(
    "performances",
    PerformanceRow,
    {**_WHERE_PLAYED, "date": _date, "start_local": _wall_time, "kind": _KIND},
    references=_PLAYED_REFERENCES,
    key=("production", "venue", "date", "start_local", "kind"),
    remark=_remark_day,
)
RUNS = Table(
    "runs",
    RunRow,
    {"production": _ID, "venue": _text(MAX_ID), **_SPAN, "kind": _one_of(RUN_KINDS, required=False)},
    references=_PLAYED_REFERENCES,
    key=("production", "venue", "date_start", "date_end", "kind"),
    merges=True,
    remark=_remark_span,
)
PEOPLE = Table("people", PersonRow, {"id": _ID, "name": _NAME, "aliases": _texts, "bio": _LONG})
CREDITS = Table(
    "credits",
    CreditRow,
    {"production": _ID, "person": _ID, "kind": _one_of(CREDIT_KINDS, required=True), "role": _text(MAX_NAME)}
    | {"note": _text(MAX_NOTE), "order": _integer(-1_000_000, 1_000_000), "person_name": _text(MAX_NAME)},
    references={"production": "productions", "person": "people"},
    key=("production", "person", "kind", "role", "note"),
    merges=True,
    remark=_remark_order,
)
