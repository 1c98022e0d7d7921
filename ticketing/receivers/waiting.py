"""Offers freed seats to the waiting list."""

from __future__ import annotations

from typing import Any

from ticketing.services.waiting_list import offer_seats


def offer_freed(performance_ids: list[int], **_: Any) -> None:
    """Offer the seats in the transaction that freed them, so that nobody else can buy them first."""
    offer_seats(performance_ids)
