"""The preset roles of a new installation. They are data, which the installation can change."""

from __future__ import annotations

from accounts.permissions.rules.permissions import permissions_like

PRESETS: dict[str, tuple[str, frozenset[str]]] = {
    "director": ("Artistic or managing director", permissions_like("*_*")),
    "production_manager": (
        "Production manager",
        permissions_like("view_*", "*_schedule", "edit_details", "submit_*", "edit_cast", "edit_media")
        - {"view_audit", "view_buyers", "emergency_schedule"},
    ),
    "stage_manager": (
        "Stage manager",
        permissions_like(
            "view_details",
            "view_cast",
            "view_schedule",
            "edit_schedule",
            "submit_schedule",
            "submit_cast",
            "view_directory",
        ),
    ),
    "marketing_coordinator": (
        "Marketing coordinator",
        permissions_like(
            "view_details",
            "view_promotions",
            "submit_promotions",
            "submit_details",
            "view_media",
            "edit_media",
            "publish_media",
            "submit_media",
            "view_tickets",
            "view_schedule",
        ),
    ),
    "casting_director": (
        "Casting director",
        permissions_like("*_cast", "view_details", "view_directory", "edit_directory") - {"emergency_cast"},
    ),
    "box_office": (
        "Box office",
        permissions_like("*_tickets", "view_buyers", "edit_check_in", "view_schedule", "view_promotions")
        - {"approve_tickets", "emergency_tickets", "submit_tickets", "publish_tickets"},
    ),
    "house_manager": (
        "House manager",
        permissions_like("view_tickets", "edit_check_in", "view_schedule", "view_venues"),
    ),
    "media_editor": (
        "Media editor",
        permissions_like("view_media", "edit_media", "submit_media", "publish_media", "view_details"),
    ),
    "archivist": (
        "Archivist",
        permissions_like("view_*", "edit_details", "edit_cast", "edit_directory", "edit_media")
        - {"view_audit", "view_buyers"},
    ),
    "company_member": ("Company member", permissions_like("view_schedule", "view_cast", "submit_directory")),
    "viewer": ("Viewer", permissions_like("view_details", "view_schedule", "view_cast", "view_media")),
}

# Roles that delegate or see personal data of buyers: they need a second factor where that is required.
SENSITIVE = frozenset({"director", "box_office"})
