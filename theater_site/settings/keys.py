"""Secret keys: from the environment, in development else from a file that is made once."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from theater_site.settings.environment import DEBUG, PRODUCTION, VAR_DIR, env

_SECRETS = ("SECRET_KEY", "FIELD_KEYS", "INDEX_KEY", "AUDIT_SIGNING_KEY")


def _development_keys(path: Path) -> dict[str, str]:
    """The development keys, generated once. The file is linked into place, so that simultaneous starts use the same keys."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        generated = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "FIELD_KEYS": Fernet.generate_key().decode(),
            "INDEX_KEY": secrets.token_urlsafe(48),
            "AUDIT_SIGNING_KEY": Fernet.generate_key().decode(),
        }
        handle, name = tempfile.mkstemp(dir=path.parent)  # readable by the owner only
        with os.fdopen(handle, "w") as file:
            json.dump(generated, file, indent=2)
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()
    keys: dict[str, str] = json.loads(path.read_text())
    # A file of an earlier version lacks this key.
    keys.setdefault(
        "AUDIT_SIGNING_KEY",
        base64.urlsafe_b64encode(hashlib.sha256(b"audit signing key:" + keys["SECRET_KEY"].encode()).digest()).decode(),
    )
    return keys


def _missing_in_production() -> list[str]:
    needed = (*_SECRETS, "ALLOWED_HOSTS", "EMAIL_URL", "DEFAULT_FROM_EMAIL", "FRONTEND_URL")
    problems = [f"{name} is not set" for name in needed if not env.str(name, "").strip()]
    if DEBUG:
        problems.append("DEBUG is on")
    return problems


def _unusable_keys() -> list[str]:
    problems = []
    for position, key in enumerate(FIELD_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            problems.append(f"FIELD_KEYS: key {position} is not a Fernet key (32 bytes, url-safe base64)")
    if len(INDEX_KEY) < 32:
        problems.append("INDEX_KEY is shorter than 32 characters")
    for position, key in enumerate(AUDIT_SIGNING_KEYS, start=1):
        try:
            usable = len(base64.urlsafe_b64decode(key)) == 32
        except ValueError:
            usable = False
        if not usable:
            problems.append(f"AUDIT_SIGNING_KEY: key {position} is not 32 bytes in url-safe base64")
    return problems


if PRODUCTION:
    if _problems := _missing_in_production():
        raise ImproperlyConfigured("Production cannot start: " + "; ".join(_problems) + ".")
    _generated: dict[str, str] = {}
elif all(env.str(name, "") for name in _SECRETS):
    _generated = {}
else:
    _generated = _development_keys(VAR_DIR / "keys.json")

SECRET_KEY = env.str("SECRET_KEY", "") or _generated["SECRET_KEY"]
_field_keys = env.str("FIELD_KEYS", "") or _generated["FIELD_KEYS"]
FIELD_KEYS = [key.strip() for key in _field_keys.split(",") if key.strip()]
INDEX_KEY = env.str("INDEX_KEY", "") or _generated["INDEX_KEY"]
_signing_keys = env.str("AUDIT_SIGNING_KEY", "") or _generated["AUDIT_SIGNING_KEY"]
AUDIT_SIGNING_KEYS = [key.strip() for key in _signing_keys.split(",") if key.strip()]
if _problems := _unusable_keys():
    raise ImproperlyConfigured("Some keys cannot be used: " + "; ".join(_problems) + ".")
