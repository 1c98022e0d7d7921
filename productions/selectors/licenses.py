"""Whether the licenses of a production allow what is planned with it. Apps above ask here before they plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from productions.models import License, Production
from productions.rules.brand import Fault
from productions.rules.licenses import Terms, Use, faults_of_all
from productions.rules.partial_dates import PartialDate
from theater_site.core.judges import Finding, Severity


class Licenses:
    """The licenses of these productions, loaded with one query however many they are."""

    def __init__(self, productions: Iterable[int]) -> None:
        self._held: dict[int, list[Terms]] = {}
        for license_ in License.objects.filter(production__in=list(productions)).order_by("pk"):
            self._held.setdefault(license_.production_id, []).append(terms_of(license_))

    def faults(self, production: int, use: Use) -> list[Fault]:
        """What of this use no license of a house covers. A production without a license needs none."""
        return faults_of_all(self._held.get(production, ()), use)


def terms_of(license_: License) -> Terms:
    """The license as its rules see it."""
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
    """The dates of the production itself, each with its field."""
    dates = ((name, PartialDate.parse(getattr(production, name))) for name in ("opens_on", "closes_on"))
    return tuple((name, date) for name, date in dates if date is not None)


def public_text_of(production: Production) -> str:
    """What the public reads of it, in which a license's billing must exist."""
    return " ".join((production.billing, production.subtitle, production.short_synopsis, production.synopsis))


def warnings(row: Any, broken: Iterable[Fault]) -> list[Finding]:
    """Faults of a license as what the runner is told: each can be waived with a reason."""
    return [
        Finding.on(row, rule=f.rule, severity=Severity.WARNING, message=f.message, hint=f.hint, field=f.field)
        for f in broken
    ]
