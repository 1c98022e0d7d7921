"""Which uploads nobody needs any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Submission, SubmissionState
from media_library.models import StagedFile
from theater_site.core.actions import registered
from theater_site.core.inputs import without_none

KEPT = timedelta(days=1)


def forgotten(at_most: int) -> QuerySet[StagedFile]:
    """Files that were uploaded more than a day ago and that no asset took (or whose asset is deleted), oldest first.

    One that an open submission names is not forgotten: approving it days later must find the picture.
    """
    unowned = StagedFile.objects.filter(asset=None, created_at__lt=timezone.now() - KEPT)
    return unowned.exclude(pk__in=_named_by_submissions()).order_by("created_at", "pk")[:at_most]


def _named_by_submissions() -> set[int]:
    takers = {
        name: [argument for argument, kind in taker.kinds.items() if without_none(kind)[0] is StagedFile]
        for name, taker in registered().items()
    }
    items: Any = Submission.objects.filter(state=SubmissionState.SUBMITTED).values_list("items", flat=True)
    return {
        int(item["inputs"][argument])
        for submitted in items
        for item in submitted
        for argument in takers.get(item["action"], ())
        if item["inputs"].get(argument) is not None
    }
