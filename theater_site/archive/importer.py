"""Takes a performing archive into the system: one action, one audit entry, all or nothing.

Every row is found again by its `archive_key` ("<archive>:<id>"), so a second run makes nothing twice, and what people
have edited since stays as they left it. Nothing is guessed: what the archive does not know stays unknown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Annotated, Any

from accounts.models import Section, SectionKind
from accounts.permissions.selectors.sections import area
from directory.models import Alias, Credit, Person
from productions.models import Production, ProductionStatus, Season
from scheduling.models import Category, Occurrence, Run, Venue, Visibility
from scheduling.rules.wall_time import valid_zone
from theater_site.archive.columns import Slugs, too_long
from theater_site.archive.fields import Refused
from theater_site.archive.outcomes import Outcome, Tally
from theater_site.archive.reader import TABLES, Archive, BadRow, read_archive
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid
from theater_site.core.text import clean_markdown

CHUNK = 1000
Progress = Callable[[str, int], None]
_progress: ContextVar[Progress | None] = ContextVar("archive_progress", default=None)


@contextmanager
def reporting(progress: Progress) -> Iterator[None]:
    """While inside, `progress(table, read)` is told now and then how many rows of a table have been read."""
    token = _progress.set(progress)
    try:
        yield
    finally:
        _progress.reset(token)


@action(
    "archive.import",
    needs=tuple(
        Needs(permission, on="organization")
        for permission in ("manage_details", "manage_cast", "manage_schedule", "manage_directory", "manage_venues")
    ),
)
def import_archive(
    *,
    organization: Section,
    folder: Annotated[str, Doc("The folder with the archive's files, on the server. Example: archive/")],
    archive: Annotated[
        str,
        Doc(
            "A name for the archive: with the same name the same rows are found again. At most 50 "
            "characters, no colon. Example: attic"
        ),
    ],
    default_timezone: Annotated[
        str | None,
        Doc("IANA time zone of venues for which the archive has none; null leaves it unknown. Example: Europe/London"),
    ],
    publish: Annotated[
        bool, Doc("True publishes the seasons, productions, performances and people that are created. Example: true")
    ],
    add_people: Annotated[
        bool,
        Doc(
            "True creates a person with nothing but a name for each credit whose person has no record; false refuses"
            " such credits. Example: false"
        ),
    ],
) -> Outcome:
    """Take every row of the archive in `folder` that can be taken; list the others with file, line and reason.

    `archive` names it: the same name finds the same rows again, which are left as they are. A venue without a zone gets
    `default_timezone`, which is said in the outcome; without one its zone stays unknown. `publish` makes seasons,
    productions, performances and people public. With `add_people` a person without a record is named by the credit's
    `person_name`, else by its `person` ("anna-bell" is Anna Bell).
    Refused: a folder that is not an archive, a zone that does not exist.
    """
    if not archive or len(archive) > 50 or ":" in archive:
        raise Invalid(
            "Name the archive in 1 to 50 characters without a colon.", code="bad_archive_name", field="archive"
        )
    if default_timezone is not None:
        valid_zone(default_timezone)
    found = read_archive(folder)
    found.unknown_people = add_people
    work = _Import(organization, found, archive, default_timezone, current().instant if publish else None)
    outcome = work.run()
    current().note["import"] = outcome.as_data()
    return outcome


_WORKED_ON_IT = ("adaptors", "translators", "composers", "lyricists", "choreographers")


class _Import:
    """One import on its way. Tables are read in the archive's order; a row names only rows taken before it."""

    def __init__(
        self, organization: Section, archive: Archive, name: str, zone: str | None, published_at: datetime | None
    ) -> None:
        self.organization = organization
        self.archive = archive
        self.name = name
        self.zone = zone
        self.published_at = published_at
        self.outcome = Outcome(name)
        # Per table: what was taken or was there before, by its id in the archive.
        self.rows: dict[str, dict[str, Any]] = {}
        # Productions that an earlier import made.
        self.standing: set[int] = set()
        # People without a record: those to be written with the next credits, and by archive key those of earlier imports.
        self.new_people: list[Person] = []
        self.known_people: dict[str, Person] = {}
        self.directory = area("Directory")
        self.venues_section = area("Venues")

    def run(self) -> Outcome:
        # Two imports at once would both find nothing; the second waits here, and reads what the first has written.
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

        self._take("seasons", self.archive.seasons(), Season, make, accept)

    def _venues(self) -> None:
        def make(row: Any) -> Venue:
            zone = row.timezone or self.zone or ""
            return Venue(section=self.venues_section, name=row.name, location=row.location or "", timezone=zone)

        def accept(row: Any, venue: Venue) -> None:
            if venue.timezone and not row.timezone:
                self.outcome.assumed_zone += 1

        self._take("venues", self.archive.venues(), Venue, make, accept)

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
                **{name: list(getattr(row, name)) for name in _WORKED_ON_IT},
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

        self._take("productions", self.archive.productions(), Production, make, accept)

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
                # Midnight of the first of January of the year 1 in Tokyo lies before all time that can be counted.
                _ = occurrence.span
            except Invalid as error:
                raise Refused("out_of_range", error.message) from None
            return occurrence

        self._take("performances", self.archive.performances(), Occurrence, make)

    def _runs(self) -> None:
        def make(row: Any) -> Run:
            return Run(
                production=self._named("productions", "production", row.production),
                venue=self._named("venues", "venue", row.venue) if row.venue is not None else None,
                kind=row.kind or "",
                starts_on=str(row.date_start or ""),
                ends_on=str(row.date_end or ""),
            )

        self._take("runs", self.archive.runs(), Run, make)

    def _people(self) -> None:
        aliases: list[Alias] = []

        def make(row: Any) -> Person:
            for alias in row.aliases:
                if (fault := too_long(Alias(name=alias))) is not None:
                    raise Refused("too_long", f"aliases: {fault}")
            return Person(
                section=self.directory,
                name=row.name,
                bio=clean_markdown(row.bio or ""),
                published_at=self.published_at,
            )

        def accept(row: Any, person: Person) -> None:
            aliases.extend(Alias(person=person, name=name) for name in dict.fromkeys(row.aliases) if name != row.name)

        self._take("people", self.archive.people(), Person, make, accept)
        for alias in aliases:
            # The key is known only now that the person has been written.
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
                # A place in a list; what is before the first place comes first.
                billing_order=max(row.order or 0, 0),
            )

        def accept(row: Any, credit: Credit) -> None:
            # A person without a record, named for the first time.
            if row.person not in self.rows["people"]:
                self.rows["people"][row.person] = credit.person
                self.new_people.append(credit.person)

        self._take("credits", self.archive.credits(), Credit, make, accept, there=self._credit_by_hand())

    def _person(self, row: Any) -> Person:
        """The person of a credit; one with nothing but a name where there is no record and people may be added."""
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

    # --- what they share -------------------------------------------------------------------------------------------

    def _take(
        self,
        table: str,
        rows: Iterable[Any],
        model: type[Any],
        make: Callable[[Any], Any],
        accept: Callable[[Any, Any], None] = lambda row, made: None,
        there: Callable[[Any], bool] = lambda made: False,
    ) -> None:
        """Create what is not known yet, in chunks, and remember every row by its id for the tables that follow.

        `make` builds an object or raises Refused, and changes nothing else; `accept` gets each object that will be written;
        `there` says whether somebody has made the same by hand.
        """
        tally = self.outcome.tables[table] = Tally()
        known = self._known(model)
        by_id = self.rows[table] = {}
        waiting: list[Any] = []
        for number, row in enumerate(rows, 1):
            if number % CHUNK == 0:
                self._tell(table, number)
            if isinstance(row, BadRow):
                self._refuse(tally, row)
                continue
            identity = getattr(row, "id", None)
            key = self._key(row.key if identity is None else identity)
            found = known.get(key)
            if found is None:
                try:
                    found = make(row)
                    if (fault := too_long(found)) is not None:
                        raise Refused("too_long", fault)
                except Refused as refusal:
                    self._refuse(tally, BadRow(row.file, row.line, refusal.reason, refusal.code))
                    continue
                if there(found):
                    tally.known += 1
                else:
                    accept(row, found)
                    found.archive_key = key
                    waiting.append(found)
                    tally.new += 1
            else:
                tally.known += 1
            for remark in row.remarks:
                tally.remarks[remark.code] += 1
                self.outcome.remarked.append((row.file, row.line, remark))
            if identity is not None:
                by_id[identity] = found
            if len(waiting) >= CHUNK:
                self._write(model, waiting)
                waiting = []
        self._write(model, waiting)
        counts = self.archive.counts[table]
        tally.lines, tally.merged, tally.blank = counts.lines, counts.merged, counts.blank
        self._tell(table, counts.lines)

    def _refuse(self, tally: Tally, row: BadRow) -> None:
        self.outcome.bad.append(row)
        tally.bad += 1

    def _named(self, table: str, name: str, identity: str) -> Any:
        """The row that another one names. The reader knows its id, but it may have been refused here since."""
        try:
            return self.rows[table][identity]
        except KeyError:
            reason = f"{name} {identity!r} is not among the {table} that were taken from this archive."
            raise Refused("unknown_reference", reason) from None

    def _credit_by_hand(self) -> Callable[[Credit], bool]:
        """Whether a credit exists already: added to a known production by hand, or edited until it says the same.

        Read once, and only where a production was there before.
        """
        standing: set[tuple[Any, ...]] | None = None

        def there(credit: Credit) -> bool:
            nonlocal standing
            if credit.production.pk not in self.standing:
                return False
            if standing is None:
                rows = Credit.objects.filter(production__archive_key__startswith=f"{self.name}:", starts_on="")
                standing = set(rows.values_list("production_id", "person_id", "kind", "role", "note"))
            said = (credit.production.pk, credit.person.pk, credit.kind, credit.role, credit.note)
            return said in standing

        return there

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
                    # Set when the row was made, when what it names may not have been written yet.
                    named = getattr(row, relation)
                    setattr(row, f"{relation}_id", named.pk if named is not None else None)
        # The reader has judged every value, and `too_long` every length.
        model.objects.bulk_create(rows, checked=True)

    def _known(self, model: type[Any]) -> dict[str, Any]:
        """What earlier imports of this archive made, by its key: as much of it as rows that name it need."""
        rows = model.objects.filter(archive_key__startswith=f"{self.name}:")
        if model in (Occurrence, Run, Credit):
            return dict.fromkeys(rows.values_list("archive_key", flat=True), True)
        if model is Season:
            rows = rows.select_related("section")
        elif model is Production:
            rows = rows.only("archive_key", "section_id")
            self.standing = {row.pk for row in rows}
        elif model is Venue:
            rows = rows.only("archive_key", "timezone")
        elif model is Person:
            rows = rows.only("archive_key")
            self.known_people = {row.archive_key: row for row in rows}
            return self.known_people
        return {row.archive_key: row for row in rows}

    def _key(self, identity: str) -> str:
        key = f"{self.name}:{identity}"
        return key if len(key) <= 200 else f"{self.name}:#{hashlib.sha256(identity.encode()).hexdigest()}"

    def _tell(self, table: str, read: int) -> None:
        if (progress := _progress.get()) is not None:
            progress(table, read)


def _name_of_id(identity: str) -> str:
    """An id that is a name in small letters with hyphens, as in addresses, is read as that name; others stay as they are."""
    if re.fullmatch(r"[a-z]+(-[a-z]+)+", identity):
        return " ".join(part.capitalize() for part in identity.split("-"))
    return identity


def _year(year: int | None) -> str:
    return "" if year is None else f"{year:04d}"
