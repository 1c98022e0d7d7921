"""Endpoints of casts: who plays which part on a night, the program, a cast change, and a person's history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from directory.api.casting_serializers import CastRead, HoldersRead, PersonHistoryRead, ProgramRead, TeamsRead
from directory.api.serializers import CreditInternal
from directory.models import Credit, Person
from directory.rules.holdings import who_plays
from directory.rules.program import markdown
from directory.selectors import casting
from directory.selectors.program import program_for
from directory.services.casting import change_cast, outside_the_run, set_team_nights
from productions.models import Character, Production
from theater_site.api.inputs import body_of
from theater_site.api.resources import ActingView, SubmittedAnswer, actor_of, visible
from theater_site.core import runs
from theater_site.core.actors import ActorKind
from theater_site.core.errors import Invalid

ON = OpenApiParameter(
    "on", OpenApiTypes.DATE, description="The day to answer for; the whole run if omitted. Example: 2027-03-14"
)


class HolderRead(serializers.Serializer[Any]):
    """A person who holds a part. `person` is null if the caller may not see the person; `plays` is null without a day."""

    credit = serializers.IntegerField(help_text="Id of the credit that gives them the part. Example: 31")
    person = serializers.IntegerField(
        allow_null=True,
        help_text="Id of the person; null without a public page, unless you may see them. Example: 12",
    )
    name = serializers.CharField(help_text="The name as the program prints it. Example: Anna Bell")
    holding = serializers.CharField(help_text="How they hold it; empty if not given. Example: understudy")
    team = serializers.CharField(
        help_text="Which of several casts that alternate; empty if there is one cast. Example: Red"
    )
    in_place_of = serializers.IntegerField(
        allow_null=True, help_text="Id of the credit that this one replaced; null if none. Example: 30"
    )
    starts_on = serializers.CharField(
        help_text="From which day, partial dates too; empty is from the start of the run. Example: 2027-03-20"
    )
    ends_on = serializers.CharField(
        help_text="Until which day, partial dates too; empty is to the end of the run. Example: 2027-04-01"
    )
    note = serializers.CharField(help_text="What the program prints beside it. Example: from 1 May")
    plays = serializers.BooleanField(
        allow_null=True,
        help_text="True if they play it on the requested day; null without a day. Example: true",
    )


class HoldersRead(serializers.Serializer[Any]):
    """The holders of one part: on one day, or in the whole run."""

    character = serializers.IntegerField(help_text="Id of the part. Example: 8")
    on = serializers.DateField(
        allow_null=True, help_text="The requested day; null if none was given. Example: 2027-03-20"
    )
    holders = HolderRead(many=True, help_text="Who holds the part, in billing order.")


class PartRead(serializers.Serializer[Any]):
    """A part and its holders. `character` is null if only the role is printed."""

    character = serializers.IntegerField(
        allow_null=True, help_text="Id of the part; null if only its name is printed. Example: 8"
    )
    part = serializers.CharField(help_text="The part as the program prints it. Example: Nina")
    holders = HolderRead(many=True, help_text="Who holds the part, in billing order.")


class CastRead(serializers.Serializer[Any]):
    """The cast in billing order: of one day, or of the whole run."""

    production = serializers.IntegerField(help_text="Id of the production. Example: 12")
    on = serializers.DateField(
        allow_null=True, help_text="The requested day; null if none was given. Example: 2027-03-20"
    )
    parts = PartRead(many=True, help_text="The parts in billing order.")


class TeamRead(serializers.Serializer[Any]):
    """One of several alternating casts, and its days."""

    team = serializers.CharField(help_text="The team, as credits name it. Example: Red")
    dates = serializers.ListField(
        child=serializers.DateField(), help_text='The days on which it plays. Example: ["2027-03-14", "2027-03-16"]'
    )


class TeamsRead(serializers.Serializer[Any]):
    """Which days belong to which of the alternating casts."""

    production = serializers.IntegerField(help_text="Id of the production. Example: 12")
    teams = TeamRead(many=True, help_text="The teams by name.")


class EntryRead(serializers.Serializer[Any]):
    """One line of the program."""

    role = serializers.CharField(help_text="The part or job. Example: Nina")
    names = serializers.ListField(
        child=serializers.CharField(), help_text='Who plays or does it. Example: ["Anna Bell"]'
    )
    note = serializers.CharField(help_text="The note printed beside it; may be empty. Example: from 1 May")


class BlockRead(serializers.Serializer[Any]):
    """The lines of the program below one heading."""

    title = serializers.CharField(help_text="The heading. Example: Creative team")
    entries = EntryRead(many=True, help_text="The lines below it, in order.")


class SlipRead(serializers.Serializer[Any]):
    """A part that others play than on the first night. `reason`: "cover" (at this performance) or "replacement"
    (from then on)."""

    role = serializers.CharField(help_text="The part. Example: Nina")
    usually = serializers.ListField(
        child=serializers.CharField(), help_text='Who played it on the first night. Example: ["Anna Bell"]'
    )
    plays = serializers.ListField(
        child=serializers.CharField(), help_text='Who plays it that day. Example: ["Bea Moss"]'
    )
    reason = serializers.ChoiceField(
        choices=["cover", "replacement"],
        help_text="`cover` at this performance, `replacement` from then on. Example: cover",
    )


class ProgramSceneRead(serializers.Serializer[Any]):
    """A scene as the program prints it."""

    number = serializers.CharField(help_text="The scene's number as the script has it. Example: 2.3")
    title = serializers.CharField(help_text="Its title; may be empty. Example: The letter")
    place = serializers.CharField(help_text="Where it plays; may be empty. Example: A garden by the lake")
    songs = serializers.ListField(
        child=serializers.CharField(), help_text='The songs in it. Example: ["Mack the Knife"]'
    )


class BioRead(serializers.Serializer[Any]):
    """A biography as the program prints it."""

    name = serializers.CharField(help_text="The name as the program prints it. Example: Anna Bell")
    text = serializers.CharField(help_text="Who they are; Markdown. Example: Anna joined in 2019.")


class ProgramPerformanceRead(serializers.Serializer[Any]):
    """A performance of the day, in wall time."""

    date = serializers.DateField(help_text="The day at the venue. Example: 2027-03-14")
    start = serializers.TimeField(
        allow_null=True,
        help_text="When it starts, in wall time at the venue; null if not known. Example: 19:30:00",
    )
    venue = serializers.CharField(help_text="The venue's name. Example: Lantern Theater")


class ProgramRead(serializers.Serializer[Any]):
    """The program of a date: blocks in print order, changes since the first night, biographies in Markdown."""

    title = serializers.CharField(help_text="The production's title. Example: The Seagull")
    subtitle = serializers.CharField(help_text="Its subtitle; may be empty. Example: A comedy in four acts")
    authors = serializers.ListField(child=serializers.CharField(), help_text='Who wrote it. Example: ["Anton Chekhov"]')
    adaptors = serializers.ListField(child=serializers.CharField(), help_text="Who adapted it. Example: []")
    translators = serializers.ListField(
        child=serializers.CharField(), help_text='Who translated it. Example: ["Michael Frayn"]'
    )
    composers = serializers.ListField(child=serializers.CharField(), help_text="Who wrote the music. Example: []")
    lyricists = serializers.ListField(
        child=serializers.CharField(), help_text="Who wrote the words of the songs. Example: []"
    )
    choreographers = serializers.ListField(
        child=serializers.CharField(), help_text="Who choreographed the original. Example: []"
    )
    billing = serializers.ListField(
        child=serializers.CharField(), help_text="words that authors and license houses require, in Markdown"
    )
    performances = ProgramPerformanceRead(many=True, help_text="The performances of the day.")
    company = serializers.CharField(
        help_text="The visiting company; empty if this theater plays itself. Example: The Traveling Players"
    )
    on = serializers.DateField(
        allow_null=True, help_text="The requested day; null if none was given. Example: 2027-03-20"
    )
    running_minutes = serializers.IntegerField(
        allow_null=True,
        help_text="The running time in minutes, intermissions included; null if not known. Example: 150",
    )
    intermissions = serializers.IntegerField(
        allow_null=True, help_text="The number of intermissions; null if not known. Example: 1"
    )
    content_advisories = serializers.CharField(
        help_text="What an audience should know before it comes; Markdown. Example: Strobe lights."
    )
    slip = SlipRead(many=True, help_text="The parts whose players changed since the first night.")
    scenes = ProgramSceneRead(many=True, help_text="The scenes in their order.")
    blocks = BlockRead(many=True, help_text="What is printed, in order.")
    bios = BioRead(many=True, help_text="The biographies of the cast and the makers.")


class WorkRead(serializers.Serializer[Any]):
    """One credit of a person."""

    credit = serializers.IntegerField(help_text="Id of the credit. Example: 31")
    kind = serializers.CharField(help_text="Whether it is a part in the cast or a job in the crew. Example: cast")
    role = serializers.CharField(help_text="The part or job as the program prints it. Example: Nina")
    note = serializers.CharField(help_text="What the program prints beside it. Example: from 1 May")
    holding = serializers.CharField(help_text="How the part was held; empty if not given. Example: understudy")
    name = serializers.CharField(help_text="The name as the program prints it. Example: Anna Bell")
    starts_on = serializers.CharField(
        help_text="From which day, partial dates too; empty is from the start of the run. Example: 2027-03-20"
    )
    ends_on = serializers.CharField(
        help_text="Until which day, partial dates too; empty is to the end of the run. Example: 2027-04-01"
    )


class WorkedOnRead(serializers.Serializer[Any]):
    """A production that a person worked on."""

    production = serializers.IntegerField(help_text="Id of the production. Example: 12")
    slug = serializers.CharField(help_text="The production's part of the website's address. Example: the-seagull")
    title = serializers.CharField(help_text="The production's title. Example: The Seagull")
    opens_on = serializers.CharField(
        help_text="The day of its first performance, partial dates too; may be empty. Example: 2027-03-14"
    )
    closes_on = serializers.CharField(
        help_text="The day of its last performance, partial dates too; may be empty. Example: 2027-04"
    )
    credits = WorkRead(many=True, help_text="What they did in it.")


class PersonHistoryRead(serializers.Serializer[Any]):
    """A person's credits, production by production, the latest first."""

    person = serializers.IntegerField(help_text="Id of the person. Example: 12")
    count = serializers.IntegerField(help_text="of credits")
    productions = WorkedOnRead(many=True, help_text="What they worked on, the latest first.")


