"""How the system starts: with its own keys at home, and in production with given ones or not at all."""

from __future__ import annotations

import ast
import base64
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "THEATER_MODE": "production",
    "SECRET_KEY": "".join(chr(48 + n % 75) for n in range(0, 7 * 64, 7)),
    "FIELD_KEYS": base64.urlsafe_b64encode(b"0123456789abcdef" * 2).decode(),
    "INDEX_KEY": "an-index-key-of-more-than-32-characters",
    "AUDIT_SIGNING_KEY": base64.urlsafe_b64encode(b"fedcba9876543210" * 2).decode(),
    "ALLOWED_HOSTS": "theater.example",
    "EMAIL_URL": "smtp+tls://user:word@mail.theater.example:587",
    "DEFAULT_FROM_EMAIL": "box-office@theater.example",
    "FRONTEND_URL": "https://theater.example",
}


def start(var: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start Django again with these variables and none of this process's own settings."""
    ours = set(PRODUCTION) | {"DEBUG", "DATABASE_URL", "CACHE_URL", "MOCK_AUTHENTICATION", "LOG_FORMAT"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**kept, "VAR_DIR": str(var), "DJANGO_SETTINGS_MODULE": "theater_site.settings", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


READ_KEYS = (
    "import json; from django.conf import settings as s; "
    "print(json.dumps([s.SECRET_KEY, s.FIELD_KEYS, s.INDEX_KEY, s.AUDIT_SIGNING_KEYS]))"
)


def test_development_keys_are_created_once_by_concurrent_processes(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: start(tmp_path / "var", "-c", READ_KEYS), range(3)))
    answers.append(start(tmp_path / "var", "-c", READ_KEYS))
    assert all(answer.returncode == 0 for answer in answers), answers
    (keys,) = {answer.stdout for answer in answers}
    assert all(json.loads(keys))
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["keys.json"]
    assert (tmp_path / "var" / "keys.json").stat().st_mode & 0o777 == 0o600


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    first, second = (start(tmp_path / name, "-c", READ_KEYS).stdout for name in ("one", "two"))
    assert not {json.dumps(key) for key in json.loads(first)} & {json.dumps(key) for key in json.loads(second)}


def test_production_reports_all_missing_settings_at_once(tmp_path: Path) -> None:
    answer = start(tmp_path / "var", "manage.py", "check", THEATER_MODE="production", DEBUG="1")
    assert answer.returncode != 0
    for name in PRODUCTION.keys() - {"THEATER_MODE"}:
        assert f"{name} is not set" in answer.stderr
    assert "DEBUG is on" in answer.stderr
    assert not (tmp_path / "var").exists(), "no key is made up in production"


@pytest.mark.parametrize(
    ("name", "value"), [("FIELD_KEYS", "not-a-key"), ("INDEX_KEY", "short"), ("AUDIT_SIGNING_KEY", "c2hvcnQ=")]
)
def test_invalid_keys_are_refused_at_start(tmp_path: Path, name: str, value: str) -> None:
    answer = start(tmp_path / "var", "manage.py", "check", **{**PRODUCTION, name: value})
    assert answer.returncode != 0
    assert name in answer.stderr
    assert "ImproperlyConfigured" in answer.stderr


def test_production_passes_the_deployment_checks(tmp_path: Path) -> None:
    answer = start(tmp_path / "var", "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert answer.returncode == 0, answer.stderr


def test_production_refuses_mock_sign_in(tmp_path: Path) -> None:
    answer = start(tmp_path / "var", "manage.py", "check", MOCK_AUTHENTICATION="1", **PRODUCTION)
    assert answer.returncode != 0
    assert "accounts.E001" in answer.stderr


def test_every_variable_is_documented_and_every_documented_one_is_used() -> None:
    modules = sorted((ROOT / "theater_site" / "settings").glob("*.py"))
    sources = [module.read_text(encoding="utf-8") for module in modules]
    table = ast.get_docstring(ast.parse(sources[0]), clean=False) or ""
    described = set(re.findall(r"^([A-Z][A-Z_]+)(?: \*)? {2,}", table, re.MULTILINE))
    read = {name for source in sources for name in re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source)}
    assert described == read
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z_]+)`", readme, re.MULTILINE)) == read
