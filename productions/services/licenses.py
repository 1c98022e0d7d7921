"""Licenses of productions are written down and corrected."""

from __future__ import annotations

from typing import TypedDict

from productions.models import License, Production
from productions.rules.entries import clean_names
from productions.services.addresses import in_order
from theater_site.core.actions import Needs, action


class LicenseFields(TypedDict, total=False):
    """What a license says: absent means unchanged, empty means no limit. Dates may be partial; `venues` are names."""

    house: str
    number: str
    starts_on: str
    ends_on: str
    venues: list[str]
    max_performances: int | None
    billing: str
    recording_allowed: bool
    streaming_allowed: bool
    note: str


@action("license.add", needs=Needs("edit_details", on="production"), submittable=True)
def add_license(*, production: Production, fields: LicenseFields) -> License:
    """Add a license to a production. Refused: no house, a window that ends before it starts, the same house and number
    again. What the production plans outside of it is a warning, to be waived with a reason."""
    license_ = License(production=production)
    _describe(license_, fields)
    return license_


@action("license.update", needs=Needs("edit_details", on="license"), subject="license", submittable=True)
def update_license(*, license: License, changes: LicenseFields) -> License:
    """Correct or extend a license. Raises the errors of creating it."""
    _describe(license, changes)
    return license


@action("license.remove", needs=Needs("manage_details", on="license"), subject="license")
def remove_license(*, license: License) -> None:
    """Remove a license."""
    license.delete()


def _describe(license_: License, fields: LicenseFields) -> None:
    license_.assign(fields)
    license_.check_values()
    license_.venues = clean_names("venues", license_.venues)
    in_order(license_, fields)
    license_.save()
