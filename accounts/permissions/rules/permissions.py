"""The permissions on sections. Each is a verb and an area of the theater's work."""

from __future__ import annotations

VERBS = {
    "view": "see drafts and internal facts of",
    "submit": "submit changes of",
    "edit": "change",
    "publish": "make public",
    "approve": "decide on submissions about",
    "manage": "arrange and delegate",
    "emergency": "do without approval what cannot wait, of",
}

AREAS = {
    "details": "what is played: seasons, productions, texts",
    "cast": "who plays and who helps",
    "schedule": "the calendar",
    "tickets": "the box office: sales, orders without their buyers",
    "buyers": "who bought tickets: names, addresses, order references",
    "check_in": "check-in at the door",
    "promotions": "discounts and campaigns",
    "media": "pictures, films and documents",
    "directory": "people and groups",
    "venues": "houses and rooms",
    "brand": "the brand guidelines",
    "members": "who may do what",
    "audit": "the record of who did what",
}

# Areas that only have some of the verbs.
_ONLY = {"audit": ("view",), "buyers": ("view",), "check_in": ("edit",)}
PERMISSIONS = {
    f"{verb}_{area}": f"{meaning} {about}"
    for verb, meaning in VERBS.items()
    for area, about in AREAS.items()
    if verb in _ONLY.get(area, VERBS)
}

# The areas whose changes need approval.
APPROVED_AREAS = tuple(area for area in AREAS if f"approve_{area}" in PERMISSIONS)


def permissions_like(*patterns: str) -> frozenset[str]:
    """The permissions that match patterns such as "edit_details", "view_*" or "*_tickets".

    Raises: ValueError for a pattern without a match, so that a typo fails at import.
    """
    named: set[str] = set()
    for pattern in patterns:
        verb, _, area = pattern.partition("_")
        found = {
            permission
            for permission in PERMISSIONS
            if verb in ("*", permission.partition("_")[0]) and area in ("*", permission.partition("_")[2])
        }
        if not found:
            raise ValueError(f"no permission is named by {pattern!r}")
        named |= found
    return frozenset(named)
