"""Checks the use of a work against its licenses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from productions.rules.brand import Fault
from productions.rules.partial_dates import PartialDate
from theater_site.core.text import fold

RULES = (
    "license_window", "license_venue", "license_performances", "license_billing", "license_recording", "license_streaming",
)  # fmt: skip
_HINT = "Ask {house} to extend the license, or waive this with a reason."


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a license; empty fields set no limit."""

    house: str
    starts_on: PartialDate | None = None
    ends_on: PartialDate | None = None
    venues: tuple[str, ...] = ()
    max_performances: int | None = None
    billing: str = ""
    recording_allowed: bool = False
    streaming_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A planned use of the work. None and empty values are not checked.

    `dates` are the days of performances, each with the name of its field; `performances` is their total number;
    `public_text` is the public text that must contain the billing.
    """

    dates: tuple[tuple[str, PartialDate], ...] = ()
    venues: tuple[str, ...] = ()
    performances: int | None = None
    public_text: str | None = None
    recording: bool = False
    streaming: bool = False


def faults(terms: Terms, use: Use) -> Iterator[Fault]:
    """Return the faults of `use` under this license. A partial date is a fault only if no reading of it is allowed."""
    hint = _HINT.format(house=terms.house)
    for field, date in use.dates:
        if not _inside(date, terms):
            window = f"{terms.starts_on or '…'} to {terms.ends_on or '…'}"
            yield Fault("license_window", f"{terms.house} licenses it from {window}, not on {date}.", hint, field)
    if terms.venues:
        yield from (
            Fault("license_venue", f"{terms.house} licenses it for {', '.join(terms.venues)}, not for {venue}.", hint)
            for venue in _others(use.venues, terms.venues)
        )
    if None not in (use.performances, terms.max_performances) and use.performances > terms.max_performances:  # type: ignore[operator]
        message = f"{terms.house} licenses {terms.max_performances} performances; {use.performances} are planned."
        yield Fault("license_performances", message, hint)
    if terms.billing and use.public_text is not None and fold(terms.billing) not in fold(use.public_text):
        message = f"{terms.house} requires this billing with the production: “{terms.billing}”."
        yield Fault("license_billing", message, "Add it to the production's billing.", "billing")
    if use.recording and not terms.recording_allowed:
        yield Fault("license_recording", f"{terms.house} does not license recordings of it.", hint)
    if use.streaming and not terms.streaming_allowed:
        yield Fault("license_streaming", f"{terms.house} does not license streams of it.", hint)


def faults_of_all(licenses: Iterable[Terms], use: Use) -> list[Fault]:
    """Return the faults of `use` under these licenses. The licenses of every house must allow it; for each date, one license
    of a house is enough, such as of two consecutive windows. Faults are reported for the license that comes nearest."""
    houses: dict[str, list[Terms]] = {}
    for terms in licenses:
        houses.setdefault(fold(terms.house), []).append(terms)
    uses = [replace(use, dates=(date,)) for date in use.dates] or [use]
    nearest = (
        min((list(faults(terms, one)) for terms in of_house), key=len) for of_house in houses.values() for one in uses
    )
    return list(dict.fromkeys(fault for found in nearest for fault in found))


def _inside(date: PartialDate, terms: Terms) -> bool:
    after = terms.starts_on is None or date.latest >= terms.starts_on.earliest
    return after and (terms.ends_on is None or date.earliest <= terms.ends_on.latest)


def _others(venues: Iterable[str], allowed: Iterable[str]) -> list[str]:
    known = {fold(name) for name in allowed}
    return [venue for venue in dict.fromkeys(venues) if fold(venue) not in known]
