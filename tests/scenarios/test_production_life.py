"""A production lives: three people bring it from an idea to its announcement; one of the past is archived and taken up again."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry
from productions.models import Production
from productions.signals import production_canceled
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import directory, scheduling, ticketing
from tests.worlds import productions as scene

pytestmark = pytest.mark.django_db
PATH = "/api/v1/productions/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


class Desk:
    """Somebody at work on one production, over HTTP only."""

    def __init__(self, who: Any, pk: int = 0) -> None:
        self.browser, self.pk = world.client(who), pk

    def do(self, verb: str, **body: Any) -> Any:
        return world.post(self.browser, f"{PATH}{self.pk}/{verb}/", body)

    def say(self, **changes: Any) -> Any:
        version = self.browser.get(f"{PATH}{self.pk}/internal/").json()["version"]
        return world.patch(self.browser, f"{PATH}{self.pk}/", changes, version)

    def step(self, to: str) -> tuple[int, str]:
        answer = self.do("advance", to=to)
        return answer.status_code, answer.json().get("code") or answer.json()["status"]

    def checklist(self) -> dict[str, Any]:
        answer = self.browser.get(f"{PATH}{self.pk}/checklist/")
        assert answer.status_code == 200, answer.json()
        told: dict[str, Any] = answer.json()
        return told

    def open_lines(self, step: str, *, required: bool | None = None) -> set[str]:
        lines = [line for line in self.checklist()["lines"] if line["step"] == step and not line["done"]]
        return {line["code"] for line in lines if required in (None, line["required"])}


def test_three_people_bring_an_idea_to_its_announcement(theater: Theater) -> None:
    section = theater.season.section
    manager = Desk(world.give("production_manager", section, by=theater.director))
    writer = Desk(world.give("marketing_coordinator", section, by=theater.director))
    director = Desk(theater.director)

    made = world.post(manager.browser, PATH, {"season": theater.season.pk, "title": "Wesele", "status": "idea"})
    assert made.status_code == 201, made.json()
    for desk in (manager, writer, director):
        desk.pk = made.json()["id"]
    assert world.client().get(f"{PATH}{director.pk}/").status_code == 404

    told = manager.checklist()
    assert (told["status"], told["next"], told["ready"]) == ("idea", "planned", True)
    assert manager.open_lines("planned") == {"opens_on", "authors"}
    skipped = director.do("publish")
    assert (skipped.status_code, skipped.json()["code"]) == (409, "step_skipped")
    assert skipped.json()["data"]["between"] == ["planned"]
    assert manager.say(opens_on="2031-11", authors=["Stanisław Wyspiański"]).status_code == 200
    assert manager.step("planned") == (200, "planned")
    assert manager.step("announced") == (409, "announced_by_publishing")

    # Marketing writes what the public reads, and may only submit it.
    submitted = writer.say(short_synopsis="A wedding at which nobody can sit still.", age_guidance="12+")
    assert submitted.status_code == 202, submitted.json()
    submission = f"/api/v1/submissions/{submitted.json()['id']}"
    assert writer.open_lines("announced") >= {"short_synopsis", "age_guidance", "creative_team", "picture"}
    seen = {"comment": "Go.", "digest": world.seen(submitted.json())}
    assert world.post(director.browser, f"{submission}/approve/", seen).status_code == 200
    assert writer.open_lines("announced") == {"creative_team", "picture"}

    # The manager asks for the announcement, the director grants it.
    asked = manager.do("publish")
    assert asked.status_code == 202, asked.json()
    assert world.client().get(f"{PATH}{director.pk}/").status_code == 404
    seen = {"comment": "", "digest": world.seen(asked.json())}
    approved = world.post(director.browser, f"/api/v1/submissions/{asked.json()['id']}/approve/", seen)
    assert approved.status_code == 200, approved.json()
    public = world.client().get(f"{PATH}by-slug/wesele/").json()
    assert (public["status"], public["age_guidance"]) == ("announced", "12+")
    entry = AuditEntry.objects.get(action="production.publish")
    assert entry.actor_id == theater.director.pk
    assert entry.on_behalf_of.name == "Production Manager"


def test_a_step_waits_for_what_other_apps_know(theater: Theater) -> None:
    production = world.production(theater.season, by=theater.director, published=True)
    desk = Desk(theater.director, production.pk)
    assert desk.step("running") == (409, "step_skipped")
    assert desk.step("announced") == (409, "already_there")
    assert desk.step("planned") == (409, "planned_by_unpublishing")
    assert desk.checklist()["ready"] is False
    refused = desk.do("advance", to="on_sale")
    assert refused.json()["code"] == "step_not_ready"
    missing = {(line["app"], line["code"]) for line in refused.json()["data"]["missing"]}
    assert missing == {("scheduling", "first_performance"), ("ticketing", "price_and_chart")}
    assert "A price and a seating chart" in refused.json()["detail"]

    chart = ticketing.chart(by=theater.director)
    ticketing.performance(production, by=theater.director, chart=chart)
    assert desk.open_lines("on_sale", required=True) == {"price_and_chart"}
    ticketing.on_sale(production, by=theater.director, chart=chart)
    assert desk.checklist()["ready"] is True
    assert [desk.step(to) for to in ("on_sale", "announced", "on_sale", "running")] == [
        (200, "on_sale"), (200, "announced"), (200, "on_sale"), (200, "running"),
    ]  # fmt: skip
    assert desk.step("announced") == (409, "no_such_step")
    assert desk.do("archive").json()["code"] == "step_skipped"
    assert desk.step("closed") == (200, "closed")
    assert desk.do("cancel", reason="Too late.").json()["code"] == "too_late"


@pytest.mark.parametrize("steps", [["on_sale"], ["on_sale", "running"]])
def test_what_is_unpublished_while_it_is_sold_is_planned_again(theater: Theater, steps: list[str]) -> None:
    production = world.production(theater.season, by=theater.director, published=True)
    evening = ticketing.on_sale(production, by=theater.director, chart=ticketing.chart(by=theater.director))
    desk = Desk(theater.director, production.pk)
    assert [desk.step(to) for to in steps][-1] == (200, steps[-1])
    assert desk.do("unpublish").json()["status"] == "planned"
    held = world.post(world.client(), f"/api/v1/performances/{evening.pk}/holds/", {"seats": [1]})
    assert (held.status_code, held.json()["code"]) == (404, "not_found")
    assert desk.do("publish").json()["status"] == "announced"
    assert [desk.step(to) for to in steps][-1] == (200, steps[-1])


def test_what_was_unpublished_after_its_last_night_can_be_taken_back_all_the_way(theater: Theater) -> None:
    desk = Desk(theater.director, scene.closed(theater.season, by=theater.director).pk)
    assert desk.do("unpublish").json()["status"] == "closed"
    back = ("running", "on_sale", "announced", "planned")
    assert [desk.step(to) for to in back] == [(200, to) for to in back]
    assert desk.do("publish").json()["status"] == "announced"


def test_a_canceled_production_is_not_sold(theater: Theater) -> None:
    production = scene.on_sale(theater.season, by=theater.director)
    (evening,) = production.occurrences.all()
    chart = evening.sale.chart
    seats = list(chart.seats.order_by("pk").values_list("pk", flat=True))
    matinee = ticketing.performance(production, by=theater.director, chart=chart)
    office, public = world.client(theater.director), world.client()

    holds = f"/api/v1/performances/{evening.pk}/holds/"
    held = world.post(public, holds, {"seats": seats[:1]})
    assert held.status_code == 201, held.json()
    order = {"hold": held.json()["token"], "buyer_name": "Bea", "buyer_email": "bea@home.example"}
    terms = {"chart": chart.pk, "currency": "EUR", "price_categories": [{"category": ticketing.STALLS, "price": "25"}]}
    selling = (
        (public, holds, {"seats": seats[1:2]}),
        (public, "/api/v1/orders/", order),
        (office, f"/api/v1/performances/{matinee.pk}/open-sale/", terms),
    )
    desk = Desk(theater.director, production.pk)
    heard: list[tuple[int, str]] = []

    def listen(production: Production, reason: str, **_: Any) -> None:
        heard.append((production.pk, reason))

    production_canceled.connect(listen)
    try:
        assert desk.do("cancel", reason=" ").json()["errors"][0] == {
            "field": "reason", "code": "required", "message": "Give a reason for the cancellation.",
        }  # fmt: skip
        assert desk.do("cancel", reason="Money ran out.").json()["cancel_reason"] == "Money ran out."
    finally:
        production_canceled.disconnect(listen)
    assert heard == [(production.pk, "Money ran out.")]
    shown = world.client().get(f"{PATH}{production.pk}/").json()
    assert shown["status"] == "canceled"
    assert "Money ran out." not in str(shown)

    # No place is kept, what was kept is not bought, no sale is opened.
    for browser, path, body in selling:
        answer = world.post(browser, path, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "production_canceled"), path
    for to in ("on_sale", "planned", "announced"):
        assert desk.step(to) == (409, "production_canceled")
    assert desk.do("cancel", reason="Again.").json()["code"] == "already_there"
    assert desk.do("reinstate").json()["status"] == "announced"
    # Its events were canceled with it, and come back one by one.
    boss = world.client(theater.director)
    for row in boss.get("/api/v1/occurrences/", {"production": production.pk, "status": "canceled"}).json()["results"]:
        assert world.post(boss, f"/api/v1/occurrences/{row['id']}/reinstate/").status_code == 200
    for browser, path, body in selling:
        assert world.post(browser, path, body).status_code == 201, path
    assert desk.do("reinstate").json()["code"] == "not_canceled"
    assert desk.do("unpublish").json()["status"] == "planned"
    assert desk.do("cancel", reason="Now for good.").json()["code"] == "waiver_required"
    told = {"tickets_sold": "Buyers are told."}
    assert desk.do("cancel", reason="Now for good.", waive=told).json()["status"] == "canceled"
    assert desk.do("publish").json()["code"] == "production_canceled"
    assert desk.do("archive").json()["status"] == "archived"


def test_only_insiders_read_checklists_and_licenses(theater: Theater) -> None:
    scene.license_of(theater.production, by=theater.director)
    viewer = world.give("viewer", theater.root, by=theater.director)
    for who, status, licenses in ((None, 401, 0), (theater.stranger, 403, 0), (viewer, 200, 1)):
        browser = world.client(who)
        assert browser.get(f"{PATH}{theater.production.pk}/checklist/").status_code == status
        assert len(browser.get("/api/v1/licenses/").json()["results"]) == licenses


def test_a_past_production_is_archived_and_taken_up_again(theater: Theater) -> None:
    past = {
        "title": "Wesele", "subtitle": "A drama", "authors": ["Wyspiański"], "synopsis": "A wedding.", "genre": "drama",
        "running_minutes": 150, "quotes": [{"text": "Restless."}], "opens_on": "2031-02-01", "company": "Stary",
    }  # fmt: skip
    production = scene.closed(theater.season, by=theater.director, **past)
    scene.license_of(production, by=theater.director)
    scheduling.run(production, by=theater.director, label="Home", starts_on="2031-02", ends_on="2031-03")
    leg = {"label": "Leg 1", "kind": "tour", "position": 1, "company": "The Touring Company"}
    scheduling.run(production, by=theater.director, **leg)
    archivist = Desk(world.give("archivist", theater.root, by=theater.director), production.pk)
    assert archivist.open_lines("archived") == {"closes_on", "cast", "team", "picture"}
    person = directory.person(by=theater.director)
    credited = {"production": production.pk, "person": person.pk, "kind": "cast", "role": "Panna Młoda"}
    assert world.post(world.client(theater.director), "/api/v1/credits/", credited).status_code == 201
    assert archivist.open_lines("archived") == {"closes_on", "team", "picture"}
    done = archivist.do("archive")
    assert (done.status_code, done.json()["status"]) == (200, "archived")
    noted = AuditEntry.objects.get(action="production.archive").note["completeness"]
    assert {line["code"] for line in noted if not line["done"]} == {"closes_on", "team", "picture"}
    reported = archivist.checklist()
    assert {name: reported[name] for name in ("status", "next", "ready")} == {
        "status": "archived", "next": None, "ready": False,
    }  # fmt: skip
    assert reported["lines"] == noted
    assert archivist.say(closes_on="2031-03").status_code == 200
    assert archivist.open_lines("archived") == {"team", "picture"}

    later = world.season(theater.root, by=theater.director)
    wanted = {"season": later.pk, "parts": ["texts", "work", "runs"]}
    refused = archivist.do("copy", **wanted)
    assert (refused.status_code, refused.json()["data"]["needs"]) == (403, ["edit_schedule"])
    copied = Desk(theater.director, production.pk).do("copy", **wanted)
    assert copied.status_code == 200, copied.json()
    copy = copied.json()
    assert {name: copy[name] for name in ("title", "subtitle", "authors", "synopsis", "status", "season", "slug")} == {
        "title": "Wesele", "subtitle": "A drama", "authors": ["Wyspiański"], "synopsis": "A wedding.", "status": "planned",
        "season": later.pk, "slug": "wesele-2",
    }  # fmt: skip
    left = ("genre", "company", "running_minutes", "quotes", "opens_on", "published_at", "archive_key")
    assert {copy[name] or None for name in left} == {None}
    runs = (
        world.client(theater.director).get(f"/api/v1/runs/?production={copy['id']}&ordering=position").json()["results"]
    )
    assert [(run["label"], run["kind"], run["company"], run["starts_on"]) for run in runs] == [
        ("Home", "", "", ""), ("Leg 1", "tour", "The Touring Company", ""),
    ]  # fmt: skip
    assert len({run["venue"] for run in runs}) == 2
    assert world.client(theater.director).get(f"/api/v1/licenses/?production={copy['id']}").json()["results"] == []
    original = world.client(theater.director).get(f"{PATH}{production.pk}/internal/").json()
    assert (original["status"], original["title"]) == ("archived", "Wesele")
    renamed = archivist.do("copy", season=later.pk, title="The Wedding", parts=["facts", "press", "company"]).json()
    assert (renamed["title"], renamed["genre"], renamed["quotes"][0]["text"]) == ("The Wedding", "drama", "Restless.")
    assert archivist.do("copy", season=later.pk, parts=["license"]).status_code == 400
