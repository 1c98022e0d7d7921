"""Productions over HTTP: fields and their refusals, addresses that last, anniversaries, rankings, plans and licenses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from productions.models import FormerAddress, Production, Season, SeasonSlot
from productions.services.life import cancel_production
from productions.services.productions import unpublish_production, update_production
from scheduling.services.occurrences import cancel_occurrence
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import delegation, directory, scheduling
from tests.worlds import productions as scene
from theater_site.core.errors import Conflict

pytestmark = pytest.mark.django_db
PATH = "/api/v1/productions/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def browser(theater: Theater) -> Any:
    return world.client(theater.director)


def change(browser: Any, production: Production, **changes: Any) -> Any:
    production.refresh_from_db()
    return world.patch(browser, f"{PATH}{production.pk}/", changes, production.version)


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer["Content-Type"] == "application/problem+json", answer.content
    return [(fault["field"], fault["code"]) for fault in answer.json()["errors"]]


# --- What is said of a production ------------------------------------------------------------------------------------


def test_all_fields_are_returned_cleaned(theater: Theater, browser: Any) -> None:
    said = {
        "adaptors": ["Ann Adaptor"], "translators": ["Tom"], "composers": ["Cy"], "lyricists": ["Lea"],
        "choreographers": ["Kit"], "billing": "Presented by arrangement with <b>the House</b>.", "language": "PT-br",
        "premiere": "national", "accessibility": ["relaxed", "audio_description", "relaxed"],
        "partners": [{"name": "City Theater", "role": "co-producer"}],
        "links": [{"url": "https://A.example/?utm_source=x", "label": "Trailer"}],
        "quotes": [{"text": "A triumph.", "source": "The Stage", "author": "R. View"}],
        "awards": [{"name": "Best Play", "year": 2025, "won": False}],
        "intermissions": 1, "opens_on": "2031-11", "closes_on": "2031-12-05",
    }  # fmt: skip
    answer = change(browser, theater.production, **said)
    assert answer.status_code == 200, answer.json()
    shown = world.client().get(f"{PATH}{theater.production.pk}/").json()
    assert {name: shown[name] for name in said} == said | {
        "billing": "Presented by arrangement with the House.",
        "language": "pt-BR",
        "accessibility": ["audio_description", "relaxed"],
        "partners": [{"name": "City Theater", "role": "co-producer", "url": ""}],
        "links": [{"url": "https://a.example/", "label": "Trailer"}],
        "quotes": [{"text": "A triumph.", "source": "The Stage", "author": "R. View", "url": ""}],
        "awards": [{"name": "Best Play", "category": "", "year": 2025, "recipient": "", "won": False}],
    }
    assert shown["url"] == f"{PATH}by-slug/{theater.production.slug}/"
    assert not {"version", "section", "cancel_reason", "published_at"} & shown.keys()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"language": "English"}, [("language", "bad_language")]),
        ({"premiere": "galactic"}, [("premiere", "invalid_choice")]),
        ({"accessibility": ["telepathy"]}, [("accessibility.0", "invalid_choice")]),
        ({"links": [{"url": "https://a.example"}, {"url": "http://b.example"}]}, [("links.1.url", "bad_link")]),
        ({"links": [{"label": "x"}]}, [("links.0.url", "required")]),
        ({"quotes": [{"text": "x", "stars": 5}]}, [("quotes.0.stars", "unknown_field")]),
        ({"slug": "Not A Slug"}, [("slug", "invalid")]),
        ({"slug": "a--b"}, [("slug", "bad_slug")]),
        ({"opens_on": "2031-05", "closes_on": "2031-04-30"}, [("closes_on", "ends_before_start")]),
        ({"status": "on_sale"}, [("status", "unknown_field")]),
        ({"language": "English", "slug": "a-"}, [("language", "bad_language"), ("slug", "bad_slug")]),
    ],
)
def test_invalid_values_are_refused_by_field(theater: Theater, browser: Any, said: Any, found: Any) -> None:
    answer = change(browser, theater.production, **said)
    assert (answer.status_code, sorted(faults(answer))) == (400, found)


def test_a_production_starts_as_idea_planned_or_archived(theater: Theater, browser: Any) -> None:
    for status, code in (("idea", 201), ("archived", 201), ("running", 400), ("canceled", 400)):
        answer = world.post(browser, PATH, {"season": theater.season.pk, "title": "Hamlet", "status": status})
        assert answer.status_code == code, answer.json()
    assert faults(answer) == [("status", "status_not_first")]


def test_partial_dates_are_sorted(theater: Theater) -> None:
    dates = ["", "1998", "1998-01", "1998-01-01", "1998-02", "0999"]
    for date in dates:
        world.production(theater.season, by=theater.director, published=True, opens_on=date)
    listed = world.client().get(PATH).json()["results"]
    assert [row["opens_on"] for row in listed] == ["1998-02", "1998-01-01", "1998-01", "1998", "0999", ""]


# --- Addresses -------------------------------------------------------------------------------------------------------


def at(slug: str, who: Any = None) -> Any:
    return world.client(who).get(f"{PATH}by-slug/{slug}/")


def test_an_old_slug_redirects_to_the_production(theater: Theater, browser: Any) -> None:
    production = theater.production
    first = production.slug
    assert change(browser, production, title="Another title").json()["slug"] == first, "a new title alone changes none"
    assert change(browser, production, slug="second").status_code == 200
    assert change(browser, production, slug="third").status_code == 200
    for old in (first, "second"):
        answer = at(old)
        assert (answer.status_code, answer["Location"]) == (308, f"{PATH}by-slug/third/")
        assert answer.json() == {"slug": "third", "url": f"{PATH}by-slug/third/"}
        assert world.client().get(answer["Location"]).json()["id"] == production.pk
    assert change(browser, production, slug=first).status_code == 200, "it may have its own old one again"
    assert (at(first).status_code, at("third").status_code) == (200, 308)
    assert sorted(FormerAddress.objects.values_list("slug", flat=True)) == ["second", "third"]
    with CaptureQueriesContext(connection) as queries:
        at("second")
    assert len(queries) == 2


def test_a_slug_in_use_now_or_earlier_is_refused(theater: Theater, browser: Any) -> None:
    other = world.production(theater.season, by=theater.director, published=True, title="Macbeth")
    assert change(browser, other, slug="scottish-play").status_code == 200
    for slug in ("scottish-play", "macbeth"):
        refused = change(browser, theater.production, slug=slug)
        assert (refused.status_code, refused.json()["code"]) == (409, "slug_taken")
        assert faults(refused) == [("slug", "slug_taken")]
    again = world.production(theater.season, by=theater.director, title="Macbeth")
    assert again.slug == "macbeth-2", "what is made of a title leaves old addresses alone"
    made = world.post(browser, PATH, {"season": theater.season.pk, "title": "New", "slug": "macbeth"})
    assert (made.status_code, made.json()["code"]) == (409, "slug_taken")
    with pytest.raises(Conflict, match="address"):
        update_production(actor=theater.acting(), production=again, changes={"slug": "macbeth"})


def test_no_slug_redirects_to_unpublished_content(theater: Theater, browser: Any) -> None:
    production = theater.draft
    old = production.slug
    assert change(browser, production, slug="secret").status_code == 200
    for slug in (old, "secret"):
        assert (at(slug).status_code, at(slug, theater.stranger).status_code) == (404, 404)
    assert (at(old, theater.director).status_code, at("secret", theater.director).status_code) == (308, 200)


# --- Reversed dates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["productions", "seasons", "runs", "credits", "season-slots", "licenses"])
def test_reversed_dates_of_an_archive_do_not_block_other_updates(theater: Theater, browser: Any, what: str) -> None:
    by, production = theater.director, theater.production
    row: Any
    row, other = {
        "productions": lambda: (production, {"genre": "drama"}),
        "seasons": lambda: (theater.season, {"summary": "As it was."}),
        "runs": lambda: (scheduling.run(production, by=by), {"label": "Home"}),
        "credits": lambda: (directory.credit(production, directory.person(by=by), "Viola", by=by), {"note": "Act 2"}),
        "season-slots": lambda: (scene.slot(theater.season, by=by), {"note": "Perhaps."}),
        "licenses": lambda: (scene.license_of(production, by=by), {"note": "By telephone."}),
    }[what]()
    start, end = ("opens_on", "closes_on") if what == "productions" else ("starts_on", "ends_on")
    # As an archive is taken in: what it printed is kept.
    type(row).objects.filter(pk=row.pk).update(**{start: "1998-04", end: "1998-03"})

    def say(**changes: Any) -> Any:
        row.refresh_from_db()
        return world.patch(browser, f"/api/v1/{what}/{row.pk}/", changes, row.version)

    described = say(**other)
    assert described.status_code == 200, described.json()
    assert faults(say(**{end: "1998-02"})) == [(end, "ends_before_start")]
    assert say(**{end: "1998-05"}).status_code == 200


# --- On this day, most played ----------------------------------------------------------------------------------------


def remembered(who: Any = None, day: str = "?month=2&day=29") -> list[tuple[int, str, int, str]]:
    answer = world.client(who).get(f"{PATH}on-this-day/{day}")
    assert answer.status_code == 200, answer.json()
    return [(r["year"], r["event"], r["times"], r["production"]["title"]) for r in answer.json()["results"]]


def test_on_this_day_lists_openings_performances_and_closings(theater: Theater) -> None:
    by = theater.director
    old = world.production(
        theater.season, by=by, published=True, title="Old", opens_on="1988-02-29", closes_on="1988-03"
    )
    world.production(theater.season, by=by, title="Draft", opens_on="1992-02-29")
    played = world.production(theater.season, by=by, published=True, title="Played", closes_on="2020-02-29")
    for hour in (14, 19):
        scheduling.occurrence(
            played, by=by, published=True, category="performance", date="2020-02-29", start_time=f"{hour}:00"
        )
    scheduling.occurrence(played, by=by, published=True, category="performance", date="2020-02-28")
    off = scheduling.occurrence(played, by=by, published=True, category="performance", date="2016-02-29")
    cancel_occurrence(actor=theater.acting(), occurrence=off, reason=None)
    scheduling.occurrence(played, by=by, category="performance", date="2012-02-29")
    scheduling.run(old, by=by, starts_on="1988-02-29", ends_on="1996-02-29")
    public = [
        (1988, "opened", 1, "Old"),
        (1996, "closed", 1, "Old"),
        (2020, "performed", 2, "Played"),
        (2020, "closed", 1, "Played"),
    ]
    assert remembered() == public
    inside = [*public, (1992, "opened", 1, "Draft"), (2012, "performed", 1, "Played")]
    assert sorted(remembered(by)) == sorted(inside)
    assert remembered(day="?month=3&day=1") == []


@pytest.mark.parametrize("query", ["", "?month=2&day=30", "?month=13&day=1", "?month=x&day=1", "?month=1&day=-1"])
def test_an_invalid_day_is_refused(db: Any, query: str) -> None:
    world.found()
    answer = world.client().get(f"{PATH}on-this-day/{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_the_queries_of_on_this_day_do_not_grow(theater: Theater) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            remembered(day="?month=5&day=5")
        return len(queries)

    def one(year: int) -> None:
        production = world.production(theater.season, by=theater.director, published=True, opens_on=f"{year}-05-05")
        scheduling.occurrence(
            production, by=theater.director, published=True, category="performance", date=f"{year}-05-05"
        )
        other = world.production(theater.season, by=theater.director, published=True)
        scheduling.occurrence(other, by=theater.director, published=True, category="performance", date=f"{year}-05-05")

    one(2001)
    first = cost()
    for year in range(2002, 2007):
        one(year)
    assert cost() == first <= 4


def test_on_this_day_omits_canceled_and_future_performances(theater: Theater) -> None:
    by, today = theater.director, timezone.localdate()
    tomorrow = today + timedelta(days=1)
    dates = {"opens_on": today.isoformat(), "closes_on": tomorrow.isoformat()}
    productions = [
        world.production(theater.season, by=by, published=True, title=title, **dates) for title in ("On", "Off")
    ]
    for production in productions:
        for day in (today.isoformat(), tomorrow.isoformat(), f"{today:%Y}", f"{today.year - 1}"):
            on = {"date": day, "start_time": None, "duration_minutes": None, "category": "performance"}
            scheduling.occurrence(production, by=by, published=True, **on)
        scheduling.run(production, by=by, starts_on=today.isoformat(), ends_on=tomorrow.isoformat())
    cancel_production(actor=theater.acting(), production=productions[1], reason="Money ran out.")
    assert remembered(day=f"?month={today.month}&day={today.day}") == [
        (today.year, "opened", 1, "On"), (today.year, "performed", 1, "On"),
    ]  # fmt: skip
    assert remembered(day=f"?month={tomorrow.month}&day={tomorrow.day}") == []
    played = world.client().get(f"{PATH}most-played/").json()["results"]
    # Today's and last year's; of this year's nobody knows whether it was.
    assert {row["title"]: row["performances"] for row in played if row["title"] in ("On", "Off")} == {"On": 2, "Off": 0}


def test_most_played_counts_visible_performances_in_pages(theater: Theater) -> None:
    played = {"category": "performance", "date": "2001-11-20"}
    for times in (2, 0, 3, 2):
        production = world.production(theater.season, by=theater.director, published=True, title=f"{times} times")
        for _ in range(times):
            scheduling.occurrence(production, by=theater.director, published=True, **played)
        hidden = scheduling.occurrence(production, by=theater.director, **played)
        scheduling.occurrence(production, by=theater.director, published=True, category="rehearsal", date="2001-11-20")
    cancel_occurrence(actor=theater.acting(), occurrence=hidden, reason=None)
    browser, seen, url = world.client(), [], f"{PATH}most-played/?page_size=1"
    while url:
        page = browser.get(url).json()
        seen += [(row["performances"], row["title"]) for row in page["results"]]
        url = page["next"]
    assert seen == [(3, "3 times"), (2, "2 times"), (2, "2 times"), (0, "0 times")]
    inside = world.client(theater.director).get(f"{PATH}most-played/").json()["results"]
    assert [row["performances"] for row in inside] == [4, 3, 2, 1]


# --- Seasons ---------------------------------------------------------------------------------------------------------


def test_the_next_season_takes_over_the_selected_parts(theater: Theater, browser: Any) -> None:
    strands = [scene.strand(theater.root, by=theater.director).pk for _ in range(2)]
    season = theater.season
    told = world.patch(browser, f"/api/v1/seasons/{season.pk}/", {"strands": strands}, season.version)
    assert [strand["id"] for strand in told.json()["strands"]] == strands
    season.refresh_from_db()
    filled = scene.slot(season, by=theater.director, position=1)
    scene.slot(season, by=theater.director, idea="Dropped", status="dropped")
    scene.slot(season, by=theater.director, idea="A musical", status="penciled", position=2, starts_on="2031-03")
    scene.slot(season, by=theater.director, idea="A classic", position=0)
    answer = world.post(browser, f"/api/v1/season-slots/{filled.pk}/fill/", {"production": theater.production.pk})
    assert (answer.status_code, answer.json()["status"]) == (200, "confirmed")

    path = f"/api/v1/seasons/{season.pk}/hand-over/"
    made = world.post(browser, path, {"name": "Following", "starts_on": "2032", "parts": ["strands", "open_slots"]})
    assert made.status_code == 200, made.json()
    following = Season.objects.get(name="Following")
    assert [strand["id"] for strand in made.json()["strands"]] == strands
    slots = list(following.slots.order_by("position").values_list("position", "idea", "status", "starts_on"))
    assert slots == [(0, "A classic", "open", ""), (1, "A musical", "open", "")]
    assert following.published_at is None
    assert SeasonSlot.objects.filter(season=season).count() == 4
    bare = world.post(browser, path, {"name": "Bare", "parts": []}).json()
    assert (bare["strands"], SeasonSlot.objects.filter(season=bare["id"]).count()) == ([], 0)
    assert world.post(browser, path, {"name": "Odd", "parts": ["budget"]}).status_code == 400


def test_a_slot_is_filled_once_by_a_production_of_its_season(theater: Theater, browser: Any) -> None:
    slot, second = (scene.slot(theater.season, by=theater.director) for _ in range(2))
    elsewhere = world.production(theater.draft_season, by=theater.director)

    def fill(which: SeasonSlot, production: Production) -> tuple[int, str]:
        answer = world.post(browser, f"/api/v1/season-slots/{which.pk}/fill/", {"production": production.pk})
        return answer.status_code, answer.json().get("code", "")

    assert fill(slot, elsewhere) == (409, "other_season")
    assert fill(slot, theater.production) == (200, "")
    assert fill(slot, theater.draft) == (409, "slot_filled")
    assert fill(second, theater.production) == (409, "production_taken")
    slot.refresh_from_db()
    opened = world.patch(browser, f"/api/v1/season-slots/{slot.pk}/", {"status": "dropped"}, slot.version)
    assert opened.json()["production"] is None
    assert fill(slot, theater.production) == (409, "slot_dropped")
    assert fill(second, theater.production) == (200, "")
    bad = world.post(browser, "/api/v1/season-slots/", {"season": theater.season.pk})
    assert faults(bad) == [("idea", "required")]
    assert world.client().get("/api/v1/season-slots/").json()["results"] == []


@pytest.mark.parametrize("ending", ["cancel", "move", "delete"])
def test_a_slot_reopens_when_its_production_is_deleted(theater: Theater, browser: Any, ending: str) -> None:
    production = world.production(theater.season, by=theater.director, title="Wesele")
    slot = scene.slot(theater.season, by=theater.director)
    path = f"/api/v1/season-slots/{slot.pk}/"
    assert world.post(browser, f"{path}fill/", {"production": production.pk}).json()["status"] == "confirmed"
    slot.refresh_from_db()
    assert world.patch(browser, path, {"idea": ""}, slot.version).status_code == 200
    here = f"{PATH}{production.pk}/"
    answer = {
        "cancel": lambda: world.post(browser, f"{here}cancel/", {"reason": "Money ran out."}),
        "move": lambda: world.post(browser, f"{here}move-season/", {"season": theater.draft_season.pk}),
        "delete": lambda: browser.delete(here, headers={"If-Match": f'"{production.version}"'}),
    }[ending]()
    assert answer.status_code in (200, 204), answer.json()
    told = browser.get(path).json()
    assert (told["status"], told["production"], told["idea"]) == ("open", None, "Wesele")
    if ending == "cancel":
        again = world.post(browser, f"{path}fill/", {"production": production.pk})
        assert (again.status_code, again.json()["code"]) == (409, "production_canceled")


def test_a_strand_is_named_once_and_shown_with_public_seasons(theater: Theater, browser: Any) -> None:
    strand = scene.strand(theater.root, by=theater.director, name="New writing")
    repeated = world.post(browser, "/api/v1/strands/", {"name": "New writing"})
    assert (repeated.status_code, repeated.json()["code"]) == (409, "strand_name_taken")
    draft = theater.draft_season
    world.patch(browser, f"/api/v1/seasons/{draft.pk}/", {"strands": [strand.pk]}, draft.version)
    assert world.client().get("/api/v1/strands/").json()["results"] == []
    world.patch(browser, f"/api/v1/seasons/{theater.season.pk}/", {"strands": [strand.pk]}, theater.season.version)
    assert [row["name"] for row in world.client().get("/api/v1/strands/").json()["results"]] == ["New writing"]
    assert world.post(browser, f"/api/v1/seasons/{theater.season.pk}/unpublish/").status_code == 200
    assert world.client().get("/api/v1/strands/").json()["results"] == []
    assert world.post(browser, f"/api/v1/seasons/{theater.season.pk}/unpublish/").status_code == 409


# --- Copies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["scenes", "credits", "runs"])
def test_a_copy_contains_only_what_the_actor_may_create(theater: Theater, part: str) -> None:
    area = "schedule" if part == "runs" else "cast"
    scheduling.run(theater.production, by=theater.director)
    held: list[str] = []
    permissions = ["view_details", "edit_details"]
    path, body = f"{PATH}{theater.production.pk}/copy/", {"season": theater.season.pk, "parts": [part]}
    for lacks in (f"view_{area}", f"edit_{area}"):
        role = delegation.role([*permissions, *held], theater.root, by=theater.director)
        who = world.give(role.name, theater.root, by=theater.director)
        refused = world.post(world.client(who), path, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed"), refused.json()
        assert refused.json()["data"]["needs"] == [lacks]
        assert world.post(world.client(who), path, {**body, "parts": []}).status_code == 200
        held.append(lacks)
    assert world.post(world.client(theater.director), path, body).status_code == 200


# --- Licenses --------------------------------------------------------------------------------------------------------


def warned(answer: Any) -> list[tuple[str, str]]:
    assert (answer.status_code, answer.json()["code"]) == (409, "waiver_required"), answer.json()
    return [(finding["rule"], finding["field"]) for finding in answer.json()["data"]["findings"]]


def test_a_date_outside_of_the_license_needs_a_waiver(theater: Theater, browser: Any) -> None:
    production = theater.production
    scene.license_of(production, by=theater.director, starts_on="2031-03-05", ends_on="2031-03-20")
    assert change(browser, production, opens_on="2031-03", closes_on="2031-03-20").status_code == 200
    assert warned(change(browser, production, closes_on="2031-03-21")) == [("license_window", "closes_on")]
    production.refresh_from_db()
    assert production.closes_on == "2031-03-20"
    waived = change(browser, production, closes_on="2031-03-21", waive={"license_window": "The house agreed by phone."})
    assert waived.status_code == 200
    assert change(browser, production, genre="Farce").status_code == 200, (
        "what a license has no word on is not judged again"
    )


def test_the_required_billing_is_checked_for_public_productions(theater: Theater, browser: Any) -> None:
    draft = theater.draft
    scene.license_of(draft, by=theater.director, billing="By arrangement with Playwrights' House")
    assert change(browser, draft, synopsis="Unfinished.").status_code == 200
    assert warned(world.post(browser, f"{PATH}{draft.pk}/publish/")) == [("license_billing", "billing")]
    assert change(browser, draft, billing="Presented by permission of Playwrights' House").status_code == 200
    assert warned(world.post(browser, f"{PATH}{draft.pk}/publish/")), "another wording"
    assert change(browser, draft, billing="Presented BY ARRANGEMENT with Playwrights’ House.").status_code == 200
    assert world.post(browser, f"{PATH}{draft.pk}/publish/").status_code == 200
    assert warned(change(browser, draft, billing="")) == [("license_billing", "billing")]


def test_a_run_outside_of_the_license_needs_a_waiver(theater: Theater, browser: Any) -> None:
    production, by = theater.production, theater.director
    home, away = (scheduling.venue(by=by, name=name) for name in ("The Globe", "The Barn"))
    scene.license_of(production, by=by, starts_on="2031-03", ends_on="2031-04", venues=["the globe"])
    scene.license_of(production, by=by, starts_on="2031-05", ends_on="2031-05", venues=["The Globe"])

    def run(venue: Any, start: str, end: str, **more: Any) -> Any:
        body = {"production": production.pk, "venue": venue.pk, "starts_on": start, "ends_on": end, **more}
        return world.post(browser, "/api/v1/runs/", body)

    # The second window follows the first.
    made = run(home, "2031-03-10", "2031-05-20")
    assert made.status_code == 201, made.json()
    assert warned(run(home, "2031-03-10", "2031-06-01")) == [("license_window", "ends_on")]
    assert warned(run(away, "2031-03-10", "2031-03")) == [("license_venue", "")]
    assert run(away, "2031-03-10", "2031-03", waive={"license_venue": "The house agreed."}).status_code == 201
    path, version = f"/api/v1/runs/{made.json()['id']}/", made.json()["version"]
    assert warned(world.patch(browser, path, {"ends_on": "2032"}, version)) == [("license_window", "ends_on")]
    with CaptureQueriesContext(connection) as queries:
        assert world.patch(browser, path, {"label": "Home"}, version).status_code == 200
    assert not [q for q in queries if "productions_license" in q["sql"]], "a license has no word on labels"


def test_a_license_is_checked_against_the_existing_plan(theater: Theater, browser: Any) -> None:
    production = theater.production
    assert change(browser, production, opens_on="2031-03-01").status_code == 200
    body = {"production": production.pk, "house": "The House", "starts_on": "2031-04", "ends_on": "2031-05"}
    assert warned(world.post(browser, "/api/v1/licenses/", body)) == [("license_window", "opens_on")]
    ends = world.post(browser, "/api/v1/licenses/", {**body, "starts_on": "2031-06"})
    assert faults(ends) == [("ends_on", "ends_before_start")]
    made = world.post(browser, "/api/v1/licenses/", {**body, "waive": {"license_window": "Being extended."}})
    assert made.status_code == 201
    path = f"/api/v1/licenses/{made.json()['id']}/"
    narrower = world.patch(browser, path, {"starts_on": "2031-05"}, 1)
    assert warned(narrower) == [("license_window", "opens_on")]
    assert world.patch(browser, path, {"starts_on": "2031-02"}, 1).status_code == 200
    repeated = world.post(browser, "/api/v1/licenses/", {**body, "waive": {"license_window": "Again."}})
    assert (repeated.status_code, repeated.json()["code"]) == (409, "license_repeated")
    unpublish_production(actor=theater.acting(), production=Production.objects.get(pk=production.pk))
    held = browser.delete(f"{PATH}{production.pk}/", headers={"If-Match": "*"})
    assert (held.status_code, held.json()["code"]) == (409, "still_in_use"), (
        "no license goes with what it was given for"
    )
    assert world.client().get("/api/v1/licenses/").json()["results"] == []
