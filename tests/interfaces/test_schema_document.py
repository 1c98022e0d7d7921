"""The OpenAPI document as it is served: small, built once, and not sent again to somebody who has it."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
import yaml

from tests import world
from theater_site.api.documents import document

PATH = "/api/v1/schema/"


@pytest.mark.parametrize("accept", ["application/json", "application/vnd.oai.openapi+json", "*/*"])
def test_the_schema_is_json_unless_yaml_is_requested(db: None, accept: str) -> None:
    answer = world.client().get(PATH, headers={"Accept": accept})
    assert answer.status_code == 200
    assert json.loads(answer.content) == document()


def test_the_yaml_schema_equals_the_json_schema(db: None) -> None:
    answer = world.client().get(PATH, headers={"Accept": "application/yaml"})
    assert answer["Content-Type"] == "application/yaml"
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    assert yaml.load(answer.content, Loader=loader)["paths"].keys() == document()["paths"].keys()


def test_the_schema_supports_etags(db: None) -> None:
    browser = world.client()
    first = browser.get(PATH)
    assert b"\n" not in first.content
    for tag in (first["ETag"], f'"old", W/{first["ETag"]}'):
        again = browser.get(PATH, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert browser.get(PATH, headers={"If-None-Match": '"old"'}).status_code == 200
    assert browser.get(PATH, headers={"Accept": "application/yaml"})["ETag"] != first["ETag"]


def test_the_schema_is_compressed_on_request(db: None) -> None:
    answer = world.client().get(PATH, headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.content)) == document()
    assert len(answer.content) < 150_000


def test_the_schema_is_built_once(db: None) -> None:
    browser = world.client()
    browser.get(PATH)
    started = time.perf_counter()
    browser.get(PATH)
    # Building takes twenty times as long.
    assert time.perf_counter() - started < 0.1
