"""Copies a production into a new season, to revive it."""

from __future__ import annotations

import copy as copies
from enum import Enum
from typing import Annotated, Any, cast

from productions.models import Production, Season
from productions.services.productions import NewProductionFields, create_production
from productions.signals import production_copied
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc


class CopyPart(str, Enum):
    """What a copy includes. Never a license: it is granted for a period."""

    TEXTS = "texts"
    WORK = "work"
    FACTS = "facts"
    ACCESSIBILITY = "accessibility"
    COMPANY = "company"
    PRESS = "press"
    SCENES = "scenes"
    CREDITS = "credits"
    RUNS = "runs"


# The fields of each part. Parts without fields are copied by the receivers of `production_copied`.
FIELDS: dict[CopyPart, tuple[str, ...]] = {
    CopyPart.TEXTS: ("short_synopsis", "synopsis", "content_advisories"),
    CopyPart.WORK: ("authors", "adaptors", "translators", "composers", "lyricists", "choreographers"),
    CopyPart.FACTS: ("genre", "language", "age_guidance", "running_minutes", "intermissions"),
    CopyPart.ACCESSIBILITY: ("accessibility",),
    CopyPart.COMPANY: ("company", "partners", "strands"),
    CopyPart.PRESS: ("quotes", "awards", "links"),
    CopyPart.SCENES: (),
    CopyPart.CREDITS: (),
    CopyPart.RUNS: (),
}


@action(
    "production.copy",
    needs=(Needs("view_details", on="production"), Needs("edit_details", on="season")),
    subject="production",
)
def copy_production(
    *,
    production: Production,
    season: Annotated[Season, Doc("Id of the season of the new production. Example: 5")],  # type: ignore[valid-type]
    title: Annotated[
        str | None, Doc("The title of the new production; null uses the original's. Example: The Seagull")
    ],
    parts: Annotated[list[CopyPart], Doc('What the copy includes. Example: ["texts", "work", "scenes"]')],
) -> Production:
    """Copy a production into a season, as a new and planned one. The original stays as it is.

    Same errors as `production.create`.
    """
    names = ["subtitle", *(name for part in CopyPart if part in parts for name in FIELDS[part])]
    fields: dict[str, Any] = {name: copies.deepcopy(getattr(production, name)) for name in names}
    fields["title"] = title or production.title
    made: Production = create_production.as_consequence(season=season, fields=cast(NewProductionFields, fields))
    production_copied.announce(original=production, copy=made, parts=sorted({CopyPart(part).value for part in parts}))
    return made