class CastView(ActingView):
    """The cast of a production."""

    @extend_schema(parameters=[ON], responses=CastRead, operation_id="production_cast")
    def get(self, request: Request, production: str) -> Response:
        """Get the cast in billing order. With `?on=`, the cast of that day and who of each part's holders plays;
        without it, everybody of the run. See directory/rules/holdings.py for the precedence of holders."""
        row, on = _cast_seen(request, production), _day(request)
        if on is not None:
            cast = casting.cast_on(row.pk, on)
            shown = _Shown(request, (holder for part in cast for holder in (*part.plays, *part.others)))
            parts = [
                {"character": part.character_id, "part": part.name,
                 "holders": [*shown.rows(part.plays, plays=True), *shown.rows(part.others, plays=False)]}
                for part in cast
            ]  # fmt: skip
        else:
            ever = casting.whole_cast(row.pk)
            shown = _Shown(request, ever)
            parts = [
                {"character": held[0].character_id, "part": held[0].part, "holders": shown.rows(held)}
                for held in casting.by_part(ever)
            ]
        return Response({"production": row.pk, "on": on, "parts": parts})


class HoldersView(ActingView):
    """The holders of a part."""

    @extend_schema(parameters=[ON], responses=HoldersRead, operation_id="character_holders")
    def get(self, request: Request, character: str) -> Response:
        """Get the holders of a part: with `?on=` on that day, and which of them play; without it, all of the run."""
        part: Character = visible(request, Character, character)
        on = _day(request)
        held = casting.holders_of(part.pk, on)
        playing = {holder.id for holder in who_plays(held, group=part.is_group)}
        shown = _Shown(request, held)
        rows = [row for one in held for row in shown.rows([one], plays=None if on is None else one.id in playing)]
        return Response({"character": part.pk, "on": on, "holders": rows})


