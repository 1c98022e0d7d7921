"""Notifies the two people of a change of cast."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from accounts.notifications.services.outbox import put
from directory.mails import casting
from directory.models import Credit
from productions.models import Character, Production
from theater_site.core.actions import current


def notify_cast_changed(
    production: Production, character: Character, old: Credit, new: Credit, from_date: dt.date, **_: Any
) -> None:
    """Notify the new and the old holder of the day of the change, unless they made the change themselves."""
    for credit, letter in ((new, casting.part_begins), (old, casting.part_ends)):
        user = credit.person.user if credit.person is not None else None
        if user is not None and user.pk != current().actor.user_id:
            put("cast_changed", [user], partial(letter, production, character, from_date), about=production)
