"""The one letter that gathers what waited for its hour."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.notifications.mails.letters import Letter, Reader


def digest(letters: Sequence[Letter], reader: Reader) -> Letter:
    """Each letter whole, in the order in which they came, so that nobody need sign in to read them."""
    count = len(letters)
    subject = ngettext("%(count)s notification from %(site)s", "%(count)s notifications from %(site)s", count)
    return Letter(
        subject % {"count": count, "site": settings.SITE_NAME},
        _("What you asked to be notified of once a day:")
        + "".join(f"\n\n* {letter.subject}\n\n{letter.body.strip()}" for letter in letters),
    )


def footer(link: str, *, essential: bool) -> str:
    """What is printed below every mail to somebody with an account; `link` leads to their preferences."""
    if essential:
        return _("This is always mailed. When and how the rest is, you choose here:") + f"\n{link}\n"
    return _("Which notifications are mailed to you, and when, you choose here:") + f"\n{link}\n"
