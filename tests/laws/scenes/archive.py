"""The scene of the one action that spans the apps."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.laws.scenes import Scene, Theater
from tests.worlds import archive


@cache
def _folder() -> str:
    return str(archive.write(Path(mkdtemp(prefix="archive-"))))


def _given(t: Theater) -> dict[str, Any]:
    return {
        "organization": t.root,
        "folder": _folder(),
        "archive": "made",
        "default_timezone": None,
        "publish": False,
        "add_people": False,
    }


ACTIONS = {"archive.import": lambda t: Scene(_given(t))}
