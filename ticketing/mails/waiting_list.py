"""Messages to people on a waiting list."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.notifications.mails.letters import Letter, Reader
from scheduling.mails.changes import at_venue, named, place, when
from scheduling.rules.spans import Placing
from ticketing.models import WaitingListEntry


def joined(entry: WaitingListEntry, reader: Reader) -> Letter:
    """They are on the list, and how to leave it."""
    text = ngettext(
        "You are on the waiting list for %(count)s seat. We write to you as soon as it is free.",
        "You are on the waiting list for %(count)s seats. We write to you as soon as they are free.",
        entry.places,
    )
    return _letter(entry, reader, _("Waiting list: %(title)s"), text, _("Leave the waiting list:"), entry.leaving_key)


def moved(entry: WaitingListEntry, before: Placing, reader: Reader) -> Letter:
    """The performance has another time or place; they still wait."""
    text = _("The performance that you wait for was moved. It was %(before)s. You are still on its waiting list.")
    before_text = when(before, at_venue(reader, entry.performance))
    return _about_change(entry, reader, _("Moved: %(title)s"), text, before=before_text)


def canceled(entry: WaitingListEntry, reason: str, reader: Reader) -> Letter:
    """The performance is canceled, and why."""
    text = _("The performance that you wait for is canceled.")
    if reason:
        text += "\n" + _("Reason: %(reason)s")
    return _about_change(entry, reader, _("Canceled: %(title)s"), text, reason=reason)


def reinstated(entry: WaitingListEntry, reader: Reader) -> Letter:
    """A canceled performance takes place after all; they still wait."""
    text = _("The performance was canceled, and takes place after all. You are still on its waiting list.")
    return _about_change(entry, reader, _("Takes place: %(title)s"), text)


def seats_offered(entry: WaitingListEntry, token: str, until: datetime, reader: Reader) -> Letter:
    """Seats are held for them until then; the link orders them."""
    text = ngettext(
        "%(count)s seat is free, and is held for you until %(until)s. After that the next person gets it.",
        "%(count)s seats are free, and are held for you until %(until)s. After that the next person gets them.",
        entry.places,
    )
    return _letter(
        entry,
        reader,
        _("Seats for you: %(title)s"),
        text,
        _("Order them:"),
        token,
        until=at_venue(reader, entry.performance).time(until),
    )


def _about_change(entry: WaitingListEntry, reader: Reader, subject: str, text: str, **more: str) -> Letter:
    return _letter(entry, reader, subject, text, _("Leave the waiting list:"), entry.leaving_key, **more)


def _letter(
    entry: WaitingListEntry, reader: Reader, subject: str, text: str, lead: str, key: str, **more: str
) -> Letter:
    performance = entry.performance
    facts = {"title": named(performance), "count": entry.places, **more}
    line = f"{named(performance)}: {when(performance.placing, at_venue(reader, performance))}{place(performance)}"
    link = settings.FRONTEND_URLS["waiting_list"].format(key=key)
    return Letter(subject % facts, f"{text % facts}\n\n{line}\n\n{lead}\n{link}")
