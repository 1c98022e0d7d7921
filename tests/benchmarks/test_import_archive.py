"""The import of a real archive, checks and audit included, against a bare `bulk_create` of the same rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
NYPHIL = ROOT.parent / "shared" / "data" / "nyphil"
PROBE = Path(__file__).with_name("import_probe.py")
AT_MOST, MEGABYTES = 5.0, 600

pytestmark = pytest.mark.skipif(not NYPHIL.is_dir(), reason="../shared/data/nyphil is absent")


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[list[str]]:
    """Two empty databases of the kind that DATABASE_URL names."""
    given = settings.DATABASES["default"]
    if given["ENGINE"] == "django.db.backends.sqlite3":
        yield [f"sqlite:///{tmp_path / f'{n}.sqlite3'}" for n in range(2)]
        return
    import psycopg

    server = {
        "host": given["HOST"],
        "port": given["PORT"] or 5432,
        "user": given["USER"],
        "password": given["PASSWORD"],
    }
    names = [f"{given['NAME'].removeprefix('test_')}_probe_{n}" for n in range(2)]
    secret = f":{quote(given['PASSWORD'])}" if given["PASSWORD"] else ""
    address = f"postgres://{quote(given['USER'])}{secret}@{given['HOST']}:{given['PORT'] or 5432}"
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as control:
        for name in names:
            control.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            control.execute(f'CREATE DATABASE "{name}"')
        yield [f"{address}/{name}" for name in names]
        for name in names:
            control.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_importing_a_real_archive_takes_at_most_five_bulk_creates_and_600_mb(tmp_path, databases, capsys):
    def probe(what: str, database: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, str(PROBE), what, str(NYPHIL), str(tmp_path / "rows.pickle")],
            env={
                **os.environ,
                "DATABASE_URL": database,
                "VAR_DIR": str(tmp_path / "var"),
                "DJANGO_SETTINGS_MODULE": "theater_site.settings",
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    imported, floor = probe("import", databases[0]), probe("floor", databases[1])
    # With SQLite all the work is done in the process itself; its own time tells more than a shared machine's clock.
    measure = "cpu" if databases[0].startswith("sqlite") else "seconds"
    ratio = imported[measure] / floor[measure]
    with capsys.disabled():
        print(
            f"\nimport of {imported['lines']:,} lines, {floor['rows']:,} rows: {imported['seconds']} s "
            f"({imported['cpu']} s of this process), {imported['queries']} statements, {imported['peak_mb']} MB; "
            f"bare bulk_create {floor['seconds']} s ({floor['cpu']} s); {ratio:.2f} times, at most {AT_MOST}; "
            f"second run {imported['second']['seconds']} s"
        )
    assert imported["tables"] == {
        "seasons": [58, 0],
        "venues": [669, 0],
        "productions": [5_996, 0],
        "performances": [11_249, 0],
        "people": [4_039, 0],
        "credits": [48_346, 6_748],  # 55,094 in all
    }
    assert (imported["lines"], imported["bad"]) == (77_105, 0)
    assert imported["unknown"] == {"venues": {"no_timezone": 83}, "performances": {"no_start": 162}}
    # One change for each row that was written, sections of seasons and productions included.
    assert imported["changes"] == floor["rows"] == 58 + 669 + 5_996 + 11_249 + 4_039 + 48_346 + 58 + 5_996
    assert (imported["second"]["new"], imported["second"]["same"]) == (0, True)
    assert ratio <= AT_MOST
    assert imported["peak_mb"] < MEGABYTES
