"""The parts of a play: its scenes, its characters, and which character is in which scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.db import models
from django.db.models import Q

from productions.models.productions import Production
from theater_site.core.fields import MarkdownField
from theater_site.core.guards import Guard, Refuse
from theater_site.core.models import ContentModel


def _stays_in_its_play(noun: str) -> Refuse:
    """Refuse a move to another production, since appearances require scene and character of the same play."""
    return Refuse(
        name=f"{noun}_stays_in_its_play",
        message=f"A {noun} stays in its play. Create another one in the other production.",
        when="NEW.production_id <> OLD.production_id",
        events=("UPDATE",),
    )


class Scene(ContentModel):
    """A scene, or a number of a musical, in the order of the play.

    Scenes with an equal `order` are ordered by creation. `number` is the number in the script ("II.3"), unique within a
    production; `pages` and `summary` are for those who work on it.
    """

    section_lookup: ClassVar[str] = "production__section_id"
    view_permission: ClassVar[str] = "view_cast"
    public_when: ClassVar[Q | None] = Q(production__published_at__isnull=False)

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="scenes", db_index=False)
    order = models.PositiveIntegerField(default=0, help_text="Its place in the play, the lowest first. Example: 4")
    number = models.CharField(
        max_length=30,
        blank=True,
        default="",
        help_text="Its number as the script has it; each once a play. Example: 2.3",
    )
    title = models.CharField(
        max_length=300, blank=True, default="", help_text="What the script calls it; may be empty. Example: The letter"
    )
    place = models.CharField(
        max_length=300, blank=True, default="", help_text="Where it plays. Example: A garden by the lake"
    )
    pages = models.CharField(max_length=60, blank=True, default="", help_text="Its pages in the script. Example: 34-41")
    songs = models.JSONField(
        blank=True, default=list, help_text='The songs in it, in their order, at most 50. Example: ["Mack the Knife"]'
    )
    summary = MarkdownField(
        blank=True, default="", max_length=5_000, help_text="What happens, for those who work on the play; Markdown."
    )

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["production", "order", "id"], name="scene_by_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["production", "number"],
                condition=~Q(number=""),
                name="scene_number_once",
                violation_error_code="scene_number_taken",
                violation_error_message="This production has a scene of this number already.",
            )
        ]

    guards: ClassVar[Sequence[Guard]] = (_stays_in_its_play("scene"),)

    def __str__(self) -> str:
        return " ".join(part for part in (self.number, self.title) if part) or f"scene {self.order}"


class CharacterKind(models.TextChoices):
    """The size of a part."""

    PRINCIPAL = "principal", "principal"
    SUPPORTING = "supporting", "supporting"
    FEATURED = "featured", "featured"
    ENSEMBLE = "ensemble", "ensemble"
    OFFSTAGE = "offstage", "offstage or voice"


class Character(ContentModel):
    """A part of a play, independent of its holders. `is_group`: several people play it together, as the pirates do.

    Listed by `order`. `doubling` names the parts that can share a performer with it, for those who work on it.
    """

    section_lookup: ClassVar[str] = "production__section_id"
    view_permission: ClassVar[str] = "view_cast"
    public_when: ClassVar[Q | None] = Q(production__published_at__isnull=False)

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="characters", db_index=False)
    order = models.PositiveIntegerField(
        default=0, help_text="Its place in the list of parts, the lowest first. Example: 1"
    )
    name = models.CharField(max_length=300, help_text="What the script calls the part; each once a play. Example: Nina")
    kind = models.CharField(
        max_length=10,
        choices=CharacterKind.choices,
        default=CharacterKind.PRINCIPAL,
        help_text="What size the part is. Example: principal",
    )
    is_group = models.BooleanField(
        default=False, help_text='True where several play it together. Example: true for "Villagers"'
    )
    description = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="Who it is, as programs may print it. Example: A young actress",
    )
    doubling = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="Which other parts the same player could take, for those who cast it. Example: Also the Doctor",
    )

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["production", "order", "id"], name="character_by_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["production", "name"],
                name="character_once",
                violation_error_code="character_exists",
                violation_error_message="This production has a character of this name already.",
            )
        ]

    guards: ClassVar[Sequence[Guard]] = (_stays_in_its_play("character"),)

    def __str__(self) -> str:
        return self.name


class Appearance(ContentModel):
    """A character is in a scene; the database ensures that both are of one play."""

    section_lookup: ClassVar[str] = "scene__production__section_id"
    view_permission: ClassVar[str] = "view_cast"
    public_when: ClassVar[Q | None] = Q(scene__production__published_at__isnull=False)

    scene = models.ForeignKey(Scene, on_delete=models.CASCADE, related_name="appearances", db_index=False)
    character = models.ForeignKey(Character, on_delete=models.CASCADE, related_name="appearances")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["scene", "character"],
                name="appearance_once",
                violation_error_code="appears_already",
                violation_error_message="This character is in this scene already.",
            )
        ]

    guards: ClassVar[Sequence[Guard]] = (
        Refuse(
            name="character_not_in_play",
            message="This character is not in the play that the scene is of.",
            when=(
                "(SELECT production_id FROM productions_scene WHERE id = NEW.scene_id) <> "
                "(SELECT production_id FROM productions_character WHERE id = NEW.character_id)"
            ),
        ),
    )

    def __str__(self) -> str:
        return f"{self.character_id} in {self.scene_id}"
