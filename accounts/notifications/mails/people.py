"""How letters name people and give their words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.users.models.users import User


def named(user: User | None) -> str:
    """By name; never by the whole address, which others need not know."""
    if user is None:
        return _("The installation")
    return user.shown_name


def said(user: User | None, words: str) -> str:
    """What somebody wrote, as a paragraph of its own; nothing where they wrote nothing."""
    if not words.strip():
        return ""
    return _("%(who)s writes:") % {"who": named(user)} + f"\n{words.strip()}\n\n"
