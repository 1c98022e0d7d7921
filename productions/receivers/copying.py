"""Copies the scenes and parts of a production into its copy."""

from __future__ import annotations

from typing import Any

from productions.models import Appearance, Character, Production, Scene
from theater_site.core.actions import also_needs

SCENES = "scenes"


def bring_scenes(original: Production, copy: Production, parts: list[str], **_: Any) -> None:
    """If `parts` asks for scenes: copy scenes, characters and appearances. Raises: NotAllowed without `view_cast` on the
    original or `edit_cast` on the copy."""
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
    """Create copies of the rows; returns them by the id of the originals."""
    own = {"id", "production", "version", "created_at", "updated_at"}
    names = [field.name for field in model._meta.concrete_fields if field.name not in own]
    old = list(model.objects.filter(production=original).order_by("order", "pk"))
    made = model.objects.bulk_create(
        [model(production=copy, **{name: getattr(row, name) for name in names}) for row in old]
    )
    return {row.pk: new for row, new in zip(old, made, strict=True)}
