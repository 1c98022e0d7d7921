"""Moves a production to another season, with its section and rows."""

from __future__ import annotations

from typing import Annotated

from accounts.permissions.services.delegation import one_at_a_time
from accounts.permissions.services.moving import move_section
from productions.models import Production, Season
from productions.services.planning import open_slot_of
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict


@action(
    "production.move_season",
    needs=(
        Needs("edit_details", on="production"),
        Needs("edit_details", on="production.season"),
        Needs("edit_details", on="season"),
    ),
    subject="production",
    lock=one_at_a_time,
)
def move_production(
    *,
    production: Production,
    season: Annotated[Season, Doc("Id of the new season. Example: 5")],  # type: ignore[valid-type]
) -> Production:
    """Move a production to another season. Its slot in the old season's plan is open again.

    Users with grants on the old season only lose access to the production, those with grants on the new season gain it;
    so it needs the permissions of moving the section. The preview lists the ending grants. Raises: `there_already`.
    """
    if season.pk == production.season_id:
        raise Conflict("It is in this season already.", code="there_already", field="season")
    move_section(actor=current().actor, section=production.section, parent=season.section)
    production.season = season
    production.save()
    open_slot_of(production)
    return production
