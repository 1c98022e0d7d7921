"""`manage.py demo`, as a newcomer runs it: a season on a database of its own, then the API served."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from theater_site.demo.company import ORGANIZATION

ROOT = Path(__file__).resolve().parents[2]


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    return {**kept, "VAR_DIR": str(folder), "PYTHONUNBUFFERED": "1"}


def _demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "demo", "--no-serve", *options]
    return subprocess.run(
        command, cwd=ROOT, env=_environment(folder), capture_output=True, text=True, timeout=240, check=False
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo")
    run = _demo(folder, "--json")
    assert run.returncode == 0, run.stderr
    return folder, json.loads(run.stdout)


def _count(folder: Path, question: str) -> int:
    with sqlite3.connect(folder / "theater.sqlite3") as database:
        return database.execute(question).fetchone()[0]


def test_the_demo_creates_a_whole_season(built):
    folder, told = built
    assert told["counts"]["productions"] >= 4
    assert told["counts"]["events"] >= 200
    assert told["counts"]["tickets"] > 100
    assert told["counts"]["waiting_for_approval"] == 2
    assert _count(folder, "SELECT count(*) FROM scheduling_venue") == 2
    assert _count(folder, "SELECT count(*) FROM ticketing_seat") == 300
    assert _count(folder, "SELECT count(*) FROM directory_person WHERE kind = 'person'") == 60
    assert _count(folder, "SELECT count(DISTINCT person_id) FROM directory_credit") >= 60
    assert _count(folder, "SELECT count(*) FROM productions_appearance") > 40
    running = "FROM productions_production p JOIN productions_license l ON l.production_id = p.id"
    shown = "p.age_guidance <> '' AND p.content_advisories <> '' AND p.accessibility <> '[]' AND l.billing = p.billing"
    assert _count(folder, f"SELECT count(*) {running} WHERE p.status = 'running' AND {shown}") == 1
    assert _count(folder, "SELECT count(*) FROM directory_credit WHERE holding IN ('understudy', 'replacement')") == 2
    assert _count(folder, "SELECT count(DISTINCT category) FROM scheduling_occurrence") >= 7
    assert _count(folder, "SELECT count(*) FROM media_library_asset WHERE published_at IS NOT NULL") >= 4


def test_every_row_of_the_demo_was_created_by_a_service(built):
    folder, _ = built
    assert _count(folder, "SELECT count(*) FROM accounts_auditentry WHERE action = 'unattributed'") == 0
    assert _count(folder, "SELECT count(DISTINCT actor_id) FROM accounts_auditentry") >= 8


def test_running_it_again_is_safe(built):
    folder, told = built
    before = _count(folder, "SELECT count(*) FROM accounts_auditentry")
    again = _demo(folder, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["counts"] == told["counts"]
    assert _count(folder, "SELECT count(*) FROM accounts_auditentry") == before


def test_a_real_theater_is_not_changed(tmp_path):
    # Under the demo's own name, which a real theater may bear.
    for command in (["migrate", "-v0"], ["found", ORGANIZATION, "director@real.example"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=_environment(tmp_path),
            check=True,
            capture_output=True,
        )
    for options in ((), ("--fresh",)):
        refused = _demo(tmp_path, *options)
        assert refused.returncode == 1
        assert ORGANIZATION in refused.stderr
    assert _count(tmp_path, "SELECT count(*) FROM accounts_user WHERE email = 'director@real.example'") == 1


def test_an_invalid_port_is_refused(tmp_path):
    refused = _demo(tmp_path, "--port", "70000")
    assert refused.returncode == 1
    assert "65535" in refused.stderr


@pytest.fixture
def served(built) -> Iterator[str]:
    folder, _ = built
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "served.txt").open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", str(port)],
            cwd=ROOT, env=_environment(folder), stdout=output, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).read()
                    break
                except OSError:
                    time.sleep(0.1)
            yield (folder / "served.txt").read_text()
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


def test_every_curl_line_that_it_prints_works(served):
    lines = [line for line in served.splitlines() if line.startswith("curl ")]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line)[1:]
        request = urllib.request.Request(words[-1])
        for option, value in pairwise(words):
            if option == "-H":
                request.add_header(*re.split(r":\s*", value, maxsplit=1))
            elif option == "-X":
                request.method = value
            elif option == "-d":
                request.data = value.encode()
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert answer.status in (200, 202), line
                assert answer.read(), line
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{line}: {error.code} {error.read()[:500]!r}") from error
