"""Whatever is asked, the answer is problem JSON that says what is wrong, and never tells what it should not."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.test import Client, override_settings

from tests import world
from tests.laws.scenes import Theater

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def browser(theater: Theater) -> Client:
    made = world.client(theater.director)
    made.raise_request_exception = False
    return made


def problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = orjson.loads(answer.content)
    assert told.keys() >= {"type", "title", "status", "detail", "code", "request_id"}
    assert told["status"] == status
    assert told["type"] == f"urn:theater:problem:{told['code']}"
    assert told["request_id"] == answer["X-Request-ID"]
    assert code is None or told["code"] == code, told
    return told


def send(
    browser: Client, method: str, path: str, body: bytes = b"", content_type: str = "application/json", **headers: str
) -> Any:
    return browser.generic(method, path, body, content_type=content_type, headers=headers)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api/v1/nothing/",
        "/api/v1/seasons/0/",
        "/api/v1/seasons/x/",
        "/api/v1/seasons/1.0/",
    ],
)
def test_an_unknown_url_is_a_problem_response(browser: Client, path: str) -> None:
    problem(browser.get(path), 404, "not_found")


@pytest.mark.parametrize("key", ["9" * 18, "9" * 19, "9" * 400, "-1", "%00", "١"])
def test_huge_ids_are_not_found(browser: Client, key: str) -> None:
    problem(browser.get(f"/api/v1/productions/{key}/"), 404)
    problem(send(browser, "PATCH", f"/api/v1/productions/{key}/", b"{}"), 404)


def test_an_unsupported_method_is_refused(browser: Client) -> None:
    answer = send(browser, "PUT", "/api/v1/seasons/")
    problem(answer, 405)
    assert set(answer["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}
    problem(send(browser, "DELETE", "/api/v1/seasons/"), 405)


def test_an_unsupported_media_type_is_refused(browser: Client) -> None:
    problem(send(browser, "POST", "/api/v1/seasons/", b"<a/>", "text/xml"), 415)


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"nothing", b'{"name": NaN}', b"\xff\xfe", b"[" * 100_000, b'{"name":' * 50_000, b'{"a": 1' + b"0" * 5000 + b"}",
        b"[]", b'"text"', b"5", b"null", b"true",
    ],
)  # fmt: skip
def test_a_body_that_is_not_an_object_is_refused(browser: Client, body: bytes) -> None:
    problem(send(browser, "POST", "/api/v1/seasons/", body), 400)


ODD = {
    "a NUL": b'{"name": "a\\u0000b"}',
    "half a surrogate pair": b'{"name": "a\\ud800b"}',
    "no text at all": b'{"name": {"a": 1}}',
    "a list": b'{"name": ["a"]}',
    "null": b'{"name": null}',
    "nothing": b'{"name": ""}',
    "only space": b'{"name": "   "}',
    "too long": b'{"name": "' + b"x" * 1_000_000 + b'"}',
    "an unknown field": b'{"name": "x", "nmae": "y"}',
    "an unknown field that cannot be written": b'{"name": "x", "\\ud800": "y"}',
    "an unknown field with a NUL": b'{"name": "x", "\\u0000": "y"}',
    "a waiver that is not an object": b'{"name": "x", "waive": 5}',
    "a waiver that cannot be written": b'{"name": "x", "waive": {"\\ud800": "\\ud800"}}',
    "no date": b'{"name": "x", "starts_on": "yesterday"}',
    "a number for a date": b'{"name": "x", "starts_on": 99999999999999999999999999}',
    "an end before the start": b'{"name": "x", "starts_on": "2026", "ends_on": "2025"}',
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", [None, "a key"])
def test_invalid_values_are_refused_by_field(browser: Client, odd: str, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    told = problem(send(browser, "POST", "/api/v1/seasons/", ODD[odd], **headers), 400)
    if b"ud800" in ODD[odd]:
        return  # No text at all: refused as a whole.
    assert told["errors"]
    assert all(fault["field"] and fault["code"] and fault["message"] for fault in told["errors"])


LISTS = [
    '{"a": 1}',
    "5",
    '"text"',
    '[{"a": 1}]',
    '[["a"]]',
    "[null]",
    '["\\u0000"]',
    '["\\ud800"]',
    "[" * 200 + "]" * 200,
]


@pytest.mark.parametrize("value", LISTS, ids=range(len(LISTS)))
def test_a_list_of_texts_refuses_other_values(browser: Client, theater: Theater, value: str) -> None:
    body = f'{{"season": {theater.season.pk}, "title": "x", "authors": {value}}}'
    told = problem(send(browser, "POST", "/api/v1/productions/", body.encode()), 400)
    assert "ud800" in value or all(fault["field"].startswith("authors") for fault in told["errors"])


@pytest.mark.parametrize("value", [10**30, -1, 1.5, "x", 40_000, True, None])
def test_numbers_out_of_range_are_refused(browser: Client, theater: Theater, value: Any) -> None:
    import json

    production = theater.production
    for name in ("running_minutes", "season"):
        body = json.dumps({name: value} if name == "running_minutes" else {"title": "x", name: value}).encode()
        if name == "season":
            answer = send(browser, "POST", "/api/v1/productions/", body, **{"Idempotency-Key": f"k{value}"})
        else:
            answer = send(
                browser,
                "PATCH",
                f"/api/v1/productions/{production.pk}/",
                body,
                **{"If-Match": f'"{production.version}"'},
            )
            if value is None:
                assert answer.status_code == 200
                continue
        if value is True and name == "running_minutes":
            continue  # JSON's true is 1 to many; either answer will do.
        problem(answer, 400)


@pytest.mark.parametrize(
    "query",
    ["name=x", "titel=x", "season=x", "season=99999999999999999999999", "status=never", "ordering=secret", "title=%00"],
)
def test_unknown_and_invalid_filters_are_refused(browser: Client, query: str) -> None:
    told = problem(browser.get(f"/api/v1/productions/?{query}"), 400)
    assert told["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


@pytest.mark.parametrize(
    "path", ["seasons/?slug=x", "sections/?kind=area", "productions/?slug=x&status=idea", "role-assignments/?user=1"]
)
def test_documented_filters_are_accepted(browser: Client, theater: Theater, path: str) -> None:
    path = path.replace("user=1", f"user={theater.director.pk}")
    assert browser.get(f"/api/v1/{path}").status_code == 200


def test_an_unexpected_error_reveals_nothing(
    browser: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from productions.api.views import SeasonViewSet

    def breaks(self: Any, request: Any) -> None:
        raise RuntimeError("the secret of ann@example.org")

    monkeypatch.setattr(SeasonViewSet, "list", breaks)
    answer = browser.get("/api/v1/seasons/")
    told = problem(answer, 500, "internal_error")
    assert b"secret" not in answer.content
    assert b"RuntimeError" not in answer.content
    assert told["request_id"] in answer["X-Request-ID"]


def test_too_many_requests_are_a_problem_response(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.throttling import AnonRateThrottle

    monkeypatch.setattr(AnonRateThrottle, "rate", "2/min", raising=False)
    browser = Client()
    assert [browser.get("/api/v1/seasons/").status_code for _ in range(2)] == [200, 200]
    answer = browser.get("/api/v1/seasons/")
    told = problem(answer, 429, "too_many")
    assert int(answer["Retry-After"]) == told["data"]["retry_after"] > 0


def test_an_unknown_host_is_refused() -> None:
    problem(Client().get("/api/v1/seasons/", headers={"Host": "evil.example"}), 400)


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_a_too_large_body_is_refused(browser: Client) -> None:
    answer = send(browser, "POST", "/api/v1/seasons/", b'{"name": "' + b"x" * 2000 + b'"}')
    assert answer.status_code in (400, 413)
    problem(answer, answer.status_code)


# --- If-Match -------------------------------------------------------------------------------------------------


def test_an_update_needs_a_version(browser: Client, theater: Theater) -> None:
    season = theater.season
    path = f"/api/v1/seasons/{season.pk}/"
    problem(send(browser, "PATCH", path, b'{"name": "New"}'), 428, "version_required")
    answer = browser.get(path + "internal/")
    assert answer["ETag"].startswith(f'"{season.version}-')
    answer = send(browser, "PATCH", path, b'{"name": "New"}', **{"If-Match": answer["ETag"]})
    assert answer.status_code == 200
    assert answer["ETag"] == f'"{season.version + 1}"'

    told = problem(
        send(browser, "PATCH", path, b'{"summary": "x"}', **{"If-Match": f'"{season.version}"'}), 412, "stale"
    )
    assert told["data"] == {"current_version": season.version + 1, "changed": ["name"]}
    weak = send(browser, "PATCH", path, b'{"summary": "x"}', **{"If-Match": f'W/"{season.version + 1}"'})
    assert weak.status_code == 200
    assert send(browser, "PATCH", path, b'{"summary": "y"}', **{"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    "garbage", ["", "7", '"x"', '"7', '"99999999999999999999"', '"1", "2"', "W/7", '"-1"', "\x00", '"١"']
)
def test_an_invalid_version_does_not_match(browser: Client, theater: Theater, garbage: str) -> None:
    answer = send(
        browser, "PATCH", f"/api/v1/seasons/{theater.season.pk}/", b'{"name": "New"}', **{"If-Match": garbage}
    )
    problem(answer, 412)
    theater.season.refresh_from_db()
    assert theater.season.name != "New"


def test_verb_routes_check_the_version(browser: Client, theater: Theater) -> None:
    path = f"/api/v1/productions/{theater.draft.pk}/publish/"
    problem(send(browser, "POST", path, b"{}", **{"If-Match": '"99"'}), 412)
    assert send(browser, "POST", path, b"{}", **{"If-Match": f'"{theater.draft.version}"'}).status_code == 200


def test_a_delete_needs_a_version(browser: Client, theater: Theater) -> None:
    path = f"/api/v1/productions/{theater.draft.pk}/"
    problem(send(browser, "DELETE", path), 428)
    problem(send(browser, "DELETE", path, **{"If-Match": '"99"'}), 412)
    assert send(browser, "DELETE", path, **{"If-Match": f'"{theater.draft.version}"'}).status_code == 204
    problem(send(browser, "DELETE", path, **{"If-Match": f'"{theater.draft.version}"'}), 404)
