"""The breakdown of a play."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from productions.models import Appearance, Character, Production, Scene
from productions.rules.parts_table import COLUMNS


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Scenes and characters in their order, and the ids of the characters of each scene by scene id."""

    scenes: list[Scene]
    characters: list[Character]
    within: dict[int, list[int]]


def breakdown_of(production: Production) -> Breakdown:
    """Return the breakdown of a production, with three queries whatever its size."""
    scenes = list(Scene.objects.filter(production=production).order_by("order", "pk"))
    characters = list(Character.objects.filter(production=production).order_by("order", "pk"))
    within: dict[int, list[int]] = {scene.pk: [] for scene in scenes}
    pairs = Appearance.objects.filter(scene__production=production).order_by("character__order", "character_id")
    for scene_id, character_id in pairs.values_list("scene_id", "character_id"):
        within[scene_id].append(character_id)
    return Breakdown(scenes, characters, within)


def part_rows(production: Production) -> Iterator[dict[str, Any]]:
    """Return the parts as rows of rules/parts_table.py, whose import updates the same parts."""
    names = [column.name for column in COLUMNS]
    yield from Character.objects.filter(production=production).order_by("order", "pk").values(*names)
