"""Builds one season of a community theater. Every step is an action, run by a user who has the permission."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.approvals.services.submissions import approve_submission
from accounts.models import Role, Submission, SubmissionState, User
from accounts.permissions.selectors.permissions import actor_for
from accounts.permissions.selectors.sections import area
from accounts.permissions.services.founding import found_organization
from accounts.permissions.services.roles import assign_role
from directory.models import CreditKind, PersonKind
from directory.rules.holdings import Holding
from directory.services.credits import CreditFields, add_credit
from directory.services.people import create_person, describe_self, link_user, publish_person
from media_library.services.assets import create_asset, publish_asset
from media_library.services.files import upload_picture
from productions.models import AccessibilityService, Job, Production, Season
from productions.services.brand import create_brand_kit
from productions.services.licenses import add_license
from productions.services.productions import create_production, publish_production, update_production
from productions.services.scenes import create_character
from productions.services.seasons import create_season, publish_season
from scheduling.models import SpaceKind
from scheduling.services.venues import create_space, create_venue
from theater_site.core.actors import System
from theater_site.demo import calendar, company, parts, pictures
from theater_site.demo.box_office import open_sales, reach_first_night
from theater_site.demo.company import PLAYS, Play
from theater_site.demo.planning import plan
from theater_site.demo.state import Demo
from ticketing.models import SeatingChart
from ticketing.services.charts import create_chart
from ticketing.services.promotions import create_promotion

Step = Callable[[str], None]
_ZONE = ZoneInfo(company.ZONE)


def build(report: Step) -> Demo:
    """Build the season. `report` is called with the name of each step before it begins.

    Raises: Conflict if the database has an organization.
    """
    chance = random.Random(1602)
    report("The organization and its director")
    director = User.objects.create_user(company.STAFF["director"][0], name=company.NAMES[0], timezone=company.ZONE)
    root = found_organization(actor=System("demo"), name=company.ORGANIZATION, director=director)
    first_friday = _first_friday(timezone.now().astimezone(_ZONE).date())
    season = create_season(
        actor=actor_for(director),
        organization=root,
        fields={
            "name": f"Season {first_friday.year}/{(first_friday.year + 1) % 100:02}",
            "starts_on": first_friday.isoformat(),
            "ends_on": (first_friday + dt.timedelta(weeks=41)).isoformat(),
            "summary": "Five plays, two stages, and everybody who lends a hand.",
        },
    )
    demo = Demo(root, season, {"director": director})
    report("Roles")
    _roles(demo)
    report("Brand guidelines")
    _brand(demo)
    report("Venues and seating charts")
    charts = _venues(demo)
    report("People")
    _people(demo)
    demo.jobs = parts.departments(demo.actor("casting_director"), demo.organization)
    for play in PLAYS:
        report(play.title)
        production = _production(demo, play, first_friday)
        if play.title == parts.PLAY:
            parts.break_down(demo.actor("casting_director"), production)
            parts.play_the_run(
                production, casting=demo.actor("casting_director"), stage=demo.actor("stage_manager"),
                director=lambda: demo.actor("director"), understudy=demo.people[33], newcomer=demo.people[42],
                opens=first_friday + dt.timedelta(weeks=play.opens),
            )  # fmt: skip
        calendar.schedule_production(demo, play, production, first_friday)
        _picture(demo, play, production)
    report("Meetings, classes and a gala")
    calendar.schedule_house_events(demo, first_friday)
    report("Calls, equipment and conflicts")
    plan(demo)
    report("Ticket sales")
    open_sales(demo, charts, chance)
    report("On sale and running")
    reach_first_night(demo)
    report("Submissions that wait for the director")
    _submissions(demo)
    # Last: a published season shows the next run that nothing is missing (`is_complete`).
    publish_season(actor=demo.actor("director"), season=season)
    return demo


def is_complete() -> bool:
    """Whether the database has a complete demo."""
    return Season.objects.filter(published_at__isnull=False).exists()


def users_of_the_demo() -> dict[str, User]:
    """The users who can sign in, by role."""
    addresses = {role: address for role, (address, *_) in company.STAFF.items()}
    addresses |= {f"actor_{number}": address for number, (address, _) in enumerate(company.ACTORS, 1)}
    found = {user.email: user for user in User.objects.filter(email__in=addresses.values())}
    return {role: found[address] for role, address in addresses.items() if address in found}


def _first_friday(today: dt.date) -> dt.date:
    """The Friday eight to nine weeks before `today`, so that the first play is running and the others are in the future."""
    return today - dt.timedelta(weeks=8, days=(today.weekday() - 4) % 7)


def _roles(demo: Demo) -> None:
    roles = {role.name: role for role in Role.objects.all()}
    for name, (address, number, where) in company.STAFF.items():
        if name == "director":
            continue
        user = User.objects.create_user(address, name=company.NAMES[number], timezone=company.ZONE)
        demo.users[name] = user
        section = demo.season.section if where == "season" else demo.organization
        assign_role(
            actor=demo.actor("director"), user=user, role=roles[name], section=section, starts_at=None, ends_at=None,
            reason="",
        )  # fmt: skip
    for number, (address, index) in enumerate(company.ACTORS, 1):
        user = User.objects.create_user(address, name=company.NAMES[index], timezone=company.ZONE)
        demo.users[f"actor_{number}"] = user
        assign_role(
            actor=demo.actor("director"), user=user, role=roles["company_member"], section=demo.season.section,
            starts_at=None, ends_at=None, reason="",
        )  # fmt: skip


def _brand(demo: Demo) -> None:
    create_brand_kit(
        actor=demo.actor("director"),
        section=area("Brand"),
        fields={
            "title_max_length": 80,
            "short_synopsis_max_length": 160,
            "forbidden_words": ["theatre", "smash hit"],
            "required_fields": ["authors", "short_synopsis", "running_minutes"],
            "picture_shapes": ["16:9", "3:4", "1:1"],
        },
    )


def _venues(demo: Demo) -> dict[str, SeatingChart]:
    director = demo.actor("director")
    lantern = create_venue(
        actor=director,
        section=area("Venues"),
        fields={
            "name": "Lantern Theater", "address": "12 Foundry Street", "city": "Milwaukee", "country": "US",
            "timezone": company.ZONE,
        },
    )  # fmt: skip
    foundry = create_venue(
        actor=director,
        section=area("Venues"),
        fields={
            "name": "The Old Foundry", "address": "40 Foundry Street", "city": "Milwaukee", "country": "US",
            "timezone": company.ZONE,
        },
    )  # fmt: skip
    spaces = (
        ("main", lantern, "Main stage", SpaceKind.STAGE, 300),
        ("rehearsal", lantern, "Rehearsal room", SpaceKind.REHEARSAL_ROOM, 40),
        ("box", foundry, "Black box", SpaceKind.STAGE, 90),
    )
    for key, venue, name, kind, capacity in spaces:
        demo.spaces[key] = create_space(
            actor=director, venue=venue, fields={"name": name, "kind": kind, "capacity": capacity}
        )
    stalls: list[Any] = [
        {"zone": "Stalls", "row": row, "category": "Stalls" if row < "I" else "Rear stalls", "count": 20,
         "x": Decimal(0), "y": Decimal(number)}
        for number, row in enumerate("ABCDEFGHIJKL")
    ]  # fmt: skip
    balcony: list[Any] = [
        {"zone": "Balcony", "row": row, "category": "Balcony", "count": 20, "x": Decimal(0), "y": Decimal(20 + number)}
        for number, row in enumerate("ABC")
    ]
    return {
        "main": create_chart(
            actor=director, space=demo.spaces["main"], name="Proscenium", rows=[*stalls, *balcony], areas=[]
        ),
        "box": create_chart(
            actor=director, space=demo.spaces["box"], name="In the round", rows=[],
            areas=[{"name": "Unreserved", "capacity": 90}],
        ),
    }  # fmt: skip


def _people(demo: Demo) -> None:
    casting = demo.actor("casting_director")
    director = demo.actor("director")
    directory = area("Directory")
    users = {index: demo.users[f"actor_{number}"] for number, (_, index) in enumerate(company.ACTORS, 1)}
    users |= {index: demo.users[role] for role, (_, index, _) in company.STAFF.items()}
    for index, name in enumerate((*company.NAMES, *company.GROUPS)):
        names = name.rsplit(" ", 1)
        group = name in company.GROUPS
        person = create_person(
            actor=casting,
            section=directory,
            fields={
                "name": name,
                "sort_name": "" if group else f"{names[1]}, {names[0]}",
                "kind": PersonKind.GROUP if group else PersonKind.PERSON,
                "bio": ""
                if index % 3
                else f"{name} has been with {company.ORGANIZATION} for {2 + index % 17} seasons.",
            },
        )
        if index in users:
            person = link_user(actor=director, person=person, user=users[index])
        demo.people.append(publish_person(actor=director, person=person))
    people = demo.people[: len(company.NAMES)]
    demo.turn = cycle([*people[8:10], *people[:8], *people[10:]])


def _production(demo: Demo, play: Play, first_friday: dt.date) -> Production:
    opens = first_friday + dt.timedelta(weeks=play.opens)
    production = create_production(
        actor=demo.actor("director"),
        season=demo.season,
        fields={
            "title": play.title, "authors": list(play.authors), "genre": play.genre, "language": "en",
            "opens_on": opens.isoformat(),
        },
    )  # fmt: skip
    production = update_production(
        actor=demo.actor("production_manager"),
        production=production,
        changes={
            "short_synopsis": play.short, "synopsis": play.synopsis, "running_minutes": play.minutes, "intermissions": 1,
            "closes_on": (opens + dt.timedelta(weeks=(play.performances + 2) // 3 - 1, days=2)).isoformat(),
            "company": company.ORGANIZATION, "age_guidance": play.ages, "content_advisories": play.advisories,
            "accessibility": [AccessibilityService(kind) for kind in play.accessibility],
            "billing": play.license[1] if play.license else "",
        },
    )  # fmt: skip
    if play.license:
        publisher, billing = play.license
        add_license(
            actor=demo.actor("production_manager"),
            production=production,
            fields={
                "house": publisher, "number": "HL-1602", "starts_on": opens.isoformat(), "ends_on": production.closes_on,
                "venues": [demo.spaces[play.stage].venue.name], "max_performances": play.performances,
                "billing": billing,
            },
        )  # fmt: skip
    casting = demo.actor("casting_director")
    jobs: list[tuple[CreditKind, str, Job | None]] = [(CreditKind.CAST, part, None) for part in play.parts]
    jobs += [(CreditKind.CREATIVE, job, None) for job in company.CREATIVE]
    jobs += [(CreditKind.CREW, job, demo.jobs[job]) for job in company.CREW]
    # In turn, so that everybody has a part or a job, beginning with the two actors who can sign in.
    for order, (kind, role, job) in enumerate(jobs, 1):
        fields: CreditFields = {"kind": kind, "role": role, "billing_order": order, "job": job}
        if kind == CreditKind.CAST:
            fields["character"] = create_character(actor=casting, production=production, fields={"name": role})
            fields["holding"] = Holding.PRINCIPAL
        add_credit(actor=casting, production=production, person=next(demo.turn), fields=fields)
    if play.genre == "operetta":
        for order, group in enumerate(demo.people[60:], 90):
            add_credit(
                actor=casting, production=production, person=group,
                fields={"kind": CreditKind.COMPANY, "role": "", "billing_order": order},
            )  # fmt: skip
    production = publish_production(actor=demo.actor("director"), production=production)
    demo.productions.append(production)
    return production


def _picture(demo: Demo, play: Play, production: Production) -> None:
    editor = demo.actor("media_editor")
    drawn = pictures.poster(play.title, seed=play.opens)
    asset = create_asset(
        actor=editor,
        section=production.section,
        production=production,
        file=upload_picture(actor=editor, file=drawn, isolated=False),
        fields={
            "title": f"{play.title}: poster",
            "alt_text": f"The title {play.title} over a stage in colored light, an audience in front.",
            "credit_line": company.ORGANIZATION,
        },
    )
    publish_asset(actor=editor, asset=asset)


def _submissions(demo: Demo) -> None:
    """Submit two promotions, of which the director approves one, and an actor's new bio."""
    marketing = demo.actor("marketing_coordinator")
    promotions = (
        ("Neighbors' week", "NEIGHBOR", Decimal(15), demo.productions[1]),
        ("Students half price", "STUDENT", Decimal(50), None),
    )
    for name, code, percent, production in promotions:
        create_promotion.submit(
            actor=marketing,
            season=demo.season,
            fields={"name": name, "code": code, "percent": percent, "production": production, "uses_limit": 200},
        )
    first = Submission.objects.filter(state=SubmissionState.SUBMITTED).order_by("pk").first()
    assert first is not None
    approve_submission(
        actor=demo.actor("director"),
        submission=first,
        comment="Good idea, and good for the street.",
        digest=first.token(),
    )
    describe_self(
        actor=demo.actor("actor_1"),
        person=demo.people[company.ACTORS[0][1]],
        changes={"bio": "Łukasz built the first Lantern stage in 2009 and has been on it ever since."},
    )
