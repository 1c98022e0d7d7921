"""Checks plans against the licenses of a production. Apps above call this before they plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from productions.models import License, Production
from productions.rules.brand import Fault
from productions.rules.licenses import Terms, Use, faults_of_all
from productions.rules.partial_dates import PartialDate
from theater_site.core.judges import Finding, Severity


class Licenses:
    """The licenses of these productions, loaded with one query."""

    def __init__(self, productions: Iterable[int]) -> None:
        self._held: dict[int, list[Terms]] = {}
        for license_ in License.objects.filter(production__in=list(productions)).order_by("pk"):
            self._held.setdefault(license_.production_id, []).append(terms_of(license_))

    def faults(self, production: int, use: Use) -> list[Fault]:
        """Return what no license of a house allows of this use. Productions without a license have no faults."""
        return faults_of_all(self._held.get(production, ()), use)


def terms_of(license_: License) -> Terms:
    """Convert a license to Terms."""
    return Terms(
        house=license_.house,
        starts_on=PartialDate.parse(license_.starts_on),
        ends_on=PartialDate.parse(license_.ends_on),
        venues=tuple(license_.venues),
        max_performances=license_.max_performances,
        billing=license_.billing,
        recording_allowed=license_.recording_allowed,
        streaming_allowed=license_.streaming_allowed,
    )


def dates_of(production: Production) -> tuple[tuple[str, PartialDate], ...]:
    """Return the dates of the production, each with its field."""
    dates = ((name, PartialDate.parse(getattr(production, name))) for name in ("opens_on", "closes_on"))
    return tuple((name, date) for name, date in dates if date is not None)


def public_text_of(production: Production) -> str:
    """Return the public text of the production, which must contain the billing of its licenses."""
    return " ".join((production.billing, production.subtitle, production.short_synopsis, production.synopsis))


def warnings(row: Any, broken: Iterable[Fault]) -> list[Finding]:
    """Convert faults of a license to warnings, which can be waived with a reason."""
    return [
        Finding.on(row, rule=f.rule, severity=Severity.WARNING, message=f.message, hint=f.hint, field=f.field)
        for f in broken
    ]
