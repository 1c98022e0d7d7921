"""Creates and updates brand guidelines."""

from __future__ import annotations

from typing import Annotated, TypedDict

from accounts.models import Section
from productions.models import BrandKit
from productions.rules.brand import REQUIRABLE, RULES, ratio_of
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid

MOST_ENTRIES, LONGEST_ENTRY = 200, 100


class BrandFields(TypedDict, total=False):
    """Fields of brand guidelines. An absent key leaves the value unchanged; null sets no limit, an empty list no rule."""

    title_max_length: int | None
    subtitle_max_length: int | None
    short_synopsis_min_length: int | None
    short_synopsis_max_length: int | None
    synopsis_min_length: int | None
    synopsis_max_length: int | None
    forbidden_words: list[str]
    required_fields: Annotated[
        list[str],
        Doc(
            "The fields that a production must have before it is published. "
            'Example: ["age_guidance", "content_advisories"]',
            lambda: REQUIRABLE,
        ),
    ]
    required_credits: list[str]
    picture_shapes: list[str]
    picture_tolerance_percent: int
    picture_min_width: int | None
    only_warn: Annotated[
        list[str],
        Doc(
            "The rules whose findings are warnings, which a waiver can accept; all others are errors. "
            'Example: ["title_too_long"]',
            lambda: RULES,
        ),
    ]


_LISTS = ("forbidden_words", "required_fields", "required_credits", "picture_shapes", "only_warn")


@action("brand.create", needs=Needs("edit_brand", on="section"), submittable=True)
def create_brand_kit(*, section: Section, fields: BrandFields) -> BrandKit:
    """Create brand guidelines for a section and all below it.

    They apply to later changes only. Raises: the unique constraint if the section has guidelines; `invalid_choice` for an
    unknown field or rule; `bad_shape`; a minimum above its maximum. Also `bad_entry`, `brand_synopsis_in_order`,
    `section_taken`.
    """
    kit = BrandKit(section=section)
    _describe(kit, fields)
    return kit


@action("brand.update", needs=Needs("edit_brand", on="kit"), subject="kit", submittable=True)
def update_brand_kit(*, kit: BrandKit, changes: BrandFields) -> BrandKit:
    """Update brand guidelines, for later changes. Same errors as `brand.create`."""
    _describe(kit, changes)
    return kit


def _describe(kit: BrandKit, fields: BrandFields) -> None:
    for name, value in fields.items():
        setattr(kit, name, value)
    for name in _LISTS:
        setattr(kit, name, _entries(getattr(kit, name), name))
    _among(kit.required_fields, REQUIRABLE, "required_fields")
    _among(kit.only_warn, RULES, "only_warn")
    for shape in kit.picture_shapes:
        try:
            ratio_of(shape)
        except Invalid as error:
            raise Invalid(error.message, code=error.code, field="picture_shapes") from error
    kit.save()


def _entries(given: object, field: str) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(entry, str) for entry in given):
        raise Invalid("This value must be a list of texts.", code="not_a_list", field=field)
    entries = list(dict.fromkeys(" ".join(entry.split()) for entry in given))
    if len(entries) > MOST_ENTRIES or any(not 0 < len(entry) <= LONGEST_ENTRY or "\x00" in entry for entry in entries):
        raise Invalid(
            f"Give at most {MOST_ENTRIES} texts of 1 to {LONGEST_ENTRY} characters.", code="bad_entry", field=field
        )
    return entries


def _among(entries: list[str], known: tuple[str, ...], field: str) -> None:
    if strange := [entry for entry in entries if entry not in known]:
        raise Invalid(f"{strange[0]!r} is not one of: {', '.join(known)}.", code="invalid_choice", field=field)
