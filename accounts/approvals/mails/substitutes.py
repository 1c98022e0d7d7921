"""The mails about substitutes of absent approvers."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.approvals.models.approvals import Substitute
from accounts.notifications.mails.letters import Letter, Reader
from accounts.notifications.mails.people import named, said


def substitute_named(substitute: Substitute, reader: Reader) -> Letter:
    text = _(
        "%(substitute)s decides in the place of %(person)s on what is pending in %(section)s, from %(from)s until %(until)s."
    )
    words = said(substitute.named_by, substitute.reason)
    return _letter(substitute, reader, _("Substituting: %(section)s"), text, words)


def substitute_ended(substitute: Substitute, reader: Reader) -> Letter:
    text = _("%(substitute)s no longer decides in the place of %(person)s in %(section)s.")
    return _letter(substitute, reader, _("Substituting has ended: %(section)s"), text, "")


def _letter(substitute: Substitute, reader: Reader, subject: str, text: str, words: str) -> Letter:
    holes = {
        "substitute": named(substitute.substitute),
        "person": named(substitute.person),
        "section": substitute.section.name,
        "from": reader.time(substitute.starts_at),
        "until": reader.time(substitute.ends_at),
    }
    link = settings.FRONTEND_URLS["section"].format(id=substitute.section_id)
    return Letter(subject % holes, f"{text % holes}\n\n{words}" + _("See it:") + f"\n{link}")
