"""Moves calls and unavailabilities when two people of the directory are merged."""

from __future__ import annotations

from typing import Any

from directory.services.moves import Moves
from scheduling.models import Call, Unavailability

_SAME = ("kind", "first_date", "last_date", "weekdays", "start_time", "end_time", "timezone", "reason")


def move_calls(moves: Moves, **_: Any) -> None:
    """Move the duplicate's calls and unavailabilities. Who was called twice to one event is called once."""
    moves.take_over(Call, same=("occurrence_id",))
    moves.take_over(Unavailability, same=_SAME)


def return_calls(moves: Moves, **_: Any) -> None:
    """Return what `move_calls` moved."""
    moves.give_back(Call)
    moves.give_back(Unavailability)
