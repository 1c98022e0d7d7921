"""A page of pictures over HTTP against its floor: the same rows by three statements of raw SQL, as JSON."""

from __future__ import annotations

from time import perf_counter

import orjson
import pytest
from django.db import connection

from tests import world
from tests.worlds import media_library as media

pytestmark = pytest.mark.django_db

MOST_TIMES_THE_FLOOR = 25
ASSETS = """
SELECT id, production_id, kind, title, alt_text, credit_line, mime_type, byte_size, width, height, frames
FROM media_library_asset WHERE published_at IS NOT NULL AND production_id = %s ORDER BY id DESC LIMIT 200
"""
TAGS = """
SELECT placed.asset_id, tag.name FROM media_library_assettag placed JOIN media_library_tag tag ON tag.id = placed.tag_id
WHERE placed.asset_id IN ({ids}) ORDER BY tag.name, placed.id
"""
PEOPLE = """
SELECT seen.asset_id, person.id, person.name FROM media_library_depiction seen
JOIN directory_person person ON person.id = seen.person_id
WHERE person.published_at IS NOT NULL AND seen.asset_id IN ({ids}) ORDER BY person.sort_key, seen.id
"""
COLUMNS = (
    "id",
    "production",
    "kind",
    "title",
    "alt_text",
    "credit_line",
    "mime_type",
    "byte_size",
    "width",
    "height",
    "frames",
)


def floor(production_id: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(ASSETS, [production_id])
        rows = {
            row[0]: {**dict(zip(COLUMNS, row, strict=True)), "tags": [], "depicts": []} for row in cursor.fetchall()
        }
        ids = ",".join(map(str, rows))
        cursor.execute(TAGS.format(ids=ids))
        for asset, name in cursor.fetchall():
            rows[asset]["tags"].append(name)
        cursor.execute(PEOPLE.format(ids=ids))
        for asset, person, name in cursor.fetchall():
            rows[asset]["depicts"].append({"id": person, "name": name})
    return orjson.dumps(list(rows.values()))


def best(run, times: int = 15) -> float:
    took = []
    for _ in range(times):
        start = perf_counter()
        run()
        took.append(perf_counter() - start)
    return min(took)


def test_a_page_of_200_assets_stays_near_raw_sql(db):
    root, director = world.found()
    production = world.production(world.season(root, by=director), by=director, published=True)
    media.shelf(production, 1_000, by=director)
    browser, path = world.client(), f"/api/v1/assets/?production={production.pk}&page_size=200"

    page = browser.get(path).json()["results"]
    raw = orjson.loads(floor(production.pk))
    assert [{name: entry[name] for name in raw[0]} for entry in page] == raw

    bare, ours = best(lambda: floor(production.pk)), best(lambda: browser.get(path))
    told = f"floor {bare * 1000:.1f} ms, over HTTP {ours * 1000:.1f} ms, {ours / bare:.1f} times"
    print(f"\n{connection.vendor}: {told}")
    assert ours < bare * MOST_TIMES_THE_FLOOR
