"""What comes along when a production is copied: its scenes and parts."""

from __future__ import annotations

from typing import Any

from productions.models import Appearance, Character, Production, Scene
from theater_site.core.actions import also_needs

SCENES = "scenes"


def bring_scenes(original: Production, copy: Production, parts: list[str], **_: Any) -> None:
    """Where `parts` asks for scenes: scenes, characters and who is in which scene, as they are in the original.
    Refused for those who may not see its parts, or not give the copy any."""
    if SCENES not in parts:
        return
    also_needs(("view_cast", original), ("edit_cast", copy), to="bring the scenes")
    scenes = _copied(Scene, original, copy)
    characters = _copied(Character, original, copy)
    pairs = Appearance.objects.filter(scene__production=original).values_list("scene_id", "character_id")
    Appearance.objects.bulk_create(
        [Appearance(scene=scenes[scene], character=characters[character]) for scene, character in pairs.order_by("pk")]
    )


def _copied(model: type[Scene] | type[Character], original: Production, copy: Production) -> dict[int, Any]:
    """New rows by the id of the old ones."""
    own = {"id", "production", "version", "created_at", "updated_at"}
    names = [field.name for field in model._meta.concrete_fields if field.name not in own]
    old = list(model.objects.filter(production=original).order_by("order", "pk"))
    made = model.objects.bulk_create(
        [model(production=copy, **{name: getattr(row, name) for name in names}) for row in old]
    )
    return {row.pk: new for row, new in zip(old, made, strict=True)}
