"""Scenes of what is planned, licensed, and goes through its life."""

from __future__ import annotations

from typing import Any

from productions.models import License, Production, ProductionStatus, SeasonSlot, Strand
from productions.services.life import cancel_production
from productions.services.seasons import SeasonPart, update_season
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read
from tests.worlds import productions, scheduling


def _closed(t: Theater) -> Production:
    return productions.closed(t.season, by=t.director)


def _canceled(t: Theater) -> Production:
    made: Production = cancel_production(
        actor=t.acting(), production=t.production, reason="Money ran out.", waive={"tickets_sold": "Law."}
    )
    return made


def _idea(t: Theater) -> Production:
    return world.production(t.season, by=t.director, status="idea")


def _strand(t: Theater) -> Strand:
    """Of a public season, so that everybody sees it."""
    strand = productions.strand(t.root, by=t.director)
    links = [link.strand for link in t.season.strand_links.select_related("strand")]
    update_season(actor=t.acting(), season=t.season, changes={"strands": [*links, strand]})
    return strand


def _slot(t: Theater, **fields: Any) -> SeasonSlot:
    return productions.slot(t.season, by=t.director, **fields)


def _fill(t: Theater) -> dict[str, Any]:
    return {"slot": _slot(t), "production": t.production}


def _filling(t: Theater) -> Call:
    given = _fill(t)
    return Call({"pk": given["slot"].pk}, {"production": given["production"].pk})


def _license(t: Theater, **fields: Any) -> License:
    return productions.license_of(t.production, by=t.director, **fields)


def _patch(row: Any, body: Any, **options: Any) -> Call:
    return Call({"pk": row.pk}, body, version=row.version, **options)


ACTIONS = {
    "season.unpublish": lambda t: Scene({"season": t.season}),
    "season.hand_over": lambda t: Scene(
        {"season": _slot(t).season, "fields": {"name": "Following"}, "parts": list(SeasonPart)}
    ),
    "strand.create": lambda t: Scene({"organization": t.root, "fields": {"name": "New writing"}}),
    "strand.update": lambda t: Scene({"strand": _strand(t), "changes": {"kind": "series"}}),
    "slot.add": lambda t: Scene({"season": t.season, "fields": {"idea": "A musical", "starts_on": "2027-03"}}),
    "slot.update": lambda t: Scene({"slot": _slot(t), "changes": {"status": "penciled"}}),
    "slot.fill": lambda t: Scene(_fill(t)),
    "slot.remove": lambda t: Scene({"slot": _slot(t)}),
    "license.add": lambda t: Scene({"production": t.production, "fields": {"house": "Playwrights' House"}}),
    "license.update": lambda t: Scene({"license": _license(t), "changes": {"ends_on": "2033"}}),
    "license.remove": lambda t: Scene({"license": _license(t)}),
    "production.advance": lambda t: Scene({"production": _idea(t), "to": ProductionStatus.PLANNED}),
    "production.archive": lambda t: Scene({"production": _closed(t)}),
    "production.cancel": lambda t: Scene({"production": t.production, "reason": "Money ran out."}),
    "production.reinstate": lambda t: Scene({"production": _canceled(t)}),
    "production.copy": lambda t: Scene(
        {"production": t.production, "season": t.draft_season, "title": None, "parts": []}
    ),
    "production.import_table": lambda t: Scene(
        {"organization": t.root, "rows": [{"line": 2, "season": t.season.slug, "title": "From a table"}]}
    ),
}

ROUTES = {
    "POST season-unpublish": lambda t: Call({"pk": t.season.pk}, {}),
    "POST season-hand-over": lambda t: Call(
        {"pk": _slot(t).season_id}, {"name": "Following", "parts": ["strands", "open_slots"]}
    ),
    "GET strand-list": lambda t: open_read(),
    "POST strand-list": lambda t: Call(body={"name": "New writing"}, status=201),
    "GET strand-detail": lambda t: open_read(kwargs={"pk": _strand(t).pk}),
    "PATCH strand-detail": lambda t: _patch(_strand(t), {"kind": "series"}),
    "GET slot-list": lambda t: open_read(),
    "POST slot-list": lambda t: Call(body={"season": t.season.pk, "idea": "A musical"}, status=201),
    "GET slot-detail": lambda t: Call({"pk": _slot(t).pk}),
    "PATCH slot-detail": lambda t: _patch(_slot(t), {"status": "penciled"}),
    "DELETE slot-detail": lambda t: _patch(_slot(t), None, status=204),
    "POST slot-fill": _filling,
    "GET license-list": lambda t: open_read(),
    "POST license-list": lambda t: Call(body={"production": t.production.pk, "house": "The House"}, status=201),
    "GET license-detail": lambda t: Call({"pk": _license(t).pk}),
    "PATCH license-detail": lambda t: _patch(_license(t), {"ends_on": "2033"}),
    "DELETE license-detail": lambda t: _patch(_license(t), None, status=204),
    "POST production-advance": lambda t: Call({"pk": _idea(t).pk}, {"to": "planned"}),
    "POST production-archive": lambda t: Call({"pk": _closed(t).pk}, {}),
    "POST production-cancel": lambda t: Call({"pk": t.production.pk}, {"reason": "Money ran out."}),
    "POST production-reinstate": lambda t: Call({"pk": _canceled(t).pk}, {}),
    "POST production-copy": lambda t: Call({"pk": t.production.pk}, {"season": t.season.pk, "parts": ["texts"]}),
    "GET production-by-slug": lambda t: open_read(kwargs={"slug": t.production.slug}),
    "GET production-checklist": lambda t: Call({"pk": t.production.pk}),
    "GET production-on-this-day": lambda t: open_read(query="?month=11&day=25"),
    "GET production-most-played-list": lambda t: open_read(),
    "POST production-import": lambda t: Call(
        body=f"season,title\n{t.season.slug},From a table\n".encode(), content_type="text/csv"
    ),
    "GET production-export": lambda t: Call(stranger={200}, public={401}),
}


def _played(t: Theater) -> None:
    production = world.production(t.season, by=t.director, published=True)
    scheduling.occurrence(production, by=t.director, published=True, category="performance", date="2001-11-20")


ANOTHER = {
    "strand-list": _strand,
    "slot-list": _slot,
    "license-list": _license,
    "production-most-played-list": _played,
}

DRAFTS = {
    "slot": lambda t: _slot(t, idea="A musical nobody knows"),
    "license": lambda t: _license(t, house="A house nobody knows"),
    "strand": lambda t: productions.strand(t.root, by=t.director, name="A strand nobody knows"),
}