class CastChangeView(ActingView):
    """The handover of a part to another holder during the run."""

    _body = body_of(change_cast, leave_out=("production",), model=Credit, partial=True)

    @extend_schema(
        request=_body,
        responses={201: CreditInternal, 202: SubmittedAnswer},
        operation_id="production_cast_change",
    )
    def post(self, request: Request, production: str) -> Response:
        row = visible(request, Production, production)
        return self.perform(
            request, change_cast, lambda made: Response(CreditInternal(made).data, 201), subject=row, body=self._body
        )

    post.action_run = change_cast  # type: ignore[attr-defined]


class TeamNightsView(ActingView):
    """The days of the alternating casts."""

    _body = body_of(set_team_nights, leave_out=("production",))

    @extend_schema(
        responses=TeamsRead,
        operation_id="production_team_nights",
    )
    def get(self, request: Request, production: str) -> Response:
        """List the days of each of the alternating casts."""
        return Response(_nights(_cast_seen(request, production)))

    @extend_schema(
        request=_body,
        responses={
            200: TeamsRead,
            202: SubmittedAnswer,
        },
        operation_id="production_set_team_nights",
    )
    def post(self, request: Request, production: str) -> Response:
        row = visible(request, Production, production)
        return self.perform(
            request, set_team_nights, lambda done: Response(_nights(done)), subject=row, body=self._body
        )

    post.action_run = set_team_nights  # type: ignore[attr-defined]


