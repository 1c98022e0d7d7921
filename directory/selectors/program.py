"""The program of a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef

from directory.models import Consent, ConsentPurpose, Credit, CreditKind, TeamNight
from directory.rules.holdings import billed_parts, is_cover, plays, stands, stands_by, who_plays
from directory.rules.program import Bio, Block, Change, Entry, Performance, Program, SceneLine, spoken
from directory.signals import performances_on, zone_played_in
from productions.models import License, Production, Scene
from productions.rules.partial_dates import PartialDate
from theater_site.core.actors import Actor
from theater_site.core.text import fold

_TITLES = {
    CreditKind.CAST: "Cast",
    CreditKind.MUSICIAN: "Musicians",
    CreditKind.CREATIVE: "Creative team",
    CreditKind.CREW: "Crew",
    CreditKind.COMPANY: "Company",
    CreditKind.THANKS: "With thanks to",
}
STANDING_BY = "Understudies and swings"
_LAST = 2**31


def usual_date(production: Production, today: dt.date) -> dt.date | None:
    """Return the default date of the program: today, or the day of the run nearest to it. None if the run is not known
    to the day."""
    opens, closes = PartialDate.parse(production.opens_on), PartialDate.parse(production.closes_on)
    if opens is None or closes is None or not (opens.day and closes.day) or closes < opens:
        return None
    return min(max(today, opens.earliest), closes.latest)


def program_for(actor: Actor, production: Production, on: dt.date | None, at: dt.datetime) -> Program:
    """Return the program of a date. Without one: of today's performance, else of the next, else of the last. "Today" is the
    date of the instant `at` where the production is played. Only performances visible to `actor` count; if none is known,
    the run gives the nearest day."""
    if on is not None:
        return program_of(
            production, on, performances_on.ask(production=production, day=on, nearest=False, actor=actor)
        )
    zone = ZoneInfo(zone_played_in.ask(production=production) or settings.DEFAULT_USER_TIME_ZONE)
    today = at.astimezone(zone).date()
    played = performances_on.ask(production=production, day=today, nearest=True, actor=actor)
    return program_of(production, played[0].date if played else usual_date(production, today), played)


def program_of(production: Production, on: dt.date | None, performances: Sequence[Performance] = ()) -> Program:
    """Return cast, team and thanks of a date, in billing order, with the changes since the first night. Without a date it
    names everybody of the run, with the days of those who did not play all of it.

    Three queries, whatever the size. A biography is printed of people with a public page or with their consent. Of
    alternating casts only that date's are named. Of the licenses only the billing is printed.
    """
    credits = _credits(production, on)
    night = _Night(production, credits, on)
    shown = [credit for credit in credits if on is None or night.concerns(credit, on)]
    return Program(
        title=production.title,
        subtitle=production.subtitle,
        authors=list(production.authors),
        company=production.company,
        on=on,
        running_minutes=production.running_minutes,
        intermissions=production.intermissions,
        content_advisories=production.content_advisories,
        adaptors=list(production.adaptors),
        translators=list(production.translators),
        composers=list(production.composers),
        lyricists=list(production.lyricists),
        choreographers=list(production.choreographers),
        billing=_billing(production),
        performances=list(performances),
        slip=night.slip(),
        scenes=[
            SceneLine(scene.number, scene.title, scene.place, list(scene.songs))
            for scene in Scene.objects.filter(production=production).order_by("order", "pk")
        ],
        blocks=[*night.cast(), *_others([credit for credit in shown if credit.kind != CreditKind.CAST], on)],
        bios=_bios(shown),
    )


def _credits(production: Production, on: dt.date | None) -> list[Credit]:
    """Return all credits of the production, each with: whether its team plays that day, whether any team does, and whether
    the biography may be printed without a public page."""
    agreed = Consent.objects.filter(
        person=OuterRef("person"), purpose=ConsentPurpose.BIOGRAPHY, withdrawn_at__isnull=True
    )
    nights = TeamNight.objects.filter(production=OuterRef("production"))
    nights = nights.none() if on is None else nights.filter(date=on)
    rows = (
        Credit.objects.filter(production=production)
        .annotate(
            team_plays=Exists(nights.filter(team=OuterRef("team"))), teams_known=Exists(nights), agreed=Exists(agreed)
        )
        .select_related("person", "character", "job__department")
        .defer("person__email", "person__phone")
    )
    return list(rows.order_by("billing_order", "pk"))


def _billing(production: Production) -> list[str]:
    """Return the production's own billing text, and each license's."""
    required = License.objects.filter(production=production).order_by("pk").values_list("billing", flat=True)
    printed: list[str] = []
    for words in (production.billing, *required):
        if words and fold(words) not in fold(" ".join(printed)):
            printed.append(words)
    return printed


def printed(credit: Credit) -> str:
    """Return the name printed in the program."""
    return credit.credited_as or credit.person.name


@dataclass(frozen=True, slots=True)
class _Part:
    role: str
    group: bool
    held: list[Credit]


class _Night:
    """One night's cast by part, computed from loaded credits."""

    def __init__(self, production: Production, credits: Sequence[Credit], on: dt.date | None) -> None:
        opens = PartialDate.parse(production.opens_on)
        self.on = on
        self.first = opens.earliest if opens is not None else None
        cast = [credit for credit in credits if credit.kind == CreditKind.CAST]
        self.parts = [
            _Part(held[0].role, held[0].character is None or held[0].character.is_group, held)
            for held in billed_parts(cast, role=lambda credit: credit.role)
        ]

    def playing(self, part: _Part) -> list[Credit]:
        if self.on is None:
            return [credit for credit in part.held if plays(credit)]
        return self._who(part, self.on)

    @staticmethod
    def concerns(credit: Credit, day: dt.date) -> bool:
        """Whether the credit is in force on that day and, of alternating casts, belongs to tonight's."""
        tonights = not credit.team or not credit.teams_known or credit.team_plays  # type: ignore[attr-defined]
        return tonights and stands(credit, day)

    def _who(self, part: _Part, day: dt.date, *, covers: bool = True) -> list[Credit]:
        """Return who plays the part on that day, with the teams of tonight: alternating is not a cast change."""
        return who_plays([c for c in part.held if self.concerns(c, day)], group=part.group, covers=covers)

    def slip(self) -> list[Change]:
        """Return tonight's covers, in place of the current players, and the parts taken over since the first night. Parts
        without a player are left out."""
        if self.on is None:
            return []
        changes = []
        for part in self.parts:
            tonight = self._who(part, self.on)
            covered = any(map(is_cover, tonight))
            usual = self._who(part, self.on if covered or self.first is None else self.first, covers=False)
            before, now = {c.person_id for c in usual}, {c.person_id for c in tonight}
            if before and now and before != now:
                gone = [printed(c) for c in usual if c.person_id not in now]
                come = [printed(c) for c in tonight if c.person_id not in before]
                changes.append(Change(part.role, gone, come, "cover" if covered else "replacement"))
        return changes

    def cast(self) -> list[Block]:
        blocks = _Blocks()
        for part in self.parts:
            for entry, credit in self._entries(self.playing(part)):
                blocks.add(credit.block or _TITLES[CreditKind.CAST], credit.block_order, entry)
        for part in self.parts:
            for credit in self._standing_by(part):
                blocks.add(STANDING_BY, _LAST, Entry(part.role, [printed(credit)], credit.holding))
        return blocks.listed()

    def _standing_by(self, part: _Part) -> Iterator[Credit]:
        """Return the holders on standby who do not play tonight."""
        on_stage = {credit.person_id for credit in self.playing(part)}
        for credit in part.held:
            if stands_by(credit) and (
                self.on is None or (credit.person_id not in on_stage and self.concerns(credit, self.on))
            ):
                yield credit

    def _entries(self, playing: Sequence[Credit]) -> list[tuple[Entry, Credit]]:
        """Return entries; people who share a part and have equal notes share a line."""
        lines: dict[tuple[str, str, str, int], list[Credit]] = {}
        for credit in playing:
            lines.setdefault((credit.role, _note(credit, self.on), credit.block, credit.block_order), []).append(credit)
        return [(Entry(role, [printed(c) for c in held], note), held[0]) for (role, note, *_), held in lines.items()]


