"""A thousand productions with eight thousand performances: what everybody asks for, over HTTP, against raw SQL as JSON.

The floors are so low (a millisecond or less) that most of each ratio is what any request costs: the limits are there to
catch what grows with the rows, not to praise.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import world
from tests.worlds import archive

pytestmark = pytest.mark.django_db

PRODUCTIONS, NIGHTS = 1_000, 10
# What is asked, how many times its floor it may take, and how many queries.
LIST, DAY, RANKING, EXPORT = (200, 1), (30, 4), (10, 1), (30, 6)

PAGE = """
SELECT p.*, s.slug FROM productions_production p JOIN productions_season s ON s.id = p.season_id
WHERE p.published_at IS NOT NULL ORDER BY p.opens_on DESC, p.id DESC LIMIT 50
"""
OPENED = """
SELECT p.id, p.slug, p.title, p.opens_on, p.closes_on FROM productions_production p
WHERE p.published_at IS NOT NULL AND (p.opens_on LIKE '%%-11-25' OR p.closes_on LIKE '%%-11-25')
"""
PLAYED = """
SELECT o.production_id, p.title, o.date, count(*) FROM scheduling_occurrence o
JOIN productions_production p ON p.id = o.production_id
WHERE o.category = 'performance' AND o.status <> 'canceled' AND o.visibility = 'public'
AND o.published_at IS NOT NULL AND p.published_at IS NOT NULL AND o.date LIKE '%%-11-25' GROUP BY 1, 2, 3
"""
RUNS = """
SELECT r.production_id, r.starts_on, r.ends_on FROM scheduling_run r JOIN productions_production p ON p.id = r.production_id
WHERE p.published_at IS NOT NULL AND (r.starts_on LIKE '%%-11-25' OR r.ends_on LIKE '%%-11-25')
"""
MOST = """
SELECT p.id, p.title, count(o.id) FROM productions_production p
LEFT JOIN scheduling_occurrence o ON o.production_id = p.id AND o.category = 'performance' AND o.status <> 'canceled'
AND o.visibility = 'public' AND o.published_at IS NOT NULL
WHERE p.published_at IS NOT NULL GROUP BY p.id, p.title ORDER BY 3 DESC, 1 DESC LIMIT 50
"""
EVERYTHING = """
SELECT p.*, s.slug FROM productions_production p JOIN productions_season s ON s.id = p.season_id
WHERE p.published_at IS NOT NULL ORDER BY p.id
"""


def _plain(cell: Any) -> Any:
    return orjson.loads(cell) if isinstance(cell, str) and cell[:1] == "[" else cell


def raw(*statements: str) -> Callable[[], int]:
    def run() -> int:
        with connection.cursor() as cursor:
            told: list[Any] = []
            for statement in statements:
                cursor.execute(statement, [])
                # Lists come as text from SQLite, and as lists from PostgreSQL.
                told.append([[_plain(cell) for cell in row] for row in cursor.fetchall()])
        return len(orjson.dumps(told, default=str))

    return run


def best(run: Callable[[], Any], times: int = 15) -> float:
    took = []
    for _ in range(times):
        start = perf_counter()
        run()
        took.append(perf_counter() - start)
    return min(took)


def compared(name: str, ask: Callable[[], Any], floor: Callable[[], Any], limit: tuple[int, int]) -> None:
    with CaptureQueriesContext(connection) as queries:
        ask()
    # Now: the next request empties the log.
    asked = len(queries)
    bare, ours = best(floor), best(ask)
    told = (
        f"{name}: floor {bare * 1000:.2f} ms, over HTTP {ours * 1000:.2f} ms, {ours / bare:.1f} times, {asked} queries"
    )
    print(f"\n{connection.vendor}: {told}")
    most, allowed = limit
    assert asked <= allowed, told
    assert ours < bare * most, told


def test_public_lists_stay_near_raw_sql_at_a_thousand_productions(db: Any, tmp_path: Any) -> None:
    world.found()
    productions = [
        {
            **archive.PRODUCTION, "id": f"p{n}", "title": f"Play {n}",
            "date_start": f"{1900 + n % 120}-{n % 12 + 1:02}-{n % 28 + 1:02}",
            "date_end": f"{1900 + n % 120}-12-30",
        }
        for n in range(PRODUCTIONS)
    ]  # fmt: skip
    performances = [
        {
            **archive.PERFORMANCE, "production": f"p{n}", "start_local": None,
            "date": f"{1900 + n % 120}-{(n + night) % 12 + 1:02}-{(n * 3 + night) % 28 + 1:02}",
        }
        for n in range(PRODUCTIONS)
        for night in range(NIGHTS - n % 5)
    ]  # fmt: skip
    folder = archive.write(
        tmp_path / "made",
        productions=productions,
        performances=performances,
        runs=[archive.RUN | {"production": "p1"}],
        credits=[],
    )
    assert archive.take(folder, publish=True).bad == []
    with connection.cursor() as cursor:
        # Both databases choose their indexes by what they know of the rows, and these have just come.
        cursor.execute("ANALYZE")
    browser = world.client()
    path = "/api/v1/productions/"

    def ask(query: str) -> Callable[[], Any]:
        def run() -> Any:
            answer = browser.get(path + query)
            assert answer.status_code == 200
            return answer

        return run

    assert len(ask("on-this-day/?month=11&day=25")().json()["results"]) > 10
    compared("a page of productions", ask(""), raw(PAGE), LIST)
    compared("on this day", ask("on-this-day/?month=11&day=25"), raw(OPENED, PLAYED, RUNS), DAY)
    compared("most played", ask("most-played/"), raw(MOST), RANKING)
    insider = world.client(world.user())
    export = lambda: b"".join(insider.get(f"{path}export/").streaming_content)  # noqa: E731
    compared("a thousand as CSV", export, raw(EVERYTHING), EXPORT)
