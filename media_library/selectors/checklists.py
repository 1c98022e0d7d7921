"""Which pictures a production should have."""

from __future__ import annotations

from collections.abc import Iterable

from media_library.models import Asset
from productions.rules import life
from productions.rules.checklists import Line, Lines

_LINES = ((life.ANNOUNCED, "picture", "A public picture"), (life.ARCHIVED, "picture", "A public picture"))


def pictures_there(productions: Iterable[int], steps: Iterable[str], required: bool) -> Lines:
    """Checklist: a public picture. One query, and none before other steps."""
    asked = [line for line in _LINES if line[0] in steps]
    if required or not asked:  # none of them is
        return {}
    ids = list(productions)
    public = Asset.objects.filter(production__in=ids, published_at__isnull=False)
    shown = set(public.values_list("production_id", flat=True).distinct())
    return {pk: [Line(step, "media_library", code, label, pk in shown) for step, code, label in asked] for pk in ids}
