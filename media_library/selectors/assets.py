"""Tags and depicted people of pictures, in a constant number of queries; filters of pictures."""

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

# The columns of a picture in a list.
COLUMNS = (
    "id", "production_id", "kind", "title", "alt_text", "credit_line", "mime_type", "byte_size", "width", "height",
    "frames",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labels:
    """By id of the picture: the names of its tags, and the depicted people as (id, name)."""

    tags: dict[int, list[str]]
    people: dict[int, list[tuple[int, str]]]


def labels_of(assets: Sequence[int], actor: Actor) -> Labels:
    """The tags of these pictures, and the depicted people whom `actor` may see. Two queries.

    Permissions on a picture do not include the directory, so each person must be visible. Plain values instead of rows:
    rows would take most of the time of a list of pictures.
    """
    tags: dict[int, list[str]] = defaultdict(list)
    asset_tags = AssetTag.objects.filter(asset__in=assets).order_by("tag__name", "pk")
    for asset, name in asset_tags.values_list("asset_id", "tag__name"):
        tags[asset].append(name)
    people: dict[int, list[tuple[int, str]]] = defaultdict(list)
    depictions = Depiction.objects.filter(asset__in=assets, person__in=Person.objects.visible_to(actor))
    for asset, person, name in depictions.order_by("person__sort_key", "pk").values_list(
        "asset_id", "person_id", "person__name"
    ):
        people[asset].append((person, name))
    return Labels(tags, people)


def with_tag(assets: Any, tag: str) -> Any:
    """Those of `assets` that have `tag`, ignoring letter case and accents."""
    return assets.filter(Exists(AssetTag.objects.filter(asset=OuterRef("pk"), tag__folded=fold(tag))))


def depicting(assets: Any, person_id: int, actor: Actor) -> Any:
    """Those of `assets` that depict the person; none if `actor` may not see the person."""
    depictions = Depiction.objects.filter(
        asset=OuterRef("pk"), person_id=person_id, person__in=Person.objects.visible_to(actor)
    )
    return assets.filter(Exists(depictions))
