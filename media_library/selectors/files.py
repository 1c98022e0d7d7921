"""Uploaded files that are not used."""

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


def unused(limit: int) -> QuerySet[StagedFile]:
    """At most `limit` files that were uploaded more than a day ago and have no asset, oldest first.

    Files in drafts and open submissions are left out: a submission that is approved weeks later needs its picture.
    """
    without_asset = StagedFile.objects.filter(asset=None, created_at__lt=timezone.now() - KEPT)
    return without_asset.exclude(pk__in=_ids_in_submissions()).order_by("created_at", "pk")[:limit]


def _ids_in_submissions() -> set[int]:
    file_arguments = {
        name: [argument for argument, kind in action.kinds.items() if without_none(kind)[0] is StagedFile]
        for name, action in registered().items()
    }
    submissions: Any = Submission.objects.filter(state__in=OPEN | WRITABLE).values_list("items", flat=True)
    values = {
        str(item["inputs"].get(argument))
        for items in submissions
        for item in items
        for argument in file_arguments.get(item["action"], ())
    }
    # The inputs of a draft are not validated.
    return {int(value) for value in values if value.isascii() and value.isdecimal() and len(value) < 19}
