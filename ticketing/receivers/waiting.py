"""Seats that became free are offered to the waiting list."""

from __future__ import annotations

from typing import Any

from ticketing.services.waiting_list import offer_seats


def offer_freed(performance_ids: list[int], **_: Any) -> None:
    """Offer them in the transaction that freed them, so that nobody else gets them first."""
    offer_seats(performance_ids)
