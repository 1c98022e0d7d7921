"""import-linter keeps the contracts of pyproject.toml: a deliberate breach, planted in a copy, is caught.

Run by .ci/run, since import-linter is in the dev group.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "theater_site", "accounts", "productions", "directory", "scheduling", "ticketing", "media_library",
)  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # Through Python, so that the folder is before the project that is installed for editing.
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_import_contracts_pass(copy):
    result = lint(copy)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("path", "source", "told"),
    [
        ("productions/services/planted.py", "import ticketing.models", "productions.services.planted"),
        ("theater_site/core/planted.py", "from accounts import models", "theater_site.core.planted"),
        (
            "scheduling/rules/planted.py",
            "from scheduling.models import Occurrence",
            "scheduling.rules.planted",
        ),
        ("accounts/planted.py", "", "accounts.planted"),
        ("ticketing/services/planted.py", "import rest_framework", "ticketing.services.planted"),
        ("theater_site/core/changes.py", "from theater_site.core import runs", "theater_site.core.changes"),
    ],
    ids=[
        "an app above",
        "an app from the ground",
        "a layer above",
        "no layer",
        "REST framework",
        "a circle in the core",
    ],
)
def test_a_forbidden_import_is_detected(copy, path, source, told):
    (copy / path).parent.mkdir(parents=True, exist_ok=True)
    (copy / path).write_text(source, encoding="utf-8")
    result = lint(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    assert told in result.stdout
