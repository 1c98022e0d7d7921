"""Scenes of productions."""

from __future__ import annotations

from productions.models import BrandKit
from productions.services.brand import create_brand_kit
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read


def _public_season(t: Theater) -> object:
    from productions.services.seasons import publish_season

    return publish_season(actor=t.acting(), season=world.season(t.root, by=t.director))


def _kit(t: Theater) -> BrandKit:
    """The guidelines of a new season, which asks little of anybody."""
    section = world.season(t.root, by=t.director).section
    made: BrandKit = create_brand_kit(actor=t.acting(), section=section, fields={"title_max_length": 290})
    return made


def _patch_kit(t: Theater) -> Call:
    kit = _kit(t)
    return Call({"pk": kit.pk}, {"title_max_length": 280}, version=kit.version)


ACTIONS = {
    "brand.create": lambda t: Scene({"section": t.draft_season.section, "fields": {"title_max_length": 250}}),
    "brand.update": lambda t: Scene({"kit": _kit(t), "changes": {"title_max_length": 240}}),
    "season.create": lambda t: Scene({"organization": t.root, "fields": {"name": "Next year", "starts_on": "2027"}}),
    "season.update": lambda t: Scene({"season": t.season, "changes": {"name": "This year", "summary": "Plays."}}),
    "season.publish": lambda t: Scene({"season": t.draft_season}),
    "production.create": lambda t: Scene(
        {"season": t.season, "fields": {"title": "Hamlet", "authors": ["Shakespeare"]}}
    ),
    "production.update": lambda t: Scene({"production": t.production, "changes": {"title": "Macbeth"}}),
    "production.publish": lambda t: Scene({"production": t.draft}),
    "production.unpublish": lambda t: Scene({"production": t.production}),
    "production.delete": lambda t: Scene({"production": t.draft}),
}

ROUTES = {
    "GET brand-kit-list": lambda t: open_read(),
    "POST brand-kit-list": lambda t: Call(body={"title_max_length": 290}, status=201),
    "GET brand-kit-detail": lambda t: Call({"pk": _kit(t).pk}, public={404}),
    "PATCH brand-kit-detail": _patch_kit,
    "GET season-list": lambda t: open_read(),
    "POST season-list": lambda t: Call(body={"name": "Next year"}, status=201),
    "GET season-detail": lambda t: open_read(kwargs={"pk": t.season.pk}),
    "PATCH season-detail": lambda t: Call({"pk": t.season.pk}, {"name": "This year"}, version=t.season.version),
    "POST season-publish": lambda t: Call({"pk": t.draft_season.pk}, {}),
    "GET season-internal": lambda t: Call({"pk": t.season.pk}),
    "GET production-list": lambda t: open_read(),
    "POST production-list": lambda t: Call(body={"season": t.season.pk, "title": "Hamlet"}, status=201),
    "GET production-detail": lambda t: open_read(kwargs={"pk": t.production.pk}),
    "PATCH production-detail": lambda t: Call(
        {"pk": t.production.pk}, {"title": "Macbeth"}, version=t.production.version
    ),
    "DELETE production-detail": lambda t: Call({"pk": t.draft.pk}, version=t.draft.version, status=204),
    "POST production-publish": lambda t: Call({"pk": t.draft.pk}, {}),
    "POST production-unpublish": lambda t: Call({"pk": t.production.pk}, {}),
    "GET production-internal": lambda t: Call({"pk": t.production.pk}),
}

ANOTHER = {
    "brand-kit-list": _kit,
    "season-list": _public_season,
    "production-list": lambda t: world.production(t.season, by=t.director, published=True),
}

DRAFTS = {
    "season": lambda t: t.draft_season,
    "production": lambda t: t.draft,
}
