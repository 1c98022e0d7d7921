"""The rows of a performing archive, as `theater_site.archive.reader` yields them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from productions.rules.partial_dates import PartialDate


@dataclass(frozen=True, slots=True)
class Remark:
    """Something unknown or unusual in a row that is imported nevertheless."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A refused line. `file` is the name inside the folder, `line` counts from 1."""

    file: str
    line: int
    reason: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The base of all rows: where it was read, and the remarks on it."""

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
    """A venue. `timezone` is an existing IANA name; None with a remark if it is unknown."""

    id: str
    name: str
    location: str | None
    timezone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionRow(Row):
    """A production. `language` is a normalized BCP 47 tag; None with a remark if the archive's value is not one."""

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
    """A performance. `start_local` is the naive wall time at the venue.

    `key` is the same whenever the archive is read. It is made of all fields and of the number of equal rows before this one,
    since two equal rows are two performances.
    """

    key: str
    production: str
    venue: str
    date: PartialDate | None
    start_local: dt.datetime | None
    kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow(Row):
    """A run. `key` is made of all fields; equal rows are merged. `venue` is None if it is unknown."""

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
    """A credit. `key` is made of production, person, kind, role and note; rows with equal keys are merged.

    `person_name` is the name of a person without a record.
    """

    key: str
    production: str
    person: str
    kind: str
    role: str | None
    note: str | None
    order: int | None
    person_name: str | None
