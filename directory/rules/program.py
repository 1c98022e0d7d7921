"""A printed program: its parts as data, and as Markdown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the part or job, and the names beside it. `note` is printed small."""

    role: str
    names: list[str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines under one title."""

    title: str
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the cast changes: who usually plays a part, and who `plays` it now. `reason`: a cover or a replacement."""

    role: str
    usually: list[str]
    plays: list[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Bio:
    """A person's biography, in Markdown."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class SceneLine:
    """A scene as the program lists it."""

    number: str
    title: str
    place: str
    songs: list[str]


@dataclass(frozen=True, slots=True)
class Performance:
    """A performance: its day, and if known its start in wall time and its venue."""

    date: dt.date
    start: dt.time | None
    venue: str


@dataclass(frozen=True, slots=True)
class Program:
    """The program of one date; `on` is None for the whole run. `performances` are those of the date.

    `billing` is the text that authors and license houses require, in Markdown.
    """

    title: str
    subtitle: str
    authors: list[str]
    company: str
    on: dt.date | None
    running_minutes: int | None
    intermissions: int | None
    content_advisories: str
    adaptors: list[str] = field(default_factory=list)
    translators: list[str] = field(default_factory=list)
    composers: list[str] = field(default_factory=list)
    lyricists: list[str] = field(default_factory=list)
    choreographers: list[str] = field(default_factory=list)
    billing: list[str] = field(default_factory=list)
    performances: list[Performance] = field(default_factory=list)
    slip: list[Change] = field(default_factory=list)
    scenes: list[SceneLine] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    bios: list[Bio] = field(default_factory=list)


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def spoken(day: dt.date) -> str:
    """Return the date as "October 2, 2026"."""
    months = (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    )  # fmt: skip
    return f"{months[day.month - 1]} {day.day}, {day.year}"


def told_time(time: dt.time) -> str:
    """Return the time as "7:30 p.m."."""
    return f"{time.hour % 12 or 12}:{time.minute:02d} {'a.m.' if time.hour < 12 else 'p.m.'}"


def joined(names: Iterable[str]) -> str:
    """Return the names as "A, B and C"."""
    listed = list(names)
    return " and ".join(filter(None, (", ".join(listed[:-1]), *listed[-1:])))


def markdown(program: Program) -> str:
    """Return the program as Markdown: title, makers, cast changes, blocks, scenes, biographies."""
    return "\n".join(_lines(program)).rstrip() + "\n"


def _lines(program: Program) -> Iterator[str]:
    yield f"# {plain(program.title)}"
    if program.subtitle:
        yield f"\n*{plain(program.subtitle)}*"
    yield from _makers(program)
    yield from (f"\n{words}" for words in program.billing)
    yield from _facts(program)
    if program.slip:
        yield "\n## At this performance\n"
        for change in program.slip:
            yield f"- {_change_line(change)}"
    for block in program.blocks:
        yield f"\n## {plain(block.title)}\n"
        for entry in block.entries:
            yield f"- {_entry(entry)}"
    if program.scenes:
        yield "\n## Scenes\n"
        for scene in program.scenes:
            yield f"- {_scene(scene)}"
    if program.bios:
        yield "\n## Who's who"
        for bio in program.bios:
            yield f"\n**{plain(bio.name)}**\n\n{bio.text}"


def _makers(program: Program) -> Iterator[str]:
    made = (
        ("by", program.authors), ("Adapted by", program.adaptors), ("Translated by", program.translators),
        ("Music by", program.composers), ("Lyrics by", program.lyricists), ("Choreography by", program.choreographers),
    )  # fmt: skip
    for words, names in made:
        if names:
            yield f"\n{words} {plain(joined(names))}"


def _facts(program: Program) -> Iterator[str]:
    facts = [plain(program.company)] if program.company else []
    if program.on is not None:
        facts.append(f"{_WEEKDAYS[program.on.weekday()]}, {spoken(program.on)}")
        facts += _when_and_where(program.performances)
    if facts:
        yield f"\n{' · '.join(facts)}"
    if program.running_minutes:
        hours, minutes = divmod(program.running_minutes, 60)
        length = " ".join(part for part in (f"{hours} h" * bool(hours), f"{minutes} min" * bool(minutes)) if part)
        breaks = {None: "", 0: ", without an intermission", 1: ", with one intermission"}
        yield f"\nRunning time {length}" + breaks.get(
            program.intermissions, f", with {program.intermissions} intermissions"
        )
    if program.content_advisories:
        yield f"\n{program.content_advisories}"


def _when_and_where(performances: Iterable[Performance]) -> Iterator[str]:
    """Return "2:00 p.m. and 7:30 p.m., The Foundry" for each venue."""
    houses: dict[str, list[str]] = {}
    for performance in performances:
        times = houses.setdefault(performance.venue, [])
        if performance.start is not None:
            times.append(told_time(performance.start))
    for venue, times in houses.items():
        if told := ", ".join(filter(None, (joined(times), plain(venue)))):
            yield told


def _change_line(change: Change) -> str:
    role, plays = plain(change.role), plain(joined(change.plays))
    if not change.usually:
        return f"**{role}** is played by **{plays}**."
    when = "is now played" if change.reason == "replacement" else "is played at this performance"
    return f"**{role}** {when} by **{plays}**, in place of {plain(joined(change.usually))}."


def _scene(scene: SceneLine) -> str:
    parts = [f"**{plain(scene.number)}**" if scene.number else "", plain(scene.title)]
    # In parentheses, since titles may end in punctuation.
    parts.append(f"({plain(scene.place)})" if scene.place else "")
    parts.append("; ".join(f"“{plain(song)}”" for song in scene.songs))
    return " ".join(filter(None, parts))


def _entry(entry: Entry) -> str:
    names = plain(joined(entry.names))
    line = f"{plain(entry.role)}: **{names}**" if entry.role else f"**{names}**"
    return f"{line} ({plain(entry.note)})" if entry.note else line


_MARKUP = re.compile(r"([\\`*_\[\]<>#|~])")


def plain(text: str) -> str:
    """Return `text` on one line, with Markdown escaped."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
