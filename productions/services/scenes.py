"""Breaks a play down: its scenes, its parts, and who is in which scene."""

from __future__ import annotations

from typing import Annotated, TypedDict

from productions.models import Appearance, Character, CharacterKind, Production, Scene
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid
from theater_site.core.text import single_spaced

MOST_SONGS, LONGEST_SONG = 50, 200


class SceneFields(TypedDict, total=False):
    """Fields of a scene: absent means unchanged. The summary is Markdown without HTML."""

    number: str
    title: str
    place: str
    pages: str
    songs: list[str]
    summary: str
    order: int


class CharacterFields(TypedDict, total=False):
    """Fields of a part: absent means unchanged, "" means empty."""

    name: str
    kind: CharacterKind
    is_group: bool
    description: str
    doubling: str
    order: int


@action("scene.create", needs=Needs("edit_cast", on="production"), subject="production", submittable=True)
def create_scene(*, production: Production, fields: SceneFields) -> Scene:
    """Create a scene, the last one unless an order is given. Raises: Invalid for a duplicate number or too many songs. Also
    `bad_entry`, `scene_number_taken`.
    """
    scene = Scene(production=production, order=_after(Scene, production))
    _describe_scene(scene, fields)
    return scene


@action("scene.update", needs=Needs("edit_cast", on="scene"), subject="scene", submittable=True)
def update_scene(*, scene: Scene, changes: SceneFields) -> Scene:
    """Update a scene. Same errors as `scene.create`."""
    _describe_scene(scene, changes)
    return scene


@action("scene.delete", needs=Needs("edit_cast", on="scene"), subject="scene", submittable=True)
def delete_scene(*, scene: Scene) -> None:
    """Delete a scene."""
    scene.delete()


@action("scene.reorder", needs=Needs("edit_cast", on="production"), subject="production", submittable=True)
def reorder_scenes(
    *,
    production: Production,
    scenes: Annotated[
        list[int], Doc("The ids of all scenes of the play, each once, in their new order. Example: [7, 5, 6]")
    ],
) -> Production:
    """Put the scenes of a play in a new order. Raises: Invalid for missing, unknown or repeated ids. Also `not_all_scenes`."""
    rows = Scene.objects.select_related("production").in_bulk(
        list(Scene.objects.filter(production=production).values_list("pk", flat=True))
    )
    if sorted(scenes) != sorted(rows):
        missing = sorted(rows.keys() - set(scenes))
        raise Invalid(
            "List every scene of this production once."
            + (f" Missing: {', '.join(map(str, missing))}." if missing else " A scene is listed twice, or is not of this play."),
            code="not_all_scenes",
            field="scenes",
            data={"scenes": sorted(rows)},
        )  # fmt: skip
    for place, pk in enumerate(scenes, 1):
        if rows[pk].order != place:
            rows[pk].order = place
            rows[pk].save()
    return production


@action("scene.set_characters", needs=Needs("edit_cast", on="scene"), subject="scene", submittable=True)
def set_characters(
    *,
    scene: Scene,
    characters: Annotated[list[int], Doc("The ids of all characters that are in the scene. Example: [3, 8]")],
) -> Scene:
    """Set which characters are in a scene. Raises: `character_not_in_play`."""
    wanted = set(characters)
    known = set(Character.objects.filter(production_id=scene.production_id, pk__in=wanted).values_list("pk", flat=True))
    if strange := sorted(wanted - known):
        raise Invalid(
            f"Not in this play: {', '.join(map(str, strange))}. Add the character to the production first.",
            code="character_not_in_play",
            field="characters",
            data={"characters": strange},
        )
    there = Appearance.objects.filter(scene=scene)
    there.exclude(character__in=wanted).delete()
    new = wanted - set(there.values_list("character_id", flat=True))
    Appearance.objects.bulk_create([Appearance(scene=scene, character_id=pk) for pk in sorted(new)])
    return scene


@action("character.create", needs=Needs("edit_cast", on="production"), subject="production", submittable=True)
def create_character(*, production: Production, fields: CharacterFields) -> Character:
    """Create a part of the play, the last one unless an order is given. Raises: Invalid for a missing or duplicate name.
    Also `character_exists`.
    """
    character = Character(production=production, order=_after(Character, production))
    _describe_character(character, fields)
    return character


@action("character.update", needs=Needs("edit_cast", on="character"), subject="character", submittable=True)
def update_character(*, character: Character, changes: CharacterFields) -> Character:
    """Update a part. Same errors as `character.create`."""
    _describe_character(character, changes)
    return character


@action("character.delete", needs=Needs("edit_cast", on="character"), subject="character", submittable=True)
def delete_character(*, character: Character) -> None:
    """Delete a part, also from every scene. Raises: Conflict if it has credits."""
    character.delete()


def _after(model: type[Scene] | type[Character], production: Production) -> int:
    last = model.objects.filter(production=production).order_by("-order").values_list("order", flat=True).first()
    return (last or 0) + 1


def _describe_scene(scene: Scene, fields: SceneFields) -> None:
    for name, value in fields.items():
        if name == "songs":
            value = _songs(fields["songs"])
        elif isinstance(value, str) and name != "summary":
            value = single_spaced(value)
        setattr(scene, name, value)
    scene.save()


def _songs(songs: list[str]) -> list[str]:
    tidy = [" ".join(song.split()) for song in songs]
    if len(tidy) > MOST_SONGS or any(not 0 < len(song) <= LONGEST_SONG for song in tidy):
        raise Invalid(
            f"Give at most {MOST_SONGS} songs of 1 to {LONGEST_SONG} characters.", code="bad_entry", field="songs"
        )
    return tidy


def _describe_character(character: Character, fields: CharacterFields) -> None:
    for name, value in fields.items():
        setattr(character, name, " ".join(value.split()) if isinstance(value, str) else value)
    character.save()
