"""Productions are made, described, published and withdrawn."""

from __future__ import annotations

from typing import TypedDict

from accounts.models import SectionKind
from accounts.services.sections import create_section, remove_section, rename_section
from productions.models import Production, ProductionStatus, Season
from productions.services.addresses import free_slug, in_order
from productions.signals import production_published, production_withdrawn
from theater_site.core.actions import Needs, action, current
from theater_site.core.errors import Conflict
from theater_site.core.text import clean_markdown


class ProductionFields(TypedDict, total=False):
    """What can be said of a production: absent means unchanged, None or "" means empty. Texts are Markdown without HTML;
    dates may be partial ("2026-09")."""

    title: str
    subtitle: str
    status: ProductionStatus
    authors: list[str]
    company: str
    strands: list[str]
    genre: str
    language: str
    age_guidance: str
    content_advisories: str
    running_minutes: int | None
    intermissions: int | None
    short_synopsis: str
    synopsis: str
    opens_on: str
    closes_on: str


_MARKDOWN = frozenset({"content_advisories", "synopsis"})


@action("production.create", needs=Needs("edit_details", on="season"), proposable=True)
def create_production(*, season: Season, fields: ProductionFields) -> Production:
    """A new production of `season`, not public yet, with a section of its own below the season's.

    Refused: no title, a closing surely before the opening, texts that are too long.
    """
    production = Production(season=season, slug=free_slug(Production, fields.get("title", "")))
    _describe(production, fields)
    production.section = create_section.as_consequence(
        parent=season.section, kind=SectionKind.PRODUCTION, name=production.title
    )
    production.save()
    return production


@action("production.update", needs=Needs("edit_details", on="production"), subject="production", proposable=True)
def update_production(*, production: Production, changes: ProductionFields) -> Production:
    """Describe it anew; its address stays. Refused as at its making."""
    _describe(production, changes)
    if "title" in changes and production.title != production.section.name:
        rename_section.as_consequence(section=production.section, name=production.title)
    production.save()
    return production


@action("production.publish", needs=Needs("publish_details", on="production"), subject="production", proposable=True)
def publish_production(*, production: Production) -> Production:
    """Make it public: everybody sees it from now on. Refused where it is public, or canceled."""
    if production.published_at is not None:
        raise Conflict("This production is public already.", code="already_published")
    if production.status == ProductionStatus.CANCELED:
        raise Conflict("A canceled production is not announced. Set its status first.", code="production_canceled")
    production.published_at = current().instant
    if production.status in (ProductionStatus.IDEA, ProductionStatus.PLANNED):
        production.status = ProductionStatus.ANNOUNCED
    production.save()
    production_published.announce(production=production)
    return production


@action("production.withdraw", needs=Needs("publish_details", on="production"), subject="production", proposable=True)
def withdraw_production(*, production: Production) -> Production:
    """Take it from the public's eyes; nothing is lost. Refused where it is not public."""
    if production.published_at is None:
        raise Conflict("This production is not public.", code="not_published")
    production.published_at = None
    production.save()
    production_withdrawn.announce(production=production)
    return production


@action("production.delete", needs=Needs("manage_details", on="production"), subject="production")
def delete_production(*, production: Production) -> None:
    """Remove a draft for good. Refused where it was public or anything hangs on it: withdraw or archive those."""
    if production.published_at is not None:
        raise Conflict("A public production is withdrawn, not deleted.", code="published")
    section = production.section
    production.delete()
    # Where somebody held a role, the section stays, since their assignment tells of it.
    if not section.assignments.exists() and not section.submissions.exists():
        remove_section.as_consequence(section=section)


def _describe(production: Production, fields: ProductionFields) -> None:
    for name, value in fields.items():
        setattr(production, name, clean_markdown(value) if name in _MARKDOWN else value)  # type: ignore[arg-type]
    production.check_values()
    in_order(production.opens_on, production.closes_on, field="closes_on")
