"""Cast changes during the run, and the days of alternating casts."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, TypedDict

from directory.models import Credit, CreditKind, Person, TeamNight
from directory.rules.holdings import Holding, is_cover, plays, stands, stands_by
from directory.services.credits import check_credit, span_of
from directory.signals import cast_changed
from productions.models import Character, Production
from productions.rules.partial_dates import PartialDate
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid

MOST_NIGHTS = 1_000


class NewHolder(TypedDict, total=False):
    """Fields of the credit of a new holder. `ends_on` may be partial; if absent, it is the end of the replaced credit."""

    credited_as: str
    note: str
    ends_on: str


@action("cast.change", needs=Needs("edit_cast", on="production"), subject="production", submittable=True)
def change_cast(
    *,
    production: Production,
    character: Annotated[Character, Doc("Id of the part to hand over. Example: 8")],  # type: ignore[valid-type]
    leaves: Annotated[
        Credit | None, Doc("Id of the credit that ends; null if only one person plays the part that day. Example: 31")
    ],
    person: Annotated[Person, Doc("Id of the person who takes the part over. Example: 12")],  # type: ignore[valid-type]
    from_date: Annotated[dt.date, Doc("The first day on which they play it. Example: 2027-03-20")],
    fields: NewHolder,
) -> Credit:
    """Give a part to another person from a day on. The old holder's credit ends the day before; both stay in the history.

    `leaves` is the credit that ends; None if only one person plays the part that day. The new credit is a replacement, or
    has the old holding (such as understudy), with the old billing order. Announces `cast_changed`.

    Raises: `character_not_in_play`; `replacement_before_first_night`; `outside_the_run`; `part_not_held` if nobody plays
    it that day; `several_holders` if several do and `leaves` is not given; `not_of_this_part` for a credit of another part;
    `leaves_a_cover` for a cover; `credit_not_standing` for a credit that is not in force that day or only begins then;
    `same_holder`; and the unique constraint if the new credit already exists. Also `ends_before_start`.
    """
    if character.production_id != production.pk:
        raise Invalid(
            f"{character.name} is not in this play. Its characters: /api/v1/characters/?production={production.pk}.",
            code="character_not_in_play",
            field="character",
        )
    _check_run(production, from_date)
    old = _leaving(character, leaves, from_date)
    if old.person_id == person.pk:
        raise Conflict("This person already holds the part. Choose another person.", code="same_holder", field="person")
    ended, old.ends_on = old.ends_on, (from_date - dt.timedelta(days=1)).isoformat()
    new = Credit(
        production=production, person=person, kind=CreditKind.CAST, character=character, in_place_of=old,
        holding=old.holding if stands_by(old) else Holding.REPLACEMENT.value,
        role=old.role, team=old.team, billing_order=old.billing_order, block=old.block, block_order=old.block_order,
        note=" ".join(fields.get("note", "").split()), credited_as=" ".join(fields.get("credited_as", "").split()),
        starts_on=from_date.isoformat(), ends_on=fields.get("ends_on", ended),
    )  # fmt: skip
    new.check_values()
    check_credit(new, ["starts_on", "ends_on"])
    old.save()
    new.save()
    cast_changed.announce(production=production, character=character, old=old, new=new, from_date=from_date)
    return new


@action("cast.set_team_nights", needs=Needs("edit_cast", on="production"), subject="production", submittable=True)
def set_team_nights(
    *,
    production: Production,
    team: Annotated[str, Doc("The team, as credits name it. Example: Red")],
    dates: Annotated[
        list[dt.date],
        Doc('All days of this team, at most 1000; an empty list removes all. Example: ["2027-03-14", "2027-03-16"]'),
    ],
) -> Production:
    """Replace the days of one of several alternating casts.

    Raises: `unknown_team` if no credit names the team; `outside_the_run`; `too_many_days` for more than 1000 days.
    """
    if not Credit.objects.filter(production=production, team=team).exclude(team="").exists():
        raise Invalid(
            f"Nobody in this production plays in a team {team[:40]!r}. Add credits with this team first.",
            code="unknown_team",
            field="team",
        )
    if len(dates) > MOST_NIGHTS:
        raise Invalid(f"Give at most {MOST_NIGHTS} days.", code="too_many_days", field="dates")
    for day in dates:
        outside_the_run(production, day, field="dates")
    mine = TeamNight.objects.filter(production=production, team=team)
    mine.exclude(date__in=dates).delete()
    new = set(dates) - set(mine.values_list("date", flat=True))
    TeamNight.objects.bulk_create([TeamNight(production=production, team=team, date=day) for day in sorted(new)])
    return production


def outside_the_run(production: Production, day: dt.date, *, field: str) -> None:
    """Raise Invalid if the day is surely before the first night or after the last."""
    opens, closes = span_of(production)
    if (opens is not None and day < opens.earliest) or (closes is not None and day > closes.latest):
        raise Invalid(
            f"{day} is outside of the run, which is {opens or '?'} to {closes or '?'}.",
            code="outside_the_run",
            field=field,
        )


def _check_run(production: Production, from_date: dt.date) -> None:
    opens, _ = span_of(production)
    if opens is not None and from_date <= opens.earliest:
        raise Invalid(
            f"The first night is {opens}: a replacement begins after it. Change the original holder's credit instead.",
            code="replacement_before_first_night",
            field="from_date",
        )
    outside_the_run(production, from_date, field="from_date")


def _leaving(character: Character, named: Credit | None, on: dt.date) -> Credit:
    """Return the credit that ends the day before, locked until the end of the action."""
    if named is not None and named.character_id != character.pk:
        raise Invalid(f"This credit is not for {character.name}.", code="not_of_this_part", field="leaves")
    if named is not None and is_cover(named):
        raise Invalid(
            "A cover is only for its nights. Correct or remove that credit.", code="leaves_a_cover", field="leaves"
        )
    held = Credit.objects.select_for_update(of=("self",)).select_related("production").filter(character=character)
    standing = [credit for credit in held.order_by("pk") if stands(credit, on)]
    chosen = [credit for credit in standing if (credit.pk == named.pk if named is not None else plays(credit))]
    if len(chosen) > 1:
        raise Conflict(
            f"{len(chosen)} play {character.name} that day. Give the credit that ends as `leaves`.",
            code="several_holders",
            field="leaves",
            data={"credits": [credit.pk for credit in chosen]},
        )
    if named is None and not chosen:
        raise Conflict(
            f"Nobody plays {character.name} that day. Add a credit instead.", code="part_not_held", field="from_date"
        )
    start = PartialDate.parse(chosen[0].starts_on) if chosen else None
    if not chosen or (start is not None and start.earliest >= on):
        raise Conflict(
            f"The credit that would end is not in force on the day before {on}. Choose another day, or another credit.",
            code="credit_not_standing",
            field="leaves",
        )
    return chosen[0]
