"""What every test stands on. Scenes are set by `tests/world.py`; fixtures here make the ground even."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

# --- The report: pytest finds hooks by their names in this file ---------------------------------------------
from tests.report import pytest_configure, pytest_json_modifyreport

__all__ = ["pytest_configure", "pytest_json_modifyreport"]

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
