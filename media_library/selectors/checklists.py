"""The checklist line about pictures of a production."""

from __future__ import annotations

from collections.abc import Iterable

from media_library.models import Asset
from productions.rules import life
from productions.rules.checklists import Line, Lines

_LINES = ((life.ANNOUNCED, "picture", "A public picture"), (life.ARCHIVED, "picture", "A public picture"))


def pictures_there(productions: Iterable[int], steps: Iterable[str], required: bool) -> Lines:
    """Whether each production has a public picture, for the steps that recommend it. Answers `checklist_lines`.

    Costs one query; none for other steps, or for `required` lines, of which there are none.
    """
    lines = [line for line in _LINES if line[0] in steps]
    if required or not lines:
        return {}
    ids = list(productions)
    public = Asset.objects.filter(production__in=ids, published_at__isnull=False)
    with_picture = set(public.values_list("production_id", flat=True).distinct())
    return {
        pk: [Line(step, "media_library", code, label, pk in with_picture) for step, code, label in lines] for pk in ids
    }
