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
    """Confirms the entry, with the link to leave the list."""
    text = ngettext(
        "You are on the waiting list for %(count)s seat. You will get a mail as soon as it is free.",
        "You are on the waiting list for %(count)s seats. You will get a mail as soon as they are free.",
        entry.places,
    )
    return _letter(entry, reader, _("Waiting list: %(title)s"), text, _("Leave the waiting list:"), entry.leaving_key)


def moved(entry: WaitingListEntry, before: Placing, reader: Reader) -> Letter:
    """The performance was rescheduled. The entry is kept."""
    text = _(
        "The performance that you are waiting for was moved. The old time was %(before)s. You are still on its waiting list."
    )
    before_text = when(before, at_venue(reader, entry.performance))
    return _about_change(entry, reader, _("Moved: %(title)s"), text, before=before_text)


def canceled(entry: WaitingListEntry, reason: str, reader: Reader) -> Letter:
    """The performance is canceled, with the reason."""
    text = _("The performance that you are waiting for is canceled.")
    if reason:
        text += "\n" + _("Reason: %(reason)s")
    return _about_change(entry, reader, _("Canceled: %(title)s"), text, reason=reason)


def reinstated(entry: WaitingListEntry, reader: Reader) -> Letter:
    """The canceled performance was reinstated. The entry is kept."""
    text = _("The performance had been canceled, but takes place after all. You are still on its waiting list.")
    return _about_change(entry, reader, _("Takes place: %(title)s"), text)


def seats_offered(entry: WaitingListEntry, token: str, until: datetime, reader: Reader) -> Letter:
    """Seats are held for the entry until `until`. The link with the hold's `token` orders them."""
    text = ngettext(
        "%(count)s seat is free and held for you until %(until)s. After that, it is offered to the next person.",
        "%(count)s seats are free and held for you until %(until)s. After that, they are offered to the next person.",
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


def _about_change(entry: WaitingListEntry, reader: Reader, subject: str, text: str, **values: str) -> Letter:
    return _letter(entry, reader, subject, text, _("Leave the waiting list:"), entry.leaving_key, **values)


def _letter(
    entry: WaitingListEntry, reader: Reader, subject: str, text: str, link_text: str, key: str, **values: str
) -> Letter:
    """A letter with the performance and a link with `key`. `values` are for the placeholders of `subject` and `text`."""
    performance = entry.performance
    values |= {"title": named(performance), "count": str(entry.places)}
    line = f"{named(performance)}: {when(performance.placing, at_venue(reader, performance))}{place(performance)}"
    link = settings.FRONTEND_URLS["waiting_list"].format(key=key)
    return Letter(subject % values, f"{text % values}\n\n{line}\n\n{link_text}\n{link}")
