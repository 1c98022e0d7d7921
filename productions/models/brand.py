"""Brand guidelines: rules for texts and pictures that a judge checks."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import Section
from theater_site.core.models import ContentModel


class BrandKit(ContentModel):
    """The brand guidelines of the organization (on its section "Brand"), or of one section and its subsections.

    Lengths count characters as typed; None means no limit. The nearest kit at or above a section applies alone.
    """

    view_permission: ClassVar[str] = "view_brand"

    section = models.OneToOneField(Section, on_delete=models.PROTECT, related_name="+")
    title_max_length = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The most characters that a title may have; null means no limit. Example: 80"
    )
    subtitle_max_length = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="The most characters that a subtitle may have; null means no limit. Example: 120",
    )
    short_synopsis_min_length = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The fewest characters of a short synopsis; null means no limit. Example: 80"
    )
    short_synopsis_max_length = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The most characters of a short synopsis; null means no limit. Example: 300"
    )
    synopsis_min_length = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The fewest characters of a synopsis; null means no limit. Example: 300"
    )
    synopsis_max_length = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The most characters of a synopsis; null means no limit. Example: 3000"
    )
    forbidden_words = models.JSONField(
        blank=True,
        default=list,
        help_text="Words and phrases that no text may use, found as whole words whatever their case and "
        'accents. Example: ["amateur"]',
    )
    required_fields = models.JSONField(
        blank=True,
        default=list,
        help_text='The fields that a production must have before it is published. Example: ["age_guidance"]',
    )
    required_credits = models.JSONField(
        blank=True,
        default=list,
        help_text='The roles that must be credited before a production is published. Example: ["Director"]',
    )
    picture_shapes = models.JSONField(
        blank=True,
        default=list,
        help_text="The shapes that a picture may have, width to height; an empty list allows all. Example: "
        '["16:9", "1:1"]',
    )
    picture_tolerance_percent = models.PositiveSmallIntegerField(
        default=2,
        validators=[MaxValueValidator(50)],
        help_text="How far a picture may be from one of the shapes, in percent, at most 50. Example: 2",
    )
    picture_min_width = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(16_383)],
        help_text="The fewest pixels that a picture must be wide; null means no limit. Example: 1200",
    )
    # Rules whose findings are warnings, which can be waived with a reason. The findings of all others are errors.
    only_warn = models.JSONField(
        blank=True,
        default=list,
        help_text="The rules whose findings are warnings, which a waiver can accept; all others are errors. "
        'Example: ["title_too_long"]',
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="brand_short_synopsis_in_order",
                condition=Q(short_synopsis_min_length=None)
                | Q(short_synopsis_max_length=None)
                | Q(short_synopsis_min_length__lte=F("short_synopsis_max_length")),
                violation_error_message="The shortest short synopsis is longer than the longest.",
            ),
            models.CheckConstraint(
                name="brand_synopsis_in_order",
                condition=Q(synopsis_min_length=None)
                | Q(synopsis_max_length=None)
                | Q(synopsis_min_length__lte=F("synopsis_max_length")),
                violation_error_message="The shortest synopsis is longer than the longest.",
            ),
        ]

    def __str__(self) -> str:
        return f"brand of {self.section_id}"