class _Blocks:
    """Entries by the title of their block; titles by their order, then in order of appearance."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {}
        self._orders: dict[str, int] = {}

    def add(self, title: str, order: int, entry: Entry) -> None:
        self._entries.setdefault(title, []).append(entry)
        self._orders[title] = min(order, self._orders.get(title, order))

    def listed(self) -> list[Block]:
        return [Block(title, self._entries[title]) for title in sorted(self._entries, key=self._orders.__getitem__)]


def _others(credits: Iterable[Credit], on: dt.date | None) -> list[Block]:
    """Return blocks of everybody but the cast, kind by kind; jobs in the order of their department."""
    by_kind: dict[str, list[Credit]] = {}
    for credit in credits:
        by_kind.setdefault(credit.kind, []).append(credit)
    blocks: list[Block] = []
    for kind, title in _TITLES.items():
        listed = _Blocks()
        lines: dict[tuple[str, int, str, str], list[str]] = {}
        for credit in sorted(by_kind.get(kind, ()), key=_by_department):
            # Jobs and lists of thanks are easier to read with one person per line.
            key = (credit.block or title, credit.block_order, credit.role, _note(credit, on))
            lines.setdefault(key, []).append(printed(credit))
        for (block, order, role, note), names in lines.items():
            if role:
                listed.add(block, order, Entry(role, names, note))
            else:
                for name in names:
                    listed.add(block, order, Entry("", [name], note))
        blocks += listed.listed()
    return blocks


def _by_department(credit: Credit) -> tuple[int, int, int]:
    """Sort key: credits without a job first, in billing order, then by department."""
    if credit.job is None:
        return (0, 0, 0)
    return (1, credit.job.department.order, credit.job.order)


def _note(credit: Credit, on: dt.date | None) -> str:
    """Return the text beside the name: the note, the team, and for a whole run the days of those who did not play all of it."""
    parts = [credit.note, f"{credit.team} cast" if credit.team else ""]
    if on is None:
        start, end = PartialDate.parse(credit.starts_on), PartialDate.parse(credit.ends_on)
        parts.append(
            " ".join(filter(None, (f"from {_day_text(start)}" * bool(start), f"to {_day_text(end)}" * bool(end))))
        )
    return ", ".join(filter(None, parts))


def _day_text(date: PartialDate | None) -> str:
    return "" if date is None else spoken(date.earliest) if date.day else str(date)


def _bios(credits: Sequence[Credit]) -> list[Bio]:
    """Return each biography once, in the order of the program, under the printed name."""
    people: dict[int, Credit] = {}
    kinds = list(_TITLES)
    for credit in sorted(credits, key=lambda credit: kinds.index(CreditKind(credit.kind))):
        if credit.person.bio and (credit.person.published_at is not None or credit.agreed):  # type: ignore[attr-defined]
            people.setdefault(credit.person_id, credit)
    return [Bio(printed(credit), credit.person.bio) for credit in people.values()]
