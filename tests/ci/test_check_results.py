"""The committed results are believed only when they report the run; each lie is caught."""

from __future__ import annotations

import copy
import importlib.util
import json
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "check_results.py"
SPEC = importlib.util.spec_from_file_location("check_results", SCRIPT)
assert SPEC is not None
assert SPEC.loader is not None
check_results = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_results)

TRUE = {
    "exitcode": 0,
    "root": ".",
    "summary": {"collected": 2, "passed": 1, "skipped": 1, "total": 2},
    "tests": [
        {"nodeid": "tests/test_a.py::test_a", "outcome": "passed"},
        {
            "nodeid": "tests/test_a.py::test_b",
            "outcome": "skipped",
            "setup": {"outcome": "skipped", "longrepr": "Skipped: ../shared/data is absent"},
        },
    ],
}


def found(committed, run=TRUE):
    return check_results.compare(json.dumps(committed), json.dumps(run))


def test_a_true_report_passes():
    assert found(TRUE) == []


def a_test_less(report):
    del report["tests"][1]
    report["summary"] = {"collected": 1, "passed": 1, "total": 1}


def a_test_more(report):
    report["tests"].append({"nodeid": "tests/test_a.py::test_c", "outcome": "passed"})
    report["summary"] = {"collected": 3, "passed": 2, "skipped": 1, "total": 3}


def a_failure(report):
    report["tests"][0]["outcome"] = "failed"


def another_reason_to_skip(report):
    report["tests"][1]["setup"]["longrepr"] = "Skipped: too slow"


def a_failed_run(report):
    report["exitcode"] = 1


def counts_that_do_not_add_up(report):
    report["summary"]["passed"] = 2


def a_part_of_the_run(report):
    report["summary"]["deselected"] = 4


def a_path_of_a_machine(report):
    report["root"] = "/" + "home/anna/site"


@pytest.mark.parametrize(
    "lie",
    [
        a_test_less,
        a_test_more,
        a_failure,
        another_reason_to_skip,
        a_failed_run,
        counts_that_do_not_add_up,
        a_part_of_the_run,
        a_path_of_a_machine,
    ],
    ids=lambda lie: lie.__name__,
)
def test_a_false_report_is_detected(lie):
    committed = copy.deepcopy(TRUE)
    lie(committed)
    assert found(committed) != []


def test_a_failed_run_is_reported():
    run = copy.deepcopy(TRUE)
    a_failure(run)
    assert found(TRUE, run) != []
