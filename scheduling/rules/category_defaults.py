"""What an event of each category gets where its planner says nothing."""

from __future__ import annotations

from typing import Any, NamedTuple


class Defaults(NamedTuple):
    """Minutes of the event and of the setup and strike around it; whether it can be published; its color on calendars."""

    duration_minutes: int | None = None
    setup_minutes: int = 0
    strike_minutes: int = 0
    visibility: str = "internal"
    color: str = "#6b7280"

    @property
    def of_event(self) -> dict[str, Any]:
        """The fields that an event gets."""
        return {name: value for name, value in self._asdict().items() if name != "color"}


# By category. A theater changes them by rows of CategoryDefaults.
BUILT_IN = {
    "performance": Defaults(visibility="public", color="#b91c1c"),
    "rehearsal": Defaults(color="#1d4ed8"),
    "read_through": Defaults(color="#0369a1"),
    "tech": Defaults(color="#7c3aed"),
    "dress_rehearsal": Defaults(color="#6d28d9"),
    "audition": Defaults(color="#c2410c"),
    "load_in": Defaults(color="#78350f"),
    "strike": Defaults(color="#451a03"),
    "travel": Defaults(color="#0f766e"),
    "photo_call": Defaults(color="#be185d"),
    "open_house": Defaults(visibility="public", color="#15803d"),
    "meeting": Defaults(color="#4b5563"),
    "workshop": Defaults(color="#a16207"),
    "class": Defaults(color="#854d0e"),
    "fundraiser": Defaults(color="#be123c"),
    "special_event": Defaults(color="#9d174d"),
    "closure": Defaults(color="#111827"),
    "other": Defaults(),
}
