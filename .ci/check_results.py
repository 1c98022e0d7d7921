"""Is the committed pytest_results.json true? `check_results.py COMMITTED RUN`, as pytest-json-report writes.

True means: it names exactly the tests that were just run; in both, each test passed, or was skipped because
data that it names by `shared/data` is absent; its counts add up; and nothing in it is a path of some machine.
Prints each difference and ends with 1 where there is one.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

MACHINE = re.compile(
    r"(?<![\w.~>/-])/(?:builds|github|home|mnt|opt|private|root|srv|tmp|usr|Users|var|work)/|\b[A-Z]:\\"
)
ABSENT_DATA = re.compile(r"shared/data\b.*\babsent", re.DOTALL)
SHOWN = 20


def reason(test: dict[str, Any]) -> str:
    stages = (test.get(name, {}) for name in ("setup", "call", "teardown"))
    return " ".join(stage["longrepr"] for stage in stages if stage.get("longrepr"))


def problems(name: str, report: dict[str, Any]) -> list[str]:
    """What is wrong with one report, whatever the other says."""
    found = []
    tests = report.get("tests", [])
    if not tests:
        return [f"{name} names no tests"]
    for test in tests:
        if test["outcome"] == "skipped" and ABSENT_DATA.search(reason(test)):
            continue
        if test["outcome"] != "passed":
            found.append(f"{name}: {test['outcome']}: {test['nodeid']} {reason(test)[:300]}")
    names = [test["nodeid"] for test in tests]
    if len(names) != len(set(names)):
        found.append(f"{name} names a test twice")
    if report.get("exitcode") != 0:
        found.append(f"{name} reports a run that ended with {report.get('exitcode')}")
    summary = report.get("summary", {})
    passed = sum(test["outcome"] == "passed" for test in tests)
    if summary.get("total") != len(tests) or summary.get("passed", 0) != passed or "deselected" in summary:
        found.append(f"{name} is not the whole run: {summary}, but {len(tests)} tests, {passed} passed")
    return found


def compare(committed_text: str, run_text: str) -> list[str]:
    committed, run = json.loads(committed_text), json.loads(run_text)
    found = problems("the committed report", committed) + problems("the run", run)
    before = {test["nodeid"] for test in committed.get("tests", [])}
    now = {test["nodeid"] for test in run.get("tests", [])}
    found += [f"run, but not in the committed report: {name}" for name in sorted(now - before)]
    found += [f"in the committed report, but not run: {name}" for name in sorted(before - now)]
    found += [
        f"a path of a machine in the committed report: {line.strip()[:160]}"
        for line in committed_text.replace(",", ",\n").splitlines()
        if MACHINE.search(line)
    ]
    return found


def main() -> int:
    committed, run = (Path(argument) for argument in sys.argv[1:])
    if not committed.is_file() or not committed.stat().st_size:
        print("pytest_results.json is not committed: run the README's test command and commit the file.")
        return 1
    found = compare(committed.read_text(encoding="utf-8"), run.read_text(encoding="utf-8"))
    for line in found[:SHOWN]:
        print(line)
    if len(found) > SHOWN:
        print(f"... and {len(found) - SHOWN} more")
    if not found:
        print(f"{len(json.loads(run.read_text(encoding='utf-8'))['tests'])} tests, the same in both")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
