"""The API as other programs meet it: ETags, origins, limits, slashes, its root, and one wording for what is hidden."""

from __future__ import annotations

import pytest
from django.test import override_settings

from tests import world
from tests.laws.scenes import Theater
from tests.worlds import scheduling

pytestmark = pytest.mark.django_db
SITE = "http://127.0.0.1:3000"


@pytest.fixture
def theater() -> Theater:
    return Theater()


def test_objects_and_lists_support_etags(theater):
    boss = world.client(theater.director)
    show = f"/api/v1/productions/{theater.production.pk}/"
    for path in (show, "/api/v1/productions/", f"{show}internal/"):
        first = boss.get(path)
        same = boss.get(path, headers={"If-None-Match": f'"other", W/{first["ETag"]}'})
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    tag = boss.get(show)["ETag"]
    changed = boss.patch(show, {"genre": "farce"}, content_type="application/json", headers={"If-Match": tag})
    assert changed.status_code == 200
    fresh = boss.get(show, headers={"If-None-Match": tag})
    assert (fresh.status_code, fresh.json()["genre"]) == (200, "farce")
    # What is shown of a related object changes without the version.
    event = scheduling.occurrence(theater.production, by=theater.director, published=True)
    page = f"/api/v1/occurrences/{event.pk}/"
    tag = boss.get(page)["ETag"]
    assert (
        boss.patch(show, {"title": "Renamed"}, content_type="application/json", headers={"If-Match": "*"}).status_code
        == 200
    )
    assert boss.get(page, headers={"If-None-Match": tag}).status_code == 200


def test_only_configured_origins_may_call(theater):
    browser = world.client()
    asked = {
        "Origin": SITE,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "if-match,x-session-token",
    }
    preflight = browser.options("/api/v1/productions/1/", headers=asked)
    assert preflight["Access-Control-Allow-Origin"] == SITE
    assert {"if-match", "x-session-token", "idempotency-key"} <= set(
        preflight["Access-Control-Allow-Headers"].split(", ")
    )
    answer = browser.get("/api/v1/productions/", headers={"Origin": SITE})
    assert answer["Access-Control-Allow-Origin"] == SITE
    assert "ETag" in answer["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in browser.get(
        "/api/v1/productions/", headers={"Origin": "https://evil.example"}
    )


def test_rate_limit_headers_are_sent_with_every_response(theater):
    from theater_site.api.throttling import AnonThrottle

    browser = world.client()
    rates = {**AnonThrottle.THROTTLE_RATES, "anon": "3/min"}
    with pytest.MonkeyPatch.context() as patch, override_settings():
        patch.setattr(AnonThrottle, "THROTTLE_RATES", rates)
        answers = [browser.get("/api/v1/seasons/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer["RateLimit-Limit"] for answer in answers} == {"3"}
    assert 1 <= int(answers[0]["RateLimit-Reset"]) <= 61
    assert answers[-1]["Retry-After"]


def test_the_trailing_slash_is_optional(theater):
    boss = world.client(theater.director)
    assert boss.get("/api/v1/seasons").json() == boss.get("/api/v1/seasons/").json()
    made = boss.post(
        "/api/v1/seasons", {"name": "Next", "starts_on": "2040", "ends_on": "2041"}, content_type="application/json"
    )
    assert made.status_code == 201, made.content
    assert boss.get(made["Location"].rstrip("/")).json()["name"] == "Next"
    assert boss.get("/api/v1/nothing").status_code == 404


def test_the_api_root_lists_all_resources(theater):
    root = world.client().get("/api/v1/").json()
    assert {"productions", "people", "orders", "occurrences"} <= root["resources"].keys()
    boss = world.client(theater.director)
    assert {url: boss.get(url).status_code for url in root["resources"].values()} == dict.fromkeys(
        root["resources"].values(), 200
    )
    assert world.client().get(root["schema"]).status_code == 200


def test_a_hidden_object_in_a_body_gets_the_response_of_a_hidden_url(theater):
    own = world.season(theater.root, by=theater.director).section
    boss = world.client(world.give("director", own, by=theater.director))
    texts = set()
    for pk in (theater.draft.pk, 999_999):
        answer = world.post(boss, "/api/v1/occurrences/", {"production": pk, "date": "2031-01-01"})
        texts.add((answer.status_code, tuple(error["message"] for error in answer.json()["errors"])))
        texts.add((400, (boss.get(f"/api/v1/productions/{pk}/").json()["detail"],)))
    assert texts == {(400, ("Not found, or not visible to you.",))}


def test_search_finds_words_in_productions_and_events(theater):
    boss = world.client(theater.director)
    play = world.production(
        theater.season, by=theater.director, published=True, title="José’s Sea-Gull", subtitle="A comedy"
    )
    event = scheduling.occurrence(play, by=theater.director, published=True)
    talk = scheduling.occurrence(play, by=theater.director, published=True, title="Stück­gespräch")
    for text in ("joses", "gull jose", "sea gull COMEDY", "sea-gull"):
        assert [row["id"] for row in boss.get("/api/v1/productions/", {"search": text}).json()["results"]] == [play.pk]
    assert boss.get("/api/v1/productions/", {"search": "gull tragedy"}).json()["results"] == []
    found = boss.get("/api/v1/occurrences/", {"search": "sea gull"}).json()["results"]
    assert {row["id"] for row in found} == {event.pk, talk.pk}
    assert [row["id"] for row in boss.get("/api/v1/occurrences/", {"search": "stuckgesprach"}).json()["results"]] == [
        talk.pk
    ]
