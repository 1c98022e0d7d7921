"""The addresses of public pictures."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.urls import reverse

from media_library.models import Asset, StagedFile


def urls_of_public_pictures(object_type: str, ids: Collection[Any]) -> dict[Any, str]:
    """The address of each public picture among `ids`, which are ids of assets or of files. Answers `picture_urls`."""
    column = {Asset._meta.label_lower: "pk", StagedFile._meta.label_lower: "file_id"}.get(object_type)
    if column is None:
        return {}
    public = Asset.objects.filter(published_at__isnull=False, **{f"{column}__in": ids})
    return {key: reverse("asset-file", args=[pk]) for key, pk in public.values_list(column, "pk")}
