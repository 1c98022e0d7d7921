"""Adds, updates and removes credits of cast and crew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import TypedDict

from directory.models import Credit, CreditKind, Person
from directory.rules.holdings import Holding
from productions.models import Character, Job, Production
from productions.rules.partial_dates import PartialDate, check_span
from productions.services.addresses import in_order
from theater_site.core.actions import Needs, action
from theater_site.core.errors import Invalid


class CreditFields(TypedDict, total=False):
    """Fields of a credit: absent means unchanged, "" and None mean empty.

    `note` is printed beside the role (the act, the piece). Credits with equal `billing_order` are ordered by creation;
    `block` is the title under which programs print them together, and `block_order` orders such titles.
    `starts_on` and `ends_on` may be partial ("2026-09"), for a part taken over during the run. `character`, `holding`,
    `team` and `in_place_of` are for the cast only, `job` for all others.
    """

    kind: CreditKind
    role: str
    note: str
    billing_order: int
    starts_on: str
    ends_on: str
    character: Character | None
    holding: Holding
    team: str
    in_place_of: Credit | None
    job: Job | None
    credited_as: str
    block: str
    block_order: int


@action("credit.add", needs=Needs("edit_cast", on="production"), submittable=True)
def add_credit(*, production: Production, person: Person, fields: CreditFields) -> Credit:
    """Credit a person or group with a part or job. It is public as soon as the production is.

    Without a role the character's or the job's name is printed. Raises: the unique constraint for a duplicate (person,
    kind, role, note, holding and first day, blank roles included); an end surely before the start;
    `character_not_in_play`; `outside_the_run`; `replacement_before_first_night`; `cover_without_nights`. Warning:
    `one_part_twice` if two would play one part on one night. Also `credit_exists`, `ends_before_start`, `job_of_cast`,
    `not_of_this_part`, `part_without_cast`.
    """
    credit = Credit(production=production, person=person)
    _describe(credit, fields)
    credit.save()
    return credit


@action("credit.update", needs=Needs("edit_cast", on="credit"), subject="credit", submittable=True)
def update_credit(*, credit: Credit, changes: CreditFields) -> Credit:
    """Update a credit. Person and production do not change: add another credit instead. Same errors as `credit.add`.

    Error: `ends_before_start`.
    """
    _describe(credit, changes)
    credit.save()
    return credit


@action("credit.remove", needs=Needs("edit_cast", on="credit"), subject="credit", submittable=True)
def remove_credit(*, credit: Credit) -> None:
    """Remove a credit. If a person leaves during the run, set `ends_on` instead.

    Removing a credit made by a cast change returns its nights: the previous holder's credit then ends when this one would
    have ended, and replaces this one as the `in_place_of` of later credits and covers.
    """
    before = _handed_over_by(credit)
    if before is not None:
        Credit.objects.filter(in_place_of=credit).update(in_place_of=before)
        before.ends_on = credit.ends_on
        before.save()
    credit.delete()


def _handed_over_by(credit: Credit) -> Credit | None:
    """Return the credit that a cast change ended on the day before this one begins, locked until the end of the action."""
    start = PartialDate.parse(credit.starts_on)
    if credit.in_place_of_id is None or credit.holding == Holding.COVER or start is None or not start.day:
        return None
    last = (start.earliest - dt.timedelta(days=1)).isoformat()
    held = Credit.objects.select_for_update(of=("self",)).select_related("production")
    return held.filter(pk=credit.in_place_of_id, ends_on=last).first()


_ONE_LINE = frozenset({"role", "note", "credited_as", "block", "team"})


def _describe(credit: Credit, fields: CreditFields) -> None:
    for name, value in fields.items():
        if isinstance(value, str) and name in _ONE_LINE:
            value = " ".join(value.split())
        setattr(credit, name, value)
    if not credit.role:
        credit.role = credit.character.name if credit.character else credit.job.name if credit.job else ""
    credit.check_values()
    check_credit(credit, fields)


def check_credit(credit: Credit, said: Collection[str]) -> None:
    """Check what the constraints do not; raises Invalid. Dates are checked only if one of them is in `said`: dates of an
    archive stay as printed, and other fields can be corrected without them."""
    _check_part(credit)
    in_order(credit, said)
    if {"starts_on", "ends_on", "holding"} & set(said):
        _check_days(credit)


def _check_part(credit: Credit) -> None:
    if credit.kind == CreditKind.CAST:
        if credit.job_id is not None:
            raise Invalid(
                "The cast has parts, not jobs. Leave the job empty, or choose another kind.",
                code="job_of_cast",
                field="job",
            )
    else:
        for name in ("character", "holding", "team", "in_place_of"):
            if getattr(credit, name):
                raise Invalid(
                    "Only the cast holds parts. Leave this empty, or make it a credit of the cast.",
                    code="part_without_cast",
                    field=name,
                )
    if credit.character is not None and credit.character.production_id != credit.production_id:
        raise Invalid(
            f"{credit.character.name} is not in this play. Add the character to the production first.",
            code="character_not_in_play",
            field="character",
        )
    other = credit.in_place_of
    if other is not None and (
        other.pk == credit.pk
        or (other.production_id, other.character_id) != (credit.production_id, credit.character_id)
    ):
        raise Invalid(
            "A cover is in place of another holder of the same part. Choose one of their credits.",
            code="not_of_this_part",
            field="in_place_of",
        )


def span_of(production: Production) -> tuple[PartialDate | None, PartialDate | None]:
    """Return the first and the last day of the run, if known; (None, None) if an archive has them in the wrong order."""
    opens, closes = PartialDate.parse(production.opens_on), PartialDate.parse(production.closes_on)
    return (opens, closes) if check_span(opens, closes) else (None, None)


def _check_days(credit: Credit) -> None:
    start, end = PartialDate.parse(credit.starts_on), PartialDate.parse(credit.ends_on)
    if credit.holding == Holding.COVER and not (start and start.day and end and end.day):
        raise Invalid(
            "A cover is for certain nights. Give the first and the last as days. For a person on standby for the whole run "
            "choose understudy, standby or swing.",
            code="cover_without_nights",
            field="ends_on" if start and start.day else "starts_on",
        )
    if (fault := outside(credit)) is not None:
        raise fault


def outside(credit: Credit) -> Invalid | None:
    """Return an error if the credit's days are surely outside of the run, else None."""
    start, end = PartialDate.parse(credit.starts_on), PartialDate.parse(credit.ends_on)
    opens, closes = span_of(credit.production)
    if start is not None and closes is not None and start.earliest > closes.latest:
        return Invalid(
            f"The run closes on {closes}; this begins after it, on {start}.", code="outside_the_run", field="starts_on"
        )
    if end is not None and opens is not None and end.latest < opens.earliest:
        return Invalid(
            f"The run opens on {opens}; this ends before it, on {end}.", code="outside_the_run", field="ends_on"
        )
    if credit.holding == Holding.REPLACEMENT and start is not None and opens is not None:
        if start.latest <= opens.earliest:
            return Invalid(
                f"The first night is {opens}: a replacement begins after it. Change the original holder's credit instead.",
                code="replacement_before_first_night",
                field="starts_on",
            )
    return None
