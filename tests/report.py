"""pytest_results.json, fit to be committed: what was run and how it ended, and nothing about the machine.

It stays a report in pytest-json-report's format, with fewer of its optional parts: tests in the order of
their names, each with its outcome; of a stage only what explains an outcome other than passed. No path in it
is absolute. Between two runs that passed nothing differs but `created` and `duration`, in whole seconds.
"""

from __future__ import annotations

import ast
import site
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXPLAINS = ("outcome", "duration", "crash", "traceback", "longrepr")


def pytest_configure(config: pytest.Config) -> None:
    # A line a value: a changed outcome is a changed line.
    if getattr(config.option, "json_report", False) and config.option.json_report_indent is None:
        config.option.json_report_indent = 1
    # Log records carry whole requests, which a worker cannot send; what a test prints is left out of the report anyway.
    config.option.json_report_omit = [*getattr(config.option, "json_report_omit", ()), "log"]


@pytest.hookimpl(optionalhook=True)
def pytest_json_modifyreport(json_report: dict[str, Any]) -> None:
    json_report.pop("collectors", None)
    json_report.pop("warnings", None)  # warnings are errors here, see pyproject.toml
    json_report["created"] = int(json_report["created"])
    json_report["duration"] = round(json_report["duration"])
    json_report["root"] = "."
    json_report["environment"] = {"Python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    json_report["summary"] = dict(sorted(json_report["summary"].items()))
    if "tests" in json_report:
        tests = [_without_the_machine(_told_shortly(test)) for test in json_report["tests"]]
        json_report["tests"] = sorted(tests, key=lambda test: test["nodeid"])


def _told_shortly(test: dict[str, Any]) -> dict[str, Any]:
    """The test's name and outcome, and the stages that explain it."""
    told = {"nodeid": test["nodeid"], "outcome": test["outcome"]}
    for name in ("setup", "call", "teardown"):
        stage = test.get(name)
        # xdist gives every stage of a worker's a longrepr, which tells where it ran.
        if stage is not None and stage["outcome"] != "passed":
            told[name] = {key: stage[key] for key in EXPLAINS if key in stage}
            told[name]["duration"] = round(stage["duration"])
            if stage["outcome"] == "skipped":
                told[name]["longrepr"] = _reason(stage.get("longrepr", ""))
    return told


def _reason(longrepr: str) -> str:
    """Of a skip, which pytest tells as (path, line, reason), the reason."""
    try:
        _path, _line, reason = ast.literal_eval(longrepr)
    except (SyntaxError, ValueError, TypeError):
        return longrepr
    return str(reason)


def _without_the_machine(value: Any) -> Any:
    if isinstance(value, str):
        for known, instead in _places():
            value = value.replace(f"{known}/", instead).replace(known, instead.rstrip("/") or ".")
        return value
    if isinstance(value, dict):
        return {key: _without_the_machine(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_the_machine(part) for part in value]
    return value


def _places() -> list[tuple[str, str]]:
    """Folders of this machine and what represents them, the deepest first: a folder may lie in another."""
    packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    places = {
        str(ROOT): "",
        str(ROOT.parent): "../",
        **dict.fromkeys(packages, "<packages>/"),
        sysconfig.get_path("stdlib"): "<python>/",
        sys.prefix: "<python>/",
        sys.base_prefix: "<python>/",
        tempfile.gettempdir(): "<tmp>/",
        str(Path.home()): "~/",
    }
    # A checkout in `/` or a home of `/` would make every slash a place.
    known = [(folder, instead) for folder, instead in places.items() if len(folder) > 1]
    return sorted(known, key=lambda pair: len(pair[0]), reverse=True)
