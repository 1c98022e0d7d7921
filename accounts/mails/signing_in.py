"""What the mails about an account say. Functions give subject and body; links come from FRONTEND_URLS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings


class Mail(NamedTuple):
    subject: str
    body: str


_IGNORE = "If this was not you, ignore this mail; nothing has changed."
_ALARM = "If this was not you, reset your password now: {reset_password}"

# By allauth's name of the occasion. Holes are filled from allauth's context and from those FRONTEND_URLS that
# have none themselves.
_TEXTS: dict[str, tuple[str, str]] = {
    "account/email/email_confirmation_signup": (
        "Your code to sign up",
        f"Welcome. Your code to confirm this address is:\n\n    {{code}}\n\n{_IGNORE}",
    ),
    "account/email/email_confirmation": (
        "Your code to confirm this address",
        f"Your code to confirm this address is:\n\n    {{code}}\n\n{_IGNORE}",
    ),
    "account/email/login_code": (
        "Your code to sign in",
        f"Your code to sign in is:\n\n    {{code}}\n\n{_IGNORE}",
    ),
    "account/email/password_reset_key": (
        "Choose a new password",
        f"Somebody, probably you, asked for a new one. Set it here:\n\n{{password_reset_url}}\n\n{_IGNORE}",
    ),
    "account/email/password_reset_code": (
        "Your code to choose a new password",
        f"Your code to choose a new password is:\n\n    {{code}}\n\n{_IGNORE}",
    ),
    "account/email/account_already_exists": (
        "You have an account already",
        (
            "Somebody, probably you, tried to sign up with this address, which has an account already. "
            f"If you forgot its password, choose a new one here:\n\n{{password_reset_url}}\n\n{_IGNORE}"
        ),
    ),
    "account/email/unknown_account": (
        "There is no account with this address",
        (
            "Somebody, probably you, asked for a new password for this address. There is no "
            "account with it; perhaps you used another one. You can sign up here:\n\n{sign_up}"
        ),
    ),
    "account/email/password_changed": ("Your password was changed", f"Your password was changed. {_ALARM}"),
    "account/email/password_set": ("A password was set", f"Your account has a password now. {_ALARM}"),
    "account/email/password_reset": ("Your password was reset", f"Your password was reset. {_ALARM}"),
    "account/email/email_changed": (
        "Your address was changed",
        f"Your account's address was changed from {{from_email}} to {{to_email}}. {_ALARM}",
    ),
    "account/email/email_confirm": ("Your address is confirmed", f"This address is confirmed now. {_ALARM}"),
    "account/email/email_deleted": (
        "An address was removed",
        f"The address {{deleted_email}} was removed from your account. {_ALARM}",
    ),
    "mfa/email/totp_activated": (
        "The authenticator app is on",
        f"Signing in now takes a code of your authenticator app as well. {_ALARM}",
    ),
    "mfa/email/totp_deactivated": (
        "The authenticator app is off",
        f"Signing in no longer takes a code of your authenticator app. {_ALARM}",
    ),
    "mfa/email/recovery_codes_generated": (
        "New recovery codes were made",
        f"New recovery codes were made for your account; the old ones no longer work. {_ALARM}",
    ),
    "mfa/email/webauthn_added": (
        "A security key was added",
        f"A security key was added to your account. {_ALARM}",
    ),
    "mfa/email/webauthn_removed": (
        "A security key was removed",
        f"A security key was removed from your account. {_ALARM}",
    ),
}

OCCASIONS = frozenset(_TEXTS)
# Without these somebody cannot go on; the others tell of something that was done. Those for addresses with and without an
# account are alike in this, or a dead mail server would tell which have one.
AWAITED = frozenset(
    f"account/email/{name}"
    for name in (
        "email_confirmation_signup",
        "email_confirmation",
        "login_code",
        "password_reset_key",
        "password_reset_code",
        "account_already_exists",
        "unknown_account",
    )
)


def account_mail(occasion: str, context: Mapping[str, Any]) -> Mail:
    """The mail of an allauth occasion such as `account/email/password_changed`; `context` is what allauth
    knows."""
    subject, body = _TEXTS[occasion]
    links = {name: url for name, url in settings.FRONTEND_URLS.items() if "{" not in url}
    text = body.format_map({**links, **context})
    return Mail(f"{settings.SITE_NAME}: {subject}", f"Hello,\n\n{text}\n\n{settings.SITE_NAME}\n")
