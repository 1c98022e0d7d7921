"""SECURITY.md names tests as its proof: each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def missing(text: str) -> list[str]:
    """Every `path::test` in `text` that there is not."""
    absent = []
    for path, name in NAMED.findall(text):
        file = ROOT / path
        functions = (
            {node.name for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}
            if file.is_file()
            else set()
        )
        if name not in functions:
            absent.append(f"{path}::{name}")
    return absent


def test_every_named_test_exists() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    assert len(NAMED.findall(text)) > 40
    assert missing(text) == []


def test_a_missing_test_is_reported() -> None:
    text = "`tests/laws/test_routes.py::test_of_nothing` `tests/no/such.py::test_x`"
    assert missing(text) == ["tests/laws/test_routes.py::test_of_nothing", "tests/no/such.py::test_x"]
