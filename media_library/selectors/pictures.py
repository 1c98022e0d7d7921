"""Where pictures can be looked at by everybody."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.urls import reverse

from media_library.models import Asset, StagedFile


def urls_of_public_pictures(object_type: str, ids: Collection[Any]) -> dict[Any, str]:
    """The addresses of those pictures, or files of pictures, among `ids` that are public. Answers accounts' question."""
    by = {Asset._meta.label_lower: "pk", StagedFile._meta.label_lower: "file_id"}.get(object_type)
    if by is None:
        return {}
    public = Asset.objects.filter(published_at__isnull=False, **{f"{by}__in": ids})
    return {key: reverse("asset-file", args=[pk]) for key, pk in public.values_list(by, "pk")}
