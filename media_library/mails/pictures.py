"""The mails about pictures."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.notifications.mails.letters import Letter, Reader

_LISTED = 20


def pictures_withdrawn(name: str, titles: Sequence[str], reader: Reader) -> Letter:
    """To the staff of pictures: a person withdrew the consent to pictures. `name` is empty where the person has no public
    page; `titles` are the pictures that were public until now."""
    holes = {"name": name or _("Somebody"), "count": len(titles)}
    told = ngettext(
        "%(name)s withdrew the consent to pictures. %(count)s public picture was taken down.",
        "%(name)s withdrew the consent to pictures. %(count)s public pictures were taken down.",
        len(titles),
    )
    listed = "".join(f"\n- {title}" for title in titles[:_LISTED]) + "\n…" * (len(titles) > _LISTED)
    return Letter(
        _("Consent to pictures withdrawn: %(name)s") % holes,
        told % holes
        + (f"\n{listed}" if titles else "")
        + "\n\n"
        + _("Remove the pictures from what this program does not publish too: posters, flyers, social media."),
    )
