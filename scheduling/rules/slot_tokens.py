"""The token of an offered slot: signed, so that it is taken as it was offered, and valid for a day."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.core import signing

from theater_site.core.errors import Conflict, Invalid

_SALT = "scheduling.free_slot"
VALID = dt.timedelta(days=1)


class OfferedSlot(NamedTuple):
    """Where and when, in wall time at the space."""

    space_id: int
    date: str
    start_time: dt.time
    minutes: int
    timezone: str


def token_of(slot: OfferedSlot) -> str:
    """The signed token of a slot."""
    return signing.dumps([*slot[:2], slot.start_time.isoformat(), *slot[3:]], salt=_SALT)


def offered_slot(token: str) -> OfferedSlot:
    """The slot of a token. Raises: Invalid `bad_slot`; Conflict `slot_expired` after a day."""
    try:
        space_id, date, start_time, minutes, zone = signing.loads(token, salt=_SALT, max_age=VALID)
    except signing.SignatureExpired:
        raise Conflict(
            "This slot was offered more than a day ago. Search again.", code="slot_expired", field="slot"
        ) from None
    except (signing.BadSignature, ValueError):
        message = "This is not the token of an offered slot. Take `token` from GET /api/v1/free-slots/."
        raise Invalid(message, code="bad_slot", field="slot") from None
    return OfferedSlot(space_id, date, dt.time.fromisoformat(start_time), minutes, zone)
