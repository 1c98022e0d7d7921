"""The cast changes during the run: one holder leaves a part, another takes it over; alternating casts get their days."""

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
    """What can be said of everybody who takes a part over. `ends_on` may be partial; absent, it is when the other would have
    ended."""

    credited_as: str
    note: str
    ends_on: str


@action("cast.change", needs=Needs("edit_cast", on="production"), subject="production", submittable=True)
def change_cast(
    *,
    production: Production,
    character: Annotated[Character, Doc("Id of the part that goes to somebody else. Example: 8")],  # type: ignore[valid-type]
    leaves: Annotated[
        Credit | None, Doc("Id of the credit that ends; null where one alone plays the part that day. Example: 31")
    ],
    person: Annotated[Person, Doc("Id of the person who takes the part over. Example: 12")],  # type: ignore[valid-type]
    from_date: Annotated[dt.date, Doc("The first day on which they play it. Example: 2027-03-20")],
    fields: NewHolder,
) -> Credit:
    """Give a part to another person from a day on. Anybody who held it ends the day before; both stay in the history.

    `leaves` is the credit that ends; None where one alone plays the part that day. The new credit is a replacement (or
    what the other was, an understudy say), billed where the other was. Announces `cast_changed`. Refused:
    `character_not_in_play`; `replacement_before_first_night`; `outside_the_run`; `part_not_held` where nobody plays it
    that day, `several_holders` where several do and `leaves` is not given; `not_of_this_part` for a credit of another
    part, `leaves_a_cover` for one of single nights; `credit_not_standing` for one that does not hold that day, or only
    begins then; `same_holder`; and the credit that the new one has already.
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
        raise Conflict("They hold this part already. Name somebody else.", code="same_holder", field="person")
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
        Doc('All days of this team, at most 1000; an empty list takes all away. Example: ["2027-03-14", "2027-03-16"]'),
    ],
) -> Production:
    """Set the days of one of several casts that alternate. They replace the days that it had.

    Refused: a team that no credit names (`unknown_team`), days outside of the run, a thousand days and more.
    """
    if not Credit.objects.filter(production=production, team=team).exclude(team="").exists():
        raise Invalid(
            f"Nobody in this production plays in a team {team[:40]!r}. Credit its cast first.",
            code="unknown_team",
            field="team",
        )
    if len(dates) > MOST_NIGHTS:
        raise Invalid(f"At most {MOST_NIGHTS} days, please.", code="too_many_days", field="dates")
    for day in dates:
        outside_the_run(production, day, field="dates")
    mine = TeamNight.objects.filter(production=production, team=team)
    mine.exclude(date__in=dates).delete()
    new = set(dates) - set(mine.values_list("date", flat=True))
    TeamNight.objects.bulk_create([TeamNight(production=production, team=team, date=day) for day in sorted(new)])
    return production


def outside_the_run(production: Production, day: dt.date, *, field: str) -> None:
    """Invalid where the day is surely before the first night or after the last."""
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
            f"The first night is {opens}: nobody is replaced before it. Change the credit of the person who was to play instead.",
            code="replacement_before_first_night",
            field="from_date",
        )
    outside_the_run(production, from_date, field="from_date")


def _leaving(character: Character, named: Credit | None, on: dt.date) -> Credit:
    """The credit that ends the day before, locked until the end of the action."""
    if named is not None and named.character_id != character.pk:
        raise Invalid(f"This is not a credit for {character.name}.", code="not_of_this_part", field="leaves")
    if named is not None and is_cover(named):
        raise Invalid(
            "A cover is for its nights alone: correct that credit, or remove it.", code="leaves_a_cover", field="leaves"
        )
    held = Credit.objects.select_for_update(of=("self",)).select_related("production").filter(character=character)
    standing = [credit for credit in held.order_by("pk") if stands(credit, on)]
    chosen = [credit for credit in standing if (credit.pk == named.pk if named is not None else plays(credit))]
    if len(chosen) > 1:
        raise Conflict(
            f"{len(chosen)} play {character.name} that day. Say by `leaves` whose credit ends.",
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
            f"The credit that would end does not hold on the day before {on}. Choose another day, or another credit.",
            code="credit_not_standing",
            field="leaves",
        )
    return chosen[0]
