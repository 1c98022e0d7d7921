"""Messages to people on a waiting list."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.mails.letters import Letter, Reader
from scheduling.mails.changes import at_venue, named, place, when
from ticketing.models import WaitingListEntry


def joined(entry: WaitingListEntry, key: str, reader: Reader) -> Letter:
    """They are on the list, and how to leave it."""
    text = _("You are on the waiting list for %(count)s seats. We write to you as soon as they are free.")
    return _letter(entry, reader, _("Waiting list: %(title)s"), text, _("Leave the waiting list:"), key)


def seats_offered(entry: WaitingListEntry, token: str, until: datetime, reader: Reader) -> Letter:
    """Seats are held for them until then; the link orders them."""
    text = _("%(count)s seats are free, and are held for you until %(until)s. After that the next person gets them.")
    return _letter(
        entry,
        reader,
        _("Seats for you: %(title)s"),
        text,
        _("Order them:"),
        token,
        until=at_venue(reader, entry.performance).time(until),
    )


def _letter(
    entry: WaitingListEntry, reader: Reader, subject: str, text: str, lead: str, key: str, **more: str
) -> Letter:
    performance = entry.performance
    facts = {"title": named(performance), "count": entry.places, **more}
    line = f"{named(performance)}: {when(performance.placing, at_venue(reader, performance))}{place(performance)}"
    link = settings.FRONTEND_URLS["waiting_list"].format(key=key)
    return Letter(subject % facts, f"{text % facts}\n\n{line}\n\n{lead}\n{link}")
