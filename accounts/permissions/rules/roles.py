"""The roles that a theater starts with. An installation may change them; they are data."""

from __future__ import annotations

from accounts.permissions.rules.rights import rights

PRESETS: dict[str, tuple[str, frozenset[str]]] = {
    "director": ("Artistic or managing director", rights("*_*")),
    "production_manager": (
        "Production manager",
        rights("view_*", "*_schedule", "edit_details", "propose_*", "edit_cast", "edit_media")
        - {"view_audit", "view_buyers", "emergency_schedule"},
    ),
    "stage_manager": (
        "Stage manager",
        rights(
            "view_details",
            "view_cast",
            "view_schedule",
            "edit_schedule",
            "propose_schedule",
            "propose_cast",
            "view_directory",
        ),
    ),
    "marketing_coordinator": (
        "Marketing coordinator",
        rights(
            "view_details",
            "view_promotions",
            "propose_promotions",
            "propose_details",
            "view_media",
            "edit_media",
            "publish_media",
            "propose_media",
            "view_tickets",
            "view_schedule",
        ),
    ),
    "casting_director": (
        "Casting director",
        rights("*_cast", "view_details", "view_directory", "edit_directory") - {"emergency_cast"},
    ),
    "box_office": (
        "Box office",
        rights("*_tickets", "view_buyers", "edit_check_in", "view_schedule", "view_promotions")
        - {"approve_tickets", "emergency_tickets", "propose_tickets", "publish_tickets"},
    ),
    "house_manager": ("House manager", rights("view_tickets", "edit_check_in", "view_schedule", "view_venues")),
    "media_editor": (
        "Media editor",
        rights("view_media", "edit_media", "propose_media", "publish_media", "view_details"),
    ),
    "archivist": (
        "Archivist",
        rights("view_*", "edit_details", "edit_cast", "edit_directory", "edit_media") - {"view_audit", "view_buyers"},
    ),
    "company_member": ("Company member", rights("view_schedule", "view_cast", "propose_directory")),
    "viewer": ("Viewer", rights("view_details", "view_schedule", "view_cast", "view_media")),
}

# Who delegates, and who sees what buyers told us: held only with a second factor, where that is required.
SENSITIVE = frozenset({"director", "box_office"})
