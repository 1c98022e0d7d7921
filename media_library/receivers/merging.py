"""Moves depictions when two people of the directory are merged."""

from __future__ import annotations

from typing import Any

from directory.services.moves import Moves
from media_library.models import Depiction


def move_depictions(moves: Moves, **_: Any) -> None:
    """Move the duplicate's depictions. A picture that shows both shows the survivor once."""
    moves.take_over(Depiction, same=("asset_id",))


def return_depictions(moves: Moves, **_: Any) -> None:
    """Return what `move_depictions` moved."""
    moves.give_back(Depiction)
