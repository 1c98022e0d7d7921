"""Finds people on waiting lists by the keys that their mails carry."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ticketing.models import WaitingListEntry
from ticketing.rules.secrets import digest_of


def entries_by_key(key: str) -> QuerySet[WaitingListEntry]:
    """The entry that a mailed link belongs to, or none: by the key for leaving, or by the token of an offered hold."""
    try:
        found = Q(pk=WaitingListEntry.id_of_leaving_key(key))
    except ValueError:
        found = Q(offer_holder=digest_of(key))
    return WaitingListEntry.objects.filter(found)
