"""Writes the rows of a performing archive: creates what earlier imports of the archive have not created."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from accounts.models import Section, SectionKind
from accounts.permissions.selectors.sections import area
from directory.models import Alias, Credit, Person, PersonMerge
from productions.models import Production, ProductionStatus, Season
from scheduling.models import Category, Occurrence, Run, Venue, Visibility
from theater_site.archive.columns import Slugs, too_long
from theater_site.archive.fields import Refused
from theater_site.archive.outcomes import Outcome, Tally
from theater_site.archive.reader import TABLES, Archive, BadRow
from theater_site.core.errors import Invalid
from theater_site.core.text import clean_markdown

CHUNK = 1000
Progress = Callable[[str, int], None]
_CONTRIBUTORS = ("adaptors", "translators", "composers", "lyricists", "choreographers")


class ArchiveWriter:
    """One import. Reads the tables in the order of TABLES: a row refers only to rows that were imported before it."""

    def __init__(
        self,
        organization: Section,
        archive: Archive,
        name: str,
        zone: str | None,
        published_at: datetime | None,
        report: Progress,
    ) -> None:
        """`zone` is for venues without one. `report` is called with a table and the number of its rows read so far."""
        self.organization = organization
        self.archive = archive
        self.name = name
        self.zone = zone
        self.published_at = published_at
        self.report = report
        self.outcome = Outcome(name)
        # For each table, the new and the known objects by their ids in the archive.
        self.rows: dict[str, dict[str, Any]] = {}
        # The ids of productions of earlier imports.
        self.known_productions: set[int] = set()
        # People without a record: new ones, written with the next credits; and those of earlier imports, by archive key.
        self.new_people: list[Person] = []
        self.known_people: dict[str, Person] = {}
        self.directory = area("Directory")
        self.venues_section = area("Venues")

    def write(self) -> Outcome:
        """Import all tables. Returns what was created, what was known, and the refused rows."""
        # Without the lock, two simultaneous imports would both find no rows and create everything twice.
        Section.objects.select_for_update(of=("self",), no_key=True).get(pk=self.directory.pk)
        for table in TABLES:
            if table in self.archive.files:
                getattr(self, f"_{table}")()
        return self.outcome

    # --- the tables ------------------------------------------------------------------------------------------------

    def _seasons(self) -> None:
        slugs = Slugs(Season)

        def make(row: Any) -> Season:
            return Season(
                section=Section.below(self.organization, SectionKind.SEASON, row.name),
                name=row.name,
                starts_on=_year(row.start_year),
                ends_on=_year(row.end_year),
                published_at=self.published_at,
            )

        def accept(row: Any, season: Season) -> None:
            season.slug = slugs.free(row.name)

        self._import("seasons", self.archive.seasons(), Season, make, accept)

    def _venues(self) -> None:
        def make(row: Any) -> Venue:
            zone = row.timezone or self.zone or ""
            return Venue(section=self.venues_section, name=row.name, location=row.location or "", timezone=zone)

        def accept(row: Any, venue: Venue) -> None:
            if venue.timezone and not row.timezone:
                self.outcome.assumed_zone += 1

        self._import("venues", self.archive.venues(), Venue, make, accept)

    def _productions(self) -> None:
        slugs = Slugs(Production)

        def make(row: Any) -> Production:
            season = self._named("seasons", "season", row.season)
            return Production(
                season=season,
                section=Section.below(season.section, SectionKind.PRODUCTION, row.title),
                title=row.title,
                status=ProductionStatus.ARCHIVED,
                authors=list(row.authors),
                subtitle=row.subtitle or "",
                **{name: list(getattr(row, name)) for name in _CONTRIBUTORS},
                genre=row.genre or "",
                language=row.language or "",
                company=row.company or "",
                strands=list(row.strands),
                opens_on=str(row.date_start or ""),
                closes_on=str(row.date_end or ""),
                synopsis=clean_markdown(row.synopsis or ""),
                published_at=self.published_at,
            )

        def accept(row: Any, production: Production) -> None:
            production.slug = slugs.free(row.title)

        self._import("productions", self.archive.productions(), Production, make, accept)

    def _performances(self) -> None:
        def make(row: Any) -> Occurrence:
            production = self._named("productions", "production", row.production)
            venue = self._named("venues", "venue", row.venue)
            start = row.start_local
            occurrence = Occurrence(
                section_id=production.section_id,
                production=production,
                venue=venue,
                category=Category.PERFORMANCE,
                visibility=Visibility.PUBLIC,
                subtitle=row.kind or "",
                date=str(start.date() if start is not None else row.date or ""),
                start_time=start.time() if start is not None else None,
                timezone=venue.timezone,
                published_at=self.published_at,
            )
            try:
                # Year 1, January 1, midnight in Tokyo is before the first instant that Python can represent.
                _ = occurrence.span
            except Invalid as error:
                raise Refused("out_of_range", error.message) from None
            return occurrence

        self._import("performances", self.archive.performances(), Occurrence, make)

    def _runs(self) -> None:
        def make(row: Any) -> Run:
            return Run(
                production=self._named("productions", "production", row.production),
                venue=self._named("venues", "venue", row.venue) if row.venue is not None else None,
                kind=row.kind or "",
                starts_on=str(row.date_start or ""),
                ends_on=str(row.date_end or ""),
            )

        self._import("runs", self.archive.runs(), Run, make)

    def _people(self) -> None:
        aliases: list[Alias] = []

        def make(row: Any) -> Person:
            for alias in row.aliases:
                if (reason := too_long(Alias(name=alias))) is not None:
                    raise Refused("too_long", f"aliases: {reason}")
            return Person(
                section=self.directory,
                name=row.name,
                bio=clean_markdown(row.bio or ""),
                published_at=self.published_at,
            )

        def accept(row: Any, person: Person) -> None:
            aliases.extend(Alias(person=person, name=name) for name in dict.fromkeys(row.aliases) if name != row.name)

        self._import("people", self.archive.people(), Person, make, accept)
        for alias in aliases:
            # The person had no primary key when the alias was made.
            alias.person_id = alias.person.pk
        Alias.objects.bulk_create(aliases, batch_size=CHUNK, checked=True)

    def _credits(self) -> None:
        def make(row: Any) -> Credit:
            return Credit(
                production=self._named("productions", "production", row.production),
                person=self._person(row),
                kind=row.kind,
                role=row.role or "",
                note=row.note or "",
                billing_order=max(row.order or 0, 0),
            )

        def accept(row: Any, credit: Credit) -> None:
            # The first credit of a person without a record.
            if row.person not in self.rows["people"]:
                self.rows["people"][row.person] = credit.person
                self.new_people.append(credit.person)

        self._import("credits", self.archive.credits(), Credit, make, accept, exists=self._credit_by_hand())

    def _person(self, row: Any) -> Person:
        """The person of a credit. With `add_people`, a new person for an id without a record. Raises Refused."""
        people = self.rows["people"]
        if row.person in people or not self.archive.unknown_people:
            person: Person = self._named("people", "person", row.person)
            return person
        key = self._key(row.person)
        if (known := self.known_people.get(key)) is not None:
            people[row.person] = known
            return known
        name = row.person_name or _name_of_id(row.person)
        return Person(section=self.directory, name=name, published_at=self.published_at, archive_key=key)

    # --- shared by the tables --------------------------------------------------------------------------------------

    def _import(
        self,
        table: str,
        rows: Iterable[Any],
        model: type[Any],
        make: Callable[[Any], Any],
        accept: Callable[[Any, Any], None] = lambda row, made: None,
        exists: Callable[[Any], bool] = lambda made: False,
    ) -> None:
        """Create the objects of one table that are not known yet, in chunks.

        `make` builds an object without other effects, or raises Refused. `exists` says whether the same object was created
        by hand. `accept` is called for each object that will be written.
        """
        tally = self.outcome.tables[table] = Tally()
        known = self._known(model)
        by_id = self.rows[table] = {}
        unwritten: list[Any] = []
        for number, row in enumerate(rows, 1):
            if number % CHUNK == 0:
                self.report(table, number)
            if isinstance(row, BadRow):
                self._refuse(tally, row)
                continue
            identity = getattr(row, "id", None)
            key = self._key(row.key if identity is None else identity)
            found = known.get(key)
            if found is None:
                try:
                    found = make(row)
                    if (reason := too_long(found)) is not None:
                        raise Refused("too_long", reason)
                except Refused as refusal:
                    self._refuse(tally, BadRow(row.file, row.line, refusal.reason, refusal.code))
                    continue
                if exists(found):
                    tally.known += 1
                else:
                    accept(row, found)
                    found.archive_key = key
                    unwritten.append(found)
                    tally.new += 1
            else:
                tally.known += 1
            for remark in row.remarks:
                tally.remarks[remark.code] += 1
                self.outcome.remarked.append((row.file, row.line, remark))
            if identity is not None:
                by_id[identity] = found
            if len(unwritten) >= CHUNK:
                self._write(model, unwritten)
                unwritten = []
        self._write(model, unwritten)
        counts = self.archive.counts[table]
        tally.lines, tally.merged, tally.blank = counts.lines, counts.merged, counts.blank
        self.report(table, counts.lines)

    def _refuse(self, tally: Tally, row: BadRow) -> None:
        self.outcome.bad.append(row)
        tally.bad += 1

    def _named(self, table: str, name: str, identity: str) -> Any:
        """The object with this id in the archive. Raises Refused `unknown_reference` if its row was refused here.

        The reader has checked only that the archive has a row with the id.
        """
        try:
            return self.rows[table][identity]
        except KeyError:
            reason = f"{name} {identity!r} is not among the imported {table} of this archive."
            raise Refused("unknown_reference", reason) from None

    def _credit_by_hand(self) -> Callable[[Credit], bool]:
        """A function that says whether an equal credit exists: one added to a known production, or edited, by hand.

        The existing credits are read once, and only if the archive has credits of known productions.
        """
        existing: set[tuple[Any, ...]] | None = None

        def exists(credit: Credit) -> bool:
            nonlocal existing
            if credit.production.pk not in self.known_productions:
                return False
            if existing is None:
                rows = Credit.objects.filter(production__archive_key__startswith=f"{self.name}:", starts_on="")
                existing = set(rows.values_list("production_id", "person_id", "kind", "role", "note"))
            values = (credit.production.pk, credit.person.pk, credit.kind, credit.role, credit.note)
            return values in existing

        return exists

    def _write(self, model: type[Any], rows: list[Any]) -> None:
        if not rows:
            return
        if model is Credit and self.new_people:
            Person.objects.bulk_create(self.new_people, batch_size=CHUNK, checked=True)
            self.outcome.people_added += len(self.new_people)
            self.new_people = []
        if model in (Season, Production):
            Section.objects.bulk_create([row.section for row in rows], checked=True)
            for row in rows:
                row.section_id = row.section.pk
        for relation in ("production", "person", "venue", "season"):
            if hasattr(rows[0], f"{relation}_id"):
                for row in rows:
                    # When the row was made, the related object may not have had a primary key yet.
                    related = getattr(row, relation)
                    setattr(row, f"{relation}_id", related.pk if related is not None else None)
        # The reader has checked every value, and `too_long` every length.
        model.objects.bulk_create(rows, checked=True)

    def _known(self, model: type[Any]) -> dict[str, Any]:
        """The objects of earlier imports of this archive by archive key, with the columns that references to them need."""
        rows = model.objects.filter(archive_key__startswith=f"{self.name}:")
        if model in (Occurrence, Run, Credit):
            return dict.fromkeys(rows.values_list("archive_key", flat=True), True)
        if model is Season:
            rows = rows.select_related("section")
        elif model is Production:
            rows = rows.only("archive_key", "section_id")
            self.known_productions = {row.pk for row in rows}
        elif model is Venue:
            rows = rows.only("archive_key", "timezone")
        elif model is Person:
            rows = rows.only("archive_key")
            self.known_people = {row.archive_key: row for row in rows}
            # Of a person who was merged: the survivor, or a second import would create the duplicate again.
            merges = PersonMerge.objects.filter(archive_key__startswith=f"{self.name}:").select_related("survivor")
            self.known_people |= {merge.archive_key or "": merge.survivor for merge in merges}
            return self.known_people
        return {row.archive_key: row for row in rows}

    def _key(self, identity: str) -> str:
        key = f"{self.name}:{identity}"
        return key if len(key) <= 200 else f"{self.name}:#{hashlib.sha256(identity.encode()).hexdigest()}"


def _name_of_id(identity: str) -> str:
    """The name of a person without a record: "anna-bell" is Anna Bell. Other ids are returned unchanged."""
    if re.fullmatch(r"[a-z]+(-[a-z]+)+", identity):
        return " ".join(part.capitalize() for part in identity.split("-"))
    return identity


def _year(year: int | None) -> str:
    return "" if year is None else f"{year:04d}"
