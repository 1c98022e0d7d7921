"""Makes a mail of a notification, with headers and HTML, and interprets the errors of mail servers."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parseaddr
from functools import cache
from smtplib import (
    SMTPDataError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation

from accounts.notifications.mails.attachments import made_by
from accounts.notifications.mails.digests import footer
from accounts.notifications.mails.letters import as_html
from accounts.notifications.services.unsubscribing import one_click_address
from accounts.users.rules.locales import supported


class NoRecipient(Exception):
    """The address was deleted since. Without this error the mail library would silently send nothing."""


class Sealed(NamedTuple):
    """The parts of a notification that its mail is made of."""

    pk: int
    kind: str
    subject: str
    body: str
    thread: str
    created_at: datetime
    address: str | None
    about_id: str
    attachments: str
    recipient_id: int | None
    recipient__email: str | None
    recipient__language: str | None
    recipient__refused_index: str | None


def enveloped(message: Sealed, connection: Any) -> EmailMultiAlternatives:
    """The mail: plain text and the same text as HTML, its files, and headers to thread it, unsubscribe and recognize it."""
    domain = _domain(settings.DEFAULT_FROM_EMAIL)
    headers = {
        # The same at every attempt, so that a mail program recognizes a mail that arrives twice.
        "Message-ID": f"<notification.{message.pk}.{message.created_at:%Y%m%d%H%M%S%f}@{domain}>",
        "Auto-Submitted": "auto-generated",
    }
    if message.thread:
        root = f"<thread.{re.sub(r'[^a-z0-9]+', '.', message.thread.lower())}@{domain}>"
        headers |= {"In-Reply-To": root, "References": root}
    body, language = message.body, supported(message.recipient__language or settings.LANGUAGE_CODE)
    if message.recipient_id is not None:
        address = one_click_address(message.recipient_id, message.kind)
        body = f"{body.rstrip()}\n\n-- \n{_footer(language, address is None, settings.FRONTEND_URLS['notifications'])}"
        if address is not None:
            headers |= {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = EmailMultiAlternatives(
        message.subject,
        body,
        to=[message.address or message.recipient__email or ""],
        headers=headers,
        connection=connection,
    )
    mail.attach_alternative(as_html(body, language), "text/html")
    for file in made_by(message.attachments, message.about_id):
        mail.attach(file.name, file.content, file.media_type)
    return mail


@cache
def _footer(language: str, essential: bool, link: str) -> str:
    with translation.override(language):
        return footer(link, essential=essential)


@cache
def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def final(error: Exception) -> bool:
    """Whether the server refused the address or the message permanently (5xx), so that another attempt is pointless."""
    return _by_provider(error, "AnymailRecipientsRefused") or (
        isinstance(error, SMTPRecipientsRefused | SMTPDataError) and 500 <= _code(error) < 600
    )


def refused_address(error: Exception, message: Sealed) -> bool:
    """Whether the server permanently refused the address of the reader's account."""
    theirs = message.recipient_id is not None and message.address is None
    return theirs and final(error) and not isinstance(error, SMTPDataError)


def unreachable(error: Exception) -> bool:
    """Whether a mail provider did not answer, or takes no mail from us (a wrong key, or too many): not the fault of the
    message. For a mail server this is known before anything is sent."""
    return _by_provider(error, "AnymailRequestsAPIError") and _code(error) in (0, 401, 403, 429)


def _by_provider(error: Exception, kind: str) -> bool:
    # Recognized by name, since django-anymail is optional, and it creates classes at run time.
    return ("anymail.exceptions", kind) in ((known.__module__, known.__name__) for known in type(error).__mro__)


def hung_up(error: Exception) -> bool:
    """Whether the server had closed the connection before this message began."""
    return isinstance(error, SMTPServerDisconnected) or (isinstance(error, SMTPSenderRefused) and _code(error) == 421)


def reason(error: Exception) -> str:
    """The stored description of an error: its type and codes. Its text may contain the address."""
    code = _code(error)
    enhanced = re.match(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b", _answer(error)[1])
    told = [type(error).__name__.lstrip("_"), str(code or ""), enhanced[1].decode() if enhanced else ""]
    return " ".join(filter(None, told))


def _code(error: Exception) -> int:
    return _answer(error)[0]


def _answer(error: Exception) -> tuple[int, bytes]:
    """The server's code and text, 0 without a code. A mail to one address has one answer."""
    words: bytes | str
    if isinstance(error, SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()), (0, b""))
    elif isinstance(error, SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    else:
        return getattr(error, "status_code", None) or 0, b""
    return code, words if isinstance(words, bytes) else words.encode()
