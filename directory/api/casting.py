"""The addresses of casts: who plays what on which night, the program, a change in mid-run, and what somebody has done."""

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
from directory.api.duplicates import found_person
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
    "on", OpenApiTypes.DATE, description="The day that is asked about; without it the whole run. Example: 2027-03-14"
)


class CastView(ActingView):
    """Who plays in a production."""

    @extend_schema(parameters=[ON], responses=CastRead, operation_id="production_cast")
    def get(self, request: Request, production: str) -> Response:
        """Get the cast in billing order, as everybody may see it. With `?on=` of that day, and who of each part's
        holders plays it; without, everybody of the run. See directory/rules/holdings.py for who goes before whom."""
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
    """Who holds a part."""

    @extend_schema(parameters=[ON], responses=HoldersRead, operation_id="character_holders")
    def get(self, request: Request, character: str) -> Response:
        """Get who holds a part: with `?on=` on that day, and which of them plays; without, everybody who ever did."""
        part: Character = visible(request, Character, character)
        on = _day(request)
        held = casting.holders_of(part.pk, on)
        playing = {holder.id for holder in who_plays(held, group=part.is_group)}
        shown = _Shown(request, held)
        rows = [row for one in held for row in shown.rows([one], plays=None if on is None else one.id in playing)]
        return Response({"character": part.pk, "on": on, "holders": rows})


class CastChangeView(ActingView):
    """A part goes from one holder to another during the run."""

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
    """Which of the casts that alternate plays when."""

    _body = body_of(set_team_nights, leave_out=("production",))

    @extend_schema(
        responses=TeamsRead,
        operation_id="production_team_nights",
    )
    def get(self, request: Request, production: str) -> Response:
        """List the days of each of several casts that alternate."""
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
    """Problems are JSON whatever is accepted; the view itself looks whether Markdown is asked for."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class ProgramView(ActingView):
    """The program of a production."""

    content_negotiation_class = _AlwaysJson

    @extend_schema(
        parameters=[ON],
        responses={
            (200, "application/json"): ProgramRead,
            (200, "text/markdown"): OpenApiResponse(OpenApiTypes.STR, "The program to read."),
        },
        operation_id="production_program",
    )
    def get(self, request: Request, production: str) -> HttpResponse | Response:
        """Get the program of a day: of `?on=`, else of today's performance, the next, or the last; `Accept:
        text/markdown` has it to read. Where no performance is known, it is of the day of the run that is nearest to
        today, and where that is not known to the day, everybody of the run is named. `performances` are those of the
        day: none, where it is not played or no times are known. Refused: a day outside of the run."""
        row, on = _cast_seen(request, production), _day(request)
        if on is not None:
            outside_the_run(row, on, field="on")
        program = program_for(actor_of(request), row, on, runs.instant())
        if _prefers_markdown(request):
            return HttpResponse(markdown(program), content_type="text/markdown; charset=utf-8", headers=_VARY)
        return Response(asdict(program), headers=_VARY)


class PersonHistoryView(ActingView):
    """What somebody has done."""

    @extend_schema(responses=PersonHistoryRead, operation_id="person_history")
    def get(self, request: Request, person: str) -> Response:
        """List all credits of somebody by production, as far as you may see them; /people/<id>/credits/ has them page
        by page."""
        found = found_person(request, person)
        return Response(_history(found.pk, _seen(request, casting.history(found.pk))))


_VARY = {"Vary": "Accept"}


def _day(request: Request) -> dt.date | None:
    text = request.query_params.get("on")
    if unknown := sorted(set(request.query_params) - {"on", "format"}):
        raise Invalid("There is no such filter. Filters: on.", code="unknown_filter", field=unknown[0])
    if not text:
        return None
    try:
        if len(text) != len("2026-10-02"):
            raise ValueError
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{text[:40]!r} is not a day. Write it as 2026-10-02.", code="bad_date", field="on") from error


def _cast_seen(request: Request, pk: str) -> Production:
    """The production, if its cast may be seen: everybody sees a public their, a draft's those who may view the cast."""
    row: Production = visible(request, Production, pk)
    if row.published_at is None and not actor_of(request).holds("view_cast", row, runs.instant()):
        raise Http404
    return row


class _Shown:
    """Holders as this caller sees them. One query, and none for the public or where everybody has a public page."""

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
    """Whether text/markdown is named in Accept before, and no worse than, JSON."""
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
    """Those that the actor may see. One query more, where anything is not public and they may see drafts somewhere."""
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
