"""Sets the defaults of categories of events."""

from __future__ import annotations

from typing import Annotated, TypedDict

from accounts.models import Section
from scheduling.models import Category, CategoryDefaults, Visibility
from scheduling.selectors.categories import defaults_of
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid


class DefaultsFields(TypedDict, total=False):
    """The defaults to change; absent means unchanged."""

    duration_minutes: int | None
    setup_minutes: int
    strike_minutes: int
    visibility: Visibility
    color: str


@action("category.set_defaults", needs=Needs("edit_schedule", on="section"))
def set_category_defaults(
    *,
    section: Section,
    category: Annotated[Category, Doc("The category of events. Example: rehearsal")],
    defaults: DefaultsFields,
) -> CategoryDefaults:
    """Set what later events of a category get where their planner says nothing. Existing events stay as they are.

    Errors: `organization_only` for any section below the organization; `bad_color`; a duration or buffer out of range.
    """
    if section.parent_id is not None:
        # The defaults hold everywhere, so that the permission on one production is not enough.
        message = "The defaults hold for the whole organization. Name the organization's own section."
        raise Invalid(message, code="organization_only", field="section")
    row = CategoryDefaults.objects.select_for_update().filter(category=category).first()
    if row is None:
        row = CategoryDefaults(section=section, category=category, **defaults_of(category)._asdict())
    row.assign(defaults)
    row.check_values()
    row.save()
    return row
