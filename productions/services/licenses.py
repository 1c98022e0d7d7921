"""Adds, updates and removes licenses of productions."""

from __future__ import annotations

from typing import TypedDict

from productions.models import License, Production
from productions.rules.entries import clean_names
from productions.services.addresses import in_order
from theater_site.core.actions import Needs, action


class LicenseFields(TypedDict, total=False):
    """Fields of a license: absent means unchanged, empty means no limit. Dates may be partial; `venues` are names."""

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
    """Add a license to a production. Raises: Invalid for a missing house, a window that ends before it starts, or a
    duplicate house and number. Plans of the production outside of the license are warnings, waived with a reason. Also
    `ends_before_start`, `license_repeated`.
    """
    license_ = License(production=production)
    _describe(license_, fields)
    return license_


@action("license.update", needs=Needs("edit_details", on="license"), subject="license", submittable=True)
def update_license(*, license: License, changes: LicenseFields) -> License:
    """Correct or extend a license. Same errors as `license.add`.

    Error: `ends_before_start`.
    """
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
