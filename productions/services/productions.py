"""Creates, updates, publishes, unpublishes and deletes productions."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from accounts.models import SectionKind
from accounts.permissions.services.sections import create_section, remove_section, rename_section
from productions.models import AccessibilityService, PremiereKind, Production, ProductionStatus, Season
from productions.rules.entries import LISTS, Award, Link, Partner, Quote, clean_list
from productions.rules.languages import language_tag
from productions.rules.life import ARCHIVED, BEFORE_THE_PUBLIC, CANCELED, IDEA, PLANNED
from productions.services.addresses import check_slug, free_slug, in_order, keep_former_address
from productions.services.life import take_step
from productions.services.planning import open_slot_of
from productions.signals import production_published, production_unpublished
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, DomainError, Invalid, all_of


class ProductionFields(TypedDict, total=False):
    """Fields of a production: absent means unchanged, None or "" means empty. Texts are Markdown without HTML; dates may be
    partial ("2026-09"); the language is a BCP 47 tag. A new `slug` changes the address; the old one redirects to
    it."""

    title: str
    subtitle: str
    slug: str
    authors: list[str]
    adaptors: list[str]
    translators: list[str]
    composers: list[str]
    lyricists: list[str]
    choreographers: list[str]
    billing: str
    company: str
    partners: list[Partner]
    strands: list[str]
    genre: str
    language: str
    premiere: PremiereKind
    age_guidance: str
    content_advisories: str
    accessibility: list[AccessibilityService]
    running_minutes: int | None
    intermissions: int | None
    short_synopsis: str
    synopsis: str
    quotes: list[Quote]
    awards: list[Award]
    links: list[Link]
    opens_on: str
    closes_on: str


class NewProductionFields(ProductionFields, total=False):
    """Fields of a new production, and its first status: idea, planned (the default), or archived."""

    status: Annotated[
        ProductionStatus,
        Doc("The first status: idea, planned (the default), or archived. Example: planned"),
    ]


_FIRST = (IDEA, PLANNED, ARCHIVED)


@action("production.create", needs=Needs("edit_details", on="season"), submittable=True)
def create_production(*, season: Season, fields: NewProductionFields) -> Production:
    """Create a production in a season.

    Raises: Invalid for a missing title, a closing surely before the opening, or texts that are too long; `slug_taken`;
    an error for a status other than idea, planned or archived. Also `status_not_first`.
    """
    production = Production(season=season, slug=fields.get("slug") or free_slug(Production, fields.get("title", "")))
    status = fields.get("status", ProductionStatus.PLANNED)
    if status in ProductionStatus.values and status not in _FIRST:
        message = "A production begins as an idea, planned, or archived. Change the status step by step from there."
        raise Invalid(message, code="status_not_first", field="status")
    production.status = status
    _describe(production, {"slug": production.slug, **{n: v for n, v in fields.items() if n not in ("slug", "status")}})
    production.section = create_section.as_consequence(
        parent=season.section, kind=SectionKind.PRODUCTION, name=production.title
    )
    production.save()
    keep_former_address(production, None)
    return production


@action("production.update", needs=Needs("edit_details", on="production"), subject="production", submittable=True)
def update_production(*, production: Production, changes: ProductionFields) -> Production:
    """Update a production. Its slug stays unless a new one is given. Same errors as `production.create`.

    Errors: `bad_language`, `bad_link`, `bad_slug`, `ends_before_start`, `nothing_changes`, `slug_taken`.
    """
    if "status" in changes:
        message = "The status changes by actions: publish, advance, cancel, archive."
        raise Invalid(message, code="status_by_steps", field="status")
    address = production.slug
    _describe(production, dict(changes))
    if "title" in changes and production.title != production.section.name:
        rename_section.as_consequence(section=production.section, name=production.title)
    production.save()
    keep_former_address(production, address)
    return production


@action(
    "production.publish",
    needs=Needs("publish_details", on="production"),
    subject="production",
    submittable=True,
    exposes=True,
)
def publish_production(*, production: Production) -> Production:
    """Publish a production. A planned production becomes announced.

    Raises: `already_published`; Conflict if it is canceled, still an idea, or lacks what an announcement requires. Also
    `production_canceled`, `step_skipped`.
    """
    if production.published_at is not None:
        raise Conflict("This production is already public.", code="already_published")
    if production.status in (IDEA, PLANNED, CANCELED):
        take_step(production, ProductionStatus.ANNOUNCED)
    production.published_at = current().instant
    production.save()
    production_published.announce(production=production)
    return production


@action("production.unpublish", needs=Needs("publish_details", on="production"), subject="production", submittable=True)
def unpublish_production(*, production: Production) -> Production:
    """Unpublish a production; nothing is lost. An announced, selling or running production becomes planned, and its sales
    close. Raises: `not_published`."""
    if production.published_at is None:
        raise Conflict("This production is not public.", code="not_published")
    if production.status in BEFORE_THE_PUBLIC:
        production.status = ProductionStatus.PLANNED
    production.published_at = None
    production.save()
    production_unpublished.announce(production=production)
    return production


@action("production.delete", needs=Needs("manage_details", on="production"), subject="production")
def delete_production(*, production: Production) -> None:
    """Delete a draft of a production permanently. Its slot in the season's plan is open again. Raises: `published` if it
    was public; Conflict if other rows refer to it."""
    if production.published_at is not None:
        raise Conflict("A production that was public cannot be deleted. Unpublish or archive it.", code="published")
    section = production.section
    open_slot_of(production)
    production.delete()
    # A section with role assignments stays, since they refer to it.
    if not section.assignments.exists() and not section.submissions.exists():
        remove_section.as_consequence(section=section)


def _describe(production: Production, fields: dict[str, Any]) -> None:
    production.assign(fields)
    production.check_values()
    problems: list[DomainError] = []
    for name in fields:
        try:
            setattr(production, name, _cleaned(name, getattr(production, name)))
        except Invalid as error:
            problems += error.problems or [error]
    all_of(problems)
    in_order(production, fields, "opens_on", "closes_on")


def _cleaned(name: str, value: Any) -> Any:
    if name in LISTS:
        return clean_list(name, value)
    if name == "accessibility":
        return _services(value)
    if name == "language":
        return language_tag(value)
    return check_slug(value) if name == "slug" else value


def _services(wanted: list[Any]) -> list[str]:
    """Return the services once each, in the order of the choices."""
    known = AccessibilityService.values
    if unknown := [kind for kind in wanted if kind not in known]:
        message = f"{str(unknown[0])[:40]!r} is not a service. Choose from: {', '.join(known)}."
        raise Invalid(message, code="no_such_choice", field="accessibility")
    return [kind for kind in known if kind in wanted]
