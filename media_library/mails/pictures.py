"""Mails about pictures."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.notifications.mails.letters import Letter, Reader

_LISTED = 20


def pictures_withdrawn(name: str, titles: Sequence[str], reader: Reader) -> Letter:
    """To those who publish pictures: a person withdrew the consent to pictures.

    `name` is empty if the person has no public page. `titles` are those of the pictures that were unpublished.
    """
    values = {"name": name or _("Somebody"), "count": len(titles)}
    text = ngettext(
        "%(name)s withdrew the consent to pictures. %(count)s public picture was unpublished.",
        "%(name)s withdrew the consent to pictures. %(count)s public pictures were unpublished.",
        len(titles),
    )
    listed = "".join(f"\n- {title}" for title in titles[:_LISTED]) + "\n…" * (len(titles) > _LISTED)
    return Letter(
        _("Consent to pictures withdrawn: %(name)s") % values,
        text % values
        + (f"\n{listed}" if titles else "")
        + "\n\n"
        + _("Please remove the pictures from posters, flyers and social media as well."),
    )
