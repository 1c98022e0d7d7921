"""Sessions in the database, encrypted with FIELD_KEYS (SESSION_ENGINE).

During sign-up and the set-up of a second factor, a session contains the e-mail address, the mailed code and the secret of
the authenticator app. Django signs session data, but anybody who reads the database can read them.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from theater_site.core.encryption import Undecryptable, decrypt, encrypt


class SessionStore(DatabaseSessionStore):
    """Stores sessions encrypted. A session that no key decrypts is loaded as empty, so its user signs in again."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        return encrypt(self.serializer().dumps(session_dict).decode("latin-1"))

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            token = session_data.decode("ascii") if isinstance(session_data, bytes) else session_data
            return self.serializer().loads(decrypt(token).encode("latin-1"))
        except Undecryptable:
            return {}
