"""Signals of the directory. theater_site/wiring.py connects their receivers and answerers."""

from __future__ import annotations

import datetime as dt

from directory.models import Consent, Credit, Person
from directory.rules.program import Performance
from productions.models import Character, Production
from theater_site.core.announcements import Announcement, Question

cast_changed = Announcement(
    "A part was given to another holder during the run: `old` ends the day before `from_date`, `new` begins on it. Sent"
    " inside the transaction.",
    production=Production,
    character=Character,
    old=Credit,
    new=Credit,
    from_date=dt.date,
)

consent_withdrawn = Announcement(
    "A consent was withdrawn; `consent.withdrawn_at` is when. Sent inside the transaction.", consent=Consent
)

people_merged = Announcement(
    "`duplicate` is being merged into `survivor`, and is deleted afterwards. Each receiver moves the rows of its app that"
    " point at `duplicate`, with `moves.take_over` (directory/services/moves.py). Sent inside the transaction.",
    survivor=Person,
    duplicate=Person,
    moves=object,
)

people_unmerged = Announcement(
    "A merge is being undone: `restored` exists again beside `survivor`. Each receiver returns the rows that it moved, with"
    " `moves.give_back`. Sent inside the transaction.",
    survivor=Person,
    restored=Person,
    moves=object,
)

zone_played_in: Question[str] = Question(
    'The time zone in which `production` is played; "" if not known.', arguments=("production",), default=str
)
performances_on: Question[list[Performance]] = Question(
    "The performances of `production` on `day` that `actor` may see, in order. With `nearest` and none that day: those of"
    " the next day that has any, else of the last day before; empty if none is known.",
    arguments=("production", "day", "nearest", "actor"),
    default=list,
)
