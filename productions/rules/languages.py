"""Languages by their BCP 47 tags."""

from __future__ import annotations

import re

from theater_site.core.errors import Invalid

# The forms of RFC 5646 that the IANA registry uses: no full names ("english"), no grandfathered tags.
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?P<extlang>(-[a-z]{3}){0,3})(?P<script>-[a-z]{4})?(?P<region>-([a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)(?P<extensions>(-[0-9a-wy-z](-[a-z0-9]{2,8})+)*)"
    r"(?P<private>-x(-[a-z0-9]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)


def language_tag(text: str, *, field: str = "language") -> str:
    """Normalize a language tag ("EN-us" to "en-US"). Invalid (`bad_language`) for other forms; "" stays."""
    if text == "":
        return ""
    match = _TAG.fullmatch(text)
    if match is None:
        raise Invalid(
            f"{text[:40]!r} is not a language tag. Write it as in BCP 47: en, pt-BR, zh-Hant.",
            code="bad_language",
            field=field,
        )
    part = {name: value or "" for name, value in match.groupdict().items()}
    return (
        part["language"].lower() + part["extlang"].lower() + part["script"].title() + part["region"].upper()
        + part["variants"].lower() + part["extensions"].lower() + part["private"].lower()
    )  # fmt: skip
