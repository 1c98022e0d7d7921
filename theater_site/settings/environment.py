"""The environment variables, the mode, and the directory for data."""

from __future__ import annotations

from pathlib import Path

import environ  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[2]

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

THEATER_MODE = env.str("THEATER_MODE", "development")
if THEATER_MODE not in ("development", "production"):
    raise ImproperlyConfigured(f"THEATER_MODE is {THEATER_MODE!r}; it must be development or production.")
PRODUCTION = THEATER_MODE == "production"
# Off in development too, so that errors are the same problem JSON as in production instead of HTML pages.
DEBUG = env.bool("DEBUG", False)

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
