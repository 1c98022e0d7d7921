"""Which uploads nobody needs any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.approvals.rules.submission_states import OPEN, WRITABLE
from accounts.models import Submission
from media_library.models import StagedFile
from theater_site.core.actions import registered
from theater_site.core.inputs import without_none

KEPT = timedelta(days=1)


def forgotten(at_most: int) -> QuerySet[StagedFile]:
    """Files that were uploaded more than a day ago and that no asset took (or whose asset is deleted), oldest first.

    One that a submission names is not forgotten, for as long as it can be written or applied: a draft taken up weeks later,
    or approved days later, must find the picture.
    """
    unowned = StagedFile.objects.filter(asset=None, created_at__lt=timezone.now() - KEPT)
    return unowned.exclude(pk__in=_named_by_submissions()).order_by("created_at", "pk")[:at_most]


def _named_by_submissions() -> set[int]:
    takers = {
        name: [argument for argument, kind in taker.kinds.items() if without_none(kind)[0] is StagedFile]
        for name, taker in registered().items()
    }
    items: Any = Submission.objects.filter(state__in=OPEN | WRITABLE).values_list("items", flat=True)
    named = {
        str(item["inputs"].get(argument))
        for written in items
        for item in written
        for argument in takers.get(item["action"], ())
    }
    # A draft says what it likes; only an id is one.
    return {int(pk) for pk in named if pk.isascii() and pk.isdecimal() and len(pk) < 19}
