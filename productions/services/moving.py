"""A production moves to another season, with all that depends on it."""

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
    season: Annotated[Season, Doc("Id of the season that it is played in from now on. Example: 5")],  # type: ignore[valid-type]
) -> Production:
    """Move a production to another season. The place in the old season's plan that it filled is open again.

    Who holds something on the old season only loses it here, who does on the new one gains it, so moving needs what
    moving the section needs; the preview tells what ends. Refused where it is in that season already.
    """
    if season.pk == production.season_id:
        raise Conflict("It is in this season already.", code="there_already", field="season")
    move_section(actor=current().actor, section=production.section, parent=season.section)
    production.season = season
    production.save()
    open_slot_of(production)
    return production
