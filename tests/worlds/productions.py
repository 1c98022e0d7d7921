"""Seasons' plans, licenses and productions on their way, made by calling services."""

from __future__ import annotations

from typing import Any

from accounts.models import Section, User
from productions.models import License, Production, ProductionStatus, Season, SeasonSlot, Strand
from productions.rules import life
from productions.services.licenses import add_license
from productions.services.life import advance_production
from productions.services.planning import add_slot, create_strand
from tests import world
from tests.worlds import ticketing


def strand(root: Section, *, by: User, **fields: Any) -> Strand:
    named = {"name": f"Strand {world.number()}", **fields}
    made: Strand = create_strand(actor=world.acting(by), organization=root, fields=named)
    return made


def slot(season: Season, *, by: User, **fields: Any) -> SeasonSlot:
    planned = {"idea": f"Idea {world.number()}", **fields}
    made: SeasonSlot = add_slot(actor=world.acting(by), season=season, fields=planned)
    return made


def license_of(production: Production, *, by: User, **fields: Any) -> License:
    said = {"house": "Playwrights' House", "number": f"L{world.number()}", **fields}
    made: License = add_license(actor=world.acting(by), production=production, fields=said)
    return made


def advance(production: Production, *steps: str, by: User) -> Production:
    """`production` after these steps, each taken as somebody would."""
    for step in steps:
        production = advance_production(actor=world.acting(by), production=production, to=ProductionStatus(step))
    return production


def on_sale(season: Season, *, by: User, **fields: Any) -> Production:
    """A public production on sale, with one public performance that has a chart and a price."""
    production = world.production(season, by=by, published=True, **fields)
    ticketing.on_sale(production, by=by, chart=ticketing.chart(by=by))
    return advance(production, life.ON_SALE, by=by)


def closed(season: Season, *, by: User, **fields: Any) -> Production:
    """One that has had its last night."""
    return advance(on_sale(season, by=by, **fields), life.RUNNING, life.CLOSED, by=by)
