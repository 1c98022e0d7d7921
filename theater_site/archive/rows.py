"""The rows of a performing archive, taken or refused, as `theater_site.archive.reader` yields them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from productions.rules.partial_dates import PartialDate


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is unknown or odd in a row that was taken all the same."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that cannot be taken. `file` is the name inside the folder, `line` counts from 1."""

    file: str
    line: int
    reason: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    file: str
    line: int
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonRow(Row):
    id: str
    name: str
    start_year: int | None
    end_year: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRow(Row):
    """`timezone` is an IANA name that exists, or None: then the zone is unknown and a remark says so."""

    id: str
    name: str
    location: str | None
    timezone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionRow(Row):
    """`language` is a BCP 47 tag as usually written, or None: then a remark says what stood there."""

    id: str
    season: str
    title: str
    authors: tuple[str, ...]
    company: str | None
    strands: tuple[str, ...]
    date_start: PartialDate | None
    date_end: PartialDate | None
    synopsis: str | None
    subtitle: str | None
    adaptors: tuple[str, ...]
    translators: tuple[str, ...]
    composers: tuple[str, ...]
    lyricists: tuple[str, ...]
    choreographers: tuple[str, ...]
    genre: str | None
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceRow(Row):
    """`start_local` is wall time at the venue, naive. `key` is the same in every reading of the archive: it
    is made of all the fields and of how many equal rows came before, since two equal rows are two
    performances."""

    key: str
    production: str
    venue: str
    date: PartialDate | None
    start_local: dt.datetime | None
    kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow(Row):
    """`key` is made of all the fields; a run given twice is merged. Without a venue it is not known where it played."""

    key: str
    production: str
    venue: str | None
    date_start: PartialDate | None
    date_end: PartialDate | None
    kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow(Row):
    id: str
    name: str
    aliases: tuple[str, ...]
    bio: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRow(Row):
    """`key` is made of production, person, kind, role and note; a second one with the same key is merged. `person_name` is
    for a person without a record."""

    key: str
    production: str
    person: str
    kind: str
    role: str | None
    note: str | None
    order: int | None
    person_name: str | None
