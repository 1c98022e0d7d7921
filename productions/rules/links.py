"""Links shown to the public."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from theater_site.core.errors import Invalid

LONGEST = 500
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# Tracking parameters of advertising; the page is the same without them.
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid", re.IGNORECASE)


def clean_link(text: str, *, field: str) -> str:
    """Normalize `text` to an https address without tracking, its host in ASCII. Invalid (`bad_link`) for another scheme, no
    host, a port, a user name, or spaces."""
    wrong = Invalid(
        f"{text[:60]!r} is not a public link. Write an address that begins with https://.",
        code="bad_link",
        field=field,
    )
    if len(text) > LONGEST or re.search(r"[\s\x00-\x1f\x7f\\<>\"`{}|^]", text):
        raise wrong
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme != "https" or not _HOST.fullmatch(host) or port is not None or "@" in parts.netloc:
        raise wrong
    query = parts.query
    if _TRACKING.search(query):
        kept = [
            (name, value) for name, value in parse_qsl(query, keep_blank_values=True) if not _TRACKING.fullmatch(name)
        ]
        query = urlencode(kept)
    return urlunsplit(("https", host, parts.path or "/", query, parts.fragment))
