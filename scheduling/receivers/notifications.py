"""Notifies cast and crew of rescheduled, canceled or reinstated events: once per change, and only the people concerned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from accounts.models import User
from accounts.notifications.mails.letters import Letter, Reader
from accounts.notifications.services.outbox import put
from directory.selectors.credits import credited_users
from scheduling.mails import changes
from scheduling.models import Occurrence
from scheduling.signals import Move
from theater_site.core.actions import current

Item = TypeVar("Item")


def notify_moved(moves: list[Move], **_: Any) -> None:
    """Notify each person of the old and the new time of the events of their productions."""
    _notify("events_moved", moves, lambda move: move.occurrence, changes.events_moved)


def notify_canceled(occurrences: list[Occurrence], reason: str, **_: Any) -> None:
    """Notify each person of the canceled events of their productions, with the reason."""
    _notify(
        "events_canceled",
        occurrences,
        lambda row: row,
        lambda rows, reader: changes.events_canceled(rows, reason, reader),
    )


def notify_reinstated(occurrences: list[Occurrence], **_: Any) -> None:
    """Notify each person of the reinstated events of their productions."""
    _notify("events_reinstated", occurrences, lambda row: row, changes.events_reinstated)


def _notify(
    kind: str,
    items: Sequence[Item],
    occurrence_of: Callable[[Item], Occurrence],
    letter: Callable[[Sequence[Item], Reader], Letter],
) -> None:
    productions = {row.production_id for row in map(occurrence_of, items) if row.production_id is not None}
    concerned: dict[User, list[Item]] = defaultdict(list)
    for credit in credited_users(productions) if productions else ():
        user = credit.person.user if credit.person is not None else None
        if user is None or user.pk == current().actor.user_id:
            continue
        for item in items:
            row = occurrence_of(item)
            if row.production_id == credit.production_id and credit.covers(row.date) and item not in concerned[user]:
                concerned[user].append(item)
    # People with the same events get their messages in one write.
    groups: dict[tuple[int, ...], list[User]] = defaultdict(list)
    for user, theirs in concerned.items():
        if theirs:
            groups[tuple(items.index(item) for item in theirs)].append(user)
    for places, users in groups.items():
        put(kind, users, partial(letter, [items[place] for place in places]), about=occurrence_of(items[places[0]]))