class _AlwaysJson(DefaultContentNegotiation):
    """Problems are always JSON; the view itself reads Accept to choose between JSON and Markdown."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ProgramView(ActingView):
    """The program of a production."""

    content_negotiation_class = _AlwaysJson

    @extend_schema(
        parameters=[ON],
        responses={
            (200, "application/json"): ProgramRead,
            (200, "text/markdown"): OpenApiResponse(OpenApiTypes.STR, "The program as text."),
        },
        operation_id="production_program",
    )
    def get(self, request: Request, production: str) -> HttpResponse | Response:
        """Get the program of the day `?on=`, else of today's performance, the next, or the last. `Accept: text/markdown`
        returns it as text. If no performance is known, it is of the day of the run nearest to today; if the run is not
        known to the day, it names everybody of the run. `performances` are those of the day; empty if there are none.
        Errors: `outside_the_run`."""
        row, on = _cast_seen(request, production), _day(request)
        if on is not None:
            outside_the_run(row, on, field="on")
        program = program_for(actor_of(request), row, on, runs.instant())
        if _prefers_markdown(request):
            return HttpResponse(markdown(program), content_type="text/markdown; charset=utf-8", headers=_VARY)
        return Response(asdict(program), headers=_VARY)


class PersonHistoryView(ActingView):
    """The credits of a person."""

    @extend_schema(responses=PersonHistoryRead, operation_id="person_history")
    def get(self, request: Request, person: str) -> Response:
        """List all credits of a person by production, as far as you may see them; /people/<id>/credits/ has them page
        by page."""
        found = visible(request, Person, person)
        return Response(_history(found.pk, _seen(request, casting.history(found.pk))))


_VARY = {"Vary": "Accept"}


def _day(request: Request) -> dt.date | None:
    text = request.query_params.get("on")
    if unknown := sorted(set(request.query_params) - {"on", "format"}):
        raise Invalid("Unknown filter. Filters: on.", code="unknown_filter", field=unknown[0])
    if not text:
        return None
    try:
        if len(text) != len("2026-10-02"):
            raise ValueError
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{text[:40]!r} is not a date. Write it as 2026-10-02.", code="bad_date", field="on") from error


def _cast_seen(request: Request, pk: str) -> Production:
    """Return the production if the caller may see its cast: public productions for everybody, drafts with `view_cast`."""
    row: Production = visible(request, Production, pk)
    if row.published_at is None and not actor_of(request).holds("view_cast", row, runs.instant()):
        raise Http404
    return row


class _Shown:
    """Holders as this caller sees them. One query; none for the public or if everybody has a public page."""

    def __init__(self, request: Request, held: Iterable[casting.Holder]) -> None:
        actor = actor_of(request)
        private = {holder.person_id for holder in held if not holder.public}
        self._seen: set[int] = set()
        if private and actor.kind is not ActorKind.PUBLIC:
            seen = Person.objects.filter(pk__in=private).visible_to(actor)
            self._seen = set(seen.order_by().values_list("pk", flat=True))

    def rows(self, held: Iterable[casting.Holder], *, plays: bool | None = None) -> list[dict[str, Any]]:
        return [
            {
                "credit": holder.id,
                "person": holder.person_id if holder.public or holder.person_id in self._seen else None,
                "name": holder.name, "holding": holder.holding, "team": holder.team,
                "in_place_of": holder.in_place_of_id, "starts_on": holder.starts_on, "ends_on": holder.ends_on,
                "note": holder.note, "plays": plays,
            }
            for holder in held
        ]  # fmt: skip


def _nights(production: Production) -> dict[str, Any]:
    teams: dict[str, list[dt.date]] = {}
    for night in production.team_nights.order_by("team", "date"):
        teams.setdefault(night.team, []).append(night.date)
    listed = [{"team": team, "dates": dates} for team, dates in teams.items()]
    return {"production": production.pk, "teams": listed}


def _prefers_markdown(request: Request) -> bool:
    """Return whether Accept prefers text/markdown to JSON."""
    weights: dict[str, float] = {}
    for place, entry in enumerate(request.headers.get("Accept", "").split(",")):
        media, _, parameters = entry.strip().partition(";")
        quality = parameters.replace(" ", "").partition("q=")[2].partition(";")[0]
        try:
            weights[media.strip().lower()] = float(quality or 1) - place / 1_000
        except ValueError:
            continue
    return weights.get("text/markdown", 0) > weights.get("application/json", 0)


def _seen(request: Request, works: list[casting.Work]) -> list[casting.Work]:
    """Return the works that the actor may see. One more query if some are not public and the actor may see drafts."""
    drafts = [work.id for work in works if not work.public]
    if not drafts:
        return works
    visible = set(Credit.objects.filter(pk__in=drafts).visible_to(actor_of(request)).values_list("pk", flat=True))
    return [work for work in works if work.public or work.id in visible]


def _history(person: int, works: list[casting.Work]) -> dict[str, Any]:
    productions: dict[int, dict[str, Any]] = {}
    for work in works:
        about = productions.setdefault(
            work.production_id,
            {"production": work.production_id, "slug": work.slug, "title": work.title, "opens_on": work.opens_on,
             "closes_on": work.closes_on, "credits": []},
        )  # fmt: skip
        about["credits"].append(
            {"credit": work.id, "kind": work.kind, "role": work.role, "note": work.note, "holding": work.holding,
             "name": work.name, "starts_on": work.starts_on, "ends_on": work.ends_on}
        )  # fmt: skip
    return {"person": person, "count": len(works), "productions": list(productions.values())}
