"""Messages about a change of cast."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.notifications.mails.letters import Letter, Reader
from productions.models import Character, Production


def part_begins(production: Production, character: Character, from_date: dt.date, reader: Reader) -> Letter:
    """To the new holder of a part."""
    return _letter(production, character, from_date, _("From %(date)s on you play %(part)s in %(title)s."))


def part_ends(production: Production, character: Character, from_date: dt.date, reader: Reader) -> Letter:
    """To the holder whose part goes to somebody else."""
    return _letter(production, character, from_date, _("From %(date)s on somebody else plays %(part)s in %(title)s."))


def _letter(production: Production, character: Character, from_date: dt.date, text: str) -> Letter:
    facts = {"date": from_date.isoformat(), "part": character.name, "title": production.title}
    link = settings.FRONTEND_URLS["production"].format(slug=production.slug)
    return Letter(_("Change of cast: %(title)s") % facts, text % facts + "\n\n" + _("See it:") + f"\n{link}")
