"""Messages about rescheduled, canceled or reinstated events: one per person and change, with all events in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.notifications.mails.letters import Letter, Reader
from scheduling.models import Occurrence
from scheduling.rules.spans import Placing
from scheduling.rules.wall_time import valid_zone
from scheduling.signals import Move


def events_moved(moves: Sequence[Move], reader: Reader) -> Letter:
    """List the old and the new time of each event, and its place."""
    lines = [
        _("%(title)s: was %(before)s, is now %(after)s")
        % {
            "title": named(move.occurrence),
            "before": when(move.before, reader),
            "after": f"{when(move.occurrence.placing, reader)}{place(move.occurrence)}",
        }
        for move in moves
    ]
    subject = _("Moved: %(title)s") if len(moves) == 1 else _("%(count)s events were moved: %(title)s")
    return _letter(subject, _("The calendar has changed:"), lines, [move.occurrence for move in moves])


def events_canceled(occurrences: Sequence[Occurrence], reason: str, reader: Reader) -> Letter:
    """List the canceled events, with the reason."""
    lines = [_line(row, reader) for row in occurrences]
    if reason:
        lines.append(_("Reason: %(reason)s") % {"reason": reason})
    subject = _("Canceled: %(title)s") if len(occurrences) == 1 else _("%(count)s events were canceled: %(title)s")
    return _letter(subject, _("This does not take place:"), lines, occurrences)


def events_reinstated(occurrences: Sequence[Occurrence], reader: Reader) -> Letter:
    """List the reinstated events."""
    subject = (
        _("Takes place: %(title)s") if len(occurrences) == 1 else _("%(count)s events take place after all: %(title)s")
    )
    lines = [_line(row, reader) for row in occurrences]
    return _letter(subject, _("This was canceled, and takes place after all:"), lines, occurrences)


def named(occurrence: Occurrence) -> str:
    """The event's title, else its category."""
    return occurrence.shown_title or occurrence.get_category_display()


def when(placing: Placing, reader: Reader) -> str:
    """Return the start in the reader's zone; the date as far as it is known if the time is open."""
    starts_at = placing.span.starts_at
    return reader.time(starts_at) if starts_at is not None else placing.date or _("no date yet")


def at_venue(reader: Reader, occurrence: Occurrence) -> Reader:
    """Return the reader with the event's own zone: for visitors, who have no account with a zone."""
    return replace(reader, zone=valid_zone(occurrence.timezone)) if occurrence.timezone else reader


def place(occurrence: Occurrence) -> str:
    """Return the place after a comma; empty if it is open."""
    parts = [occurrence.space.name if occurrence.space else "", occurrence.venue.name if occurrence.venue else ""]
    known = ", ".join(part for part in parts if part)
    return f", {known}" if known else ""


def _line(occurrence: Occurrence, reader: Reader) -> str:
    return f"{named(occurrence)}: {when(occurrence.placing, reader)}{place(occurrence)}"


def _letter(subject: str, lead: str, lines: list[str], occurrences: Sequence[Occurrence]) -> Letter:
    link = settings.FRONTEND_URLS["event"].format(id=occurrences[0].pk)
    body = "\n".join([lead, "", *lines])
    first = {"title": named(occurrences[0]), "count": len(occurrences)}
    return Letter(subject % first, f"{body}\n\n" + _("See it:") + f"\n{link}")
