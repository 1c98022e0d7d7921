"""Finds waiting-list entries by the keys in mailed links."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ticketing.models import WaitingListEntry
from ticketing.rules.secrets import digest_of


def entries_by_key(key: str) -> QuerySet[WaitingListEntry]:
    """The entry with this key, at most one: a leaving key, or the token of an offered hold."""
    try:
        condition = Q(pk=WaitingListEntry.id_of_leaving_key(key))
    except ValueError:
        condition = Q(offer_holder=digest_of(key))
    return WaitingListEntry.objects.filter(condition)
