"""Every announcement has a listener, or says that it is for apps that an installation adds."""

from __future__ import annotations

from importlib import import_module

import pytest

from theater_site.core.announcements import Announcement

MODULES = [
    f"{app}.signals"
    for app in (
        "theater_site.core",
        "accounts.permissions",
        "accounts.approvals",
        "accounts.privacy",
        "productions",
        "directory",
        "scheduling",
        "ticketing",
    )
]
ANNOUNCEMENTS = {
    f"{module}.{name}": value
    for module in MODULES
    for name, value in vars(import_module(module)).items()
    if isinstance(value, Announcement)
}


@pytest.mark.parametrize("name", sorted(ANNOUNCEMENTS))
def test_every_announcement_has_a_listener_or_is_an_extension_point(name: str) -> None:
    announcement = ANNOUNCEMENTS[name]
    assert bool(announcement.receivers) != announcement.extension_point, (
        "connect a listener in theater_site/wiring.py, or declare extension_point=True; not both"
    )
