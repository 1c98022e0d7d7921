"""Pictures with what depends on them, in a number of queries that does not grow with the pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from directory.models import Person
from media_library.models import AssetTag, Depiction
from theater_site.core.actors import Actor
from theater_site.core.text import fold

# What a list reports a picture by itself.
COLUMNS = (
    "id", "production_id", "kind", "title", "alt_text", "credit_line", "mime_type", "byte_size", "width", "height",
    "frames",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labels:
    """What depends on pictures, by picture: the names of their tags, and those depicted as (id, name)."""

    tags: dict[int, list[str]]
    people: dict[int, list[tuple[int, str]]]


def labels_of(assets: Sequence[int], actor: Actor) -> Labels:
    """The tags of these pictures, and those depicted whom `actor` may see: two queries for all of them together.

    Anybody who may see a picture's draft need not know of every person in the directory, so the person decides here. Plain
    values and no rows, which would cost a list of pictures most of its time.
    """
    tags: dict[int, list[str]] = defaultdict(list)
    placed = AssetTag.objects.filter(asset__in=assets).order_by("tag__name", "pk")
    for asset, name in placed.values_list("asset_id", "tag__name"):
        tags[asset].append(name)
    people: dict[int, list[tuple[int, str]]] = defaultdict(list)
    seen = Depiction.objects.filter(asset__in=assets, person__in=Person.objects.visible_to(actor))
    for asset, person, name in seen.order_by("person__sort_key", "pk").values_list(
        "asset_id", "person_id", "person__name"
    ):
        people[asset].append((person, name))
    return Labels(tags, people)


def bearing(assets: Any, tag: str) -> Any:
    """Those of `assets` that bear `tag`, whatever its case and accents."""
    return assets.filter(Exists(AssetTag.objects.filter(asset=OuterRef("pk"), tag__folded=fold(tag))))


def depicting(assets: Any, person_id: int, actor: Actor) -> Any:
    """Those of `assets` on which that person is seen; none if `actor` may not see the person."""
    seen = Depiction.objects.filter(
        asset=OuterRef("pk"), person_id=person_id, person__in=Person.objects.visible_to(actor)
    )
    return assets.filter(Exists(seen))
