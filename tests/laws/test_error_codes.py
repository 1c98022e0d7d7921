"""Every error code that a docstring names exists, and every one that every operation can answer with has a meaning."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.laws.scenes import load_services
from theater_site.api.error_codes import EVERYWHERE, codes_of
from theater_site.core.actions import registered

ROOT = Path(__file__).resolve().parents[2]
APPS = ("theater_site", "accounts", "productions", "directory", "scheduling", "ticketing", "media_library")

load_services()
ACTIONS = registered()


@pytest.fixture(scope="module")
def texts() -> set[str]:
    """Every text in the source: codes are written where they are raised."""
    return {
        node.value
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_named_error_code_exists(texts: set[str]) -> None:
    # The code of a unique column without a code of its own is made from its name.
    unknown = {
        name: [code for code in codes_of(action) if code not in texts and not code.endswith("_taken")]
        for name, action in ACTIONS.items()
    }
    assert {name: codes for name, codes in unknown.items() if codes} == {}


def test_codes_are_read_from_docstrings_also_of_another_action() -> None:
    assert "space_taken" in codes_of(ACTIONS["event.schedule"])
    assert set(codes_of(ACTIONS["season.create"])) <= set(codes_of(ACTIONS["season.update"]))
    assert "stale" in EVERYWHERE
