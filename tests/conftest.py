"""What every test is on. Scenes are set by `tests/world.py`; fixtures here make the ground even."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

# --- Fixtures that several files share ----------------------------------------------------------------------
from tests.installations import installation, migrated

# --- The report: pytest finds hooks by their names in this file ---------------------------------------------
from tests.report import pytest_configure, pytest_json_modifyreport

__all__ = ["installation", "migrated", "pytest_configure", "pytest_json_modifyreport"]

ROOT = Path(__file__).resolve().parents[1]

# --- Hypothesis: the same examples in every run; HYPOTHESIS_PROFILE=explore looks for new ones --------------

hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis_settings.register_profile("explore", deadline=None, max_examples=1_000, print_blob=True)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# --- Real input, read in place ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real input that nobody on this project wrote; a test that needs it is skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent")
    return folder


# --- Files and caches of the test run, apart from those of the checkout -------------------------------------


@pytest.fixture(scope="session", autouse=True)
def own_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Uploads go to a folder of this process, and nothing is cached on disk."""
    from django.test import override_settings

    memory = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"), CACHES=memory):
        yield


@pytest.fixture(autouse=True)
def fresh_cache(own_files: None) -> None:
    """No rate limit and no cached answer is left over from the test before."""
    from django.core.cache import cache

    cache.clear()


# --- The schema ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def answers_are_as_the_schema_says() -> Iterator[None]:
    """Every answer that the test client is given is checked, whatever the test is about."""
    from tests.schema import checked

    with checked():
        yield


# --- The database's own guards ------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def guards_make_way_for_the_flush() -> Iterator[None]:
    """Tests that commit are followed by a flush, which the append-only tables refuse; this is the one switch."""
    from django.db import connection
    from django.test.testcases import TransactionTestCase

    from theater_site.core import guards

    flush = TransactionTestCase._fixture_teardown

    def flush_without_guards(case: TransactionTestCase) -> None:
        with guards.dropped(connection):
            flush(case)

    TransactionTestCase._fixture_teardown = flush_without_guards
    yield
    TransactionTestCase._fixture_teardown = flush


# --- Several connections at once ----------------------------------------------------------------------------


@pytest.fixture
def real_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that threads share through connections of their own, as processes do: on SQLite a file, copied from the
    one connection to memory that Django's test database is; on PostgreSQL what is there already."""
    from django.db import connection, connections

    if connection.vendor != "sqlite":
        yield
        return
    memory = connections.databases["default"]["NAME"]
    connection.ensure_connection()
    kept = connection.connection
    file = str(tmp_path / "theater.sqlite3")
    with closing(sqlite3.connect(file)) as copy:
        kept.backup(copy)
    connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = file
    connection.connection = None
    try:
        yield
    finally:
        connections.close_all()
        connections.databases["default"]["NAME"] = connection.settings_dict["NAME"] = memory
        connection.connection = kept
