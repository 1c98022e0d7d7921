"""What is committed as pytest_results.json reports the tests and not of the machine that ran them."""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from pathlib import Path

import pytest

from tests.report import ROOT, pytest_json_modifyreport

FAILED = {
    "nodeid": "tests/rules/test_b.py::test_b",
    "lineno": 3,
    "keywords": ["test_b"],
    "outcome": "failed",
    "setup": {"duration": 0.1, "outcome": "passed"},
    "call": {
        "duration": 1.6,
        "outcome": "failed",
        "crash": {
            "path": f"{ROOT}/tests/rules/test_b.py",
            "lineno": 4,
            "message": f"{tempfile.gettempdir()}/x",
        },
        "traceback": [{"path": f"{sys.base_prefix}/lib/json.py", "lineno": 4, "message": ""}],
        "stdout": f"{Path.home()}/x",
        "longrepr": f"assert '{ROOT}/a' == '{ROOT.parent}/shared'",
    },
}
SKIPPED = {
    "nodeid": "tests/rules/test_a.py::test_a",
    "outcome": "skipped",
    "setup": {
        "duration": 0.0,
        "outcome": "skipped",
        "longrepr": repr((f"{ROOT}/tests/conftest.py", 9, "Skipped: ../shared/data is absent")),
    },
}
PASSED = {
    "nodeid": "tests/rules/test_c.py::test_c",
    "outcome": "passed",
    "setup": {"duration": 0.1, "outcome": "passed"},
    "call": {"duration": 0.1, "outcome": "passed"},
}


@pytest.fixture
def report():
    told = {
        "created": 1.5,
        "duration": 2.4,
        "exitcode": 1,
        "root": str(ROOT),
        "environment": {"Python": "3", "Platform": "host", "Plugins": {"a": "1"}, "BUILD_URL": "here"},
        "summary": {"total": 3, "passed": 1, "failed": 1, "skipped": 1, "collected": 3},
        "collectors": [{"nodeid": "", "longrepr": str(ROOT)}],
        "warnings": [{"filename": str(ROOT)}],
        "tests": copy.deepcopy([FAILED, SKIPPED, PASSED]),
    }
    pytest_json_modifyreport(told)
    return told


def test_the_report_contains_nothing_about_the_machine(report):
    text = json.dumps(report)
    for place in (ROOT, ROOT.parent, sys.prefix, sys.base_prefix, tempfile.gettempdir(), Path.home()):
        assert f"{place}/" not in text
    assert "host" not in text
    assert report["root"] == "."


def test_every_test_is_listed_in_order_with_its_outcome(report):
    assert [(test["nodeid"][-1], test["outcome"]) for test in report["tests"]] == [
        ("a", "skipped"),
        ("b", "failed"),
        ("c", "passed"),
    ]
    assert report["summary"] == {"collected": 3, "failed": 1, "passed": 1, "skipped": 1, "total": 3}
    assert report["exitcode"] == 1


def test_explanations_of_an_outcome_are_kept(report):
    skipped, failed, passed = report["tests"]
    assert skipped["setup"]["longrepr"] == "Skipped: ../shared/data is absent"
    assert failed["call"]["crash"] == {"path": "tests/rules/test_b.py", "lineno": 4, "message": "<tmp>/x"}
    assert failed["call"]["longrepr"] == "assert 'a' == '../shared'"
    assert set(passed) == {"nodeid", "outcome"}


def test_equal_runs_have_equal_reports(report):
    slower = {**copy.deepcopy(PASSED), "call": {"duration": 9.0, "outcome": "passed"}}
    other = {"created": 1, "duration": 2, "summary": {}, "tests": [slower]}
    pytest_json_modifyreport(other)
    assert other["tests"] == report["tests"][2:]
