"""What the mails about an account say. Functions give subject and body; links come from FRONTEND_URLS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts.notifications.mails.letters import Letter

_IGNORE = _("If this was not you, ignore this mail; nothing has changed.")
_ALARM = _("If this was not you, reset your password now: {reset_password}")


class _Text(NamedTuple):
    """The subject, what is said, and what to do where it was somebody else."""

    subject: str
    words: str
    ending: str = ""


# By allauth's name of the occasion. Holes are filled from allauth's context and from those FRONTEND_URLS that
# have none themselves.
_TEXTS: dict[str, _Text] = {
    "account/email/email_confirmation_signup": _Text(
        _("Your code to sign up"), _("Welcome. Your code to confirm this address is:\n\n    {code}"), _IGNORE
    ),
    "account/email/email_confirmation": _Text(
        _("Your code to confirm this address"), _("Your code to confirm this address is:\n\n    {code}"), _IGNORE
    ),
    "account/email/login_code": _Text(_("Your code to sign in"), _("Your code to sign in is:\n\n    {code}"), _IGNORE),
    "account/email/password_reset_key": _Text(
        _("Choose a new password"),
        _("Somebody, probably you, asked for a new one. Set it here:\n\n{password_reset_url}"),
        _IGNORE,
    ),
    "account/email/password_reset_code": _Text(
        _("Your code to choose a new password"), _("Your code to choose a new password is:\n\n    {code}"), _IGNORE
    ),
    "account/email/account_already_exists": _Text(
        _("You have an account already"),
        _(
            "Somebody, probably you, tried to sign up with this address, which has an account already. "
            "If you forgot its password, choose a new one here:\n\n{password_reset_url}"
        ),
        _IGNORE,
    ),
    "account/email/unknown_account": _Text(
        _("There is no account with this address"),
        _(
            "Somebody, probably you, asked for a new password for this address. There is no "
            "account with it; perhaps you used another one. You can sign up here:\n\n{sign_up}"
        ),
    ),
    "account/email/password_changed": _Text(
        _("Your password was changed"), _("The password of your account was changed."), _ALARM
    ),
    "account/email/password_set": _Text(_("A password was set"), _("Your account has a password now."), _ALARM),
    "account/email/password_reset": _Text(
        _("Your password was reset"), _("The password of your account was reset."), _ALARM
    ),
    "account/email/email_changed": _Text(
        _("Your address was changed"),
        _("Your account's address was changed from {from_email} to {to_email}."),
        _ALARM,
    ),
    "account/email/email_confirm": _Text(_("Your address is confirmed"), _("This address is confirmed now."), _ALARM),
    "account/email/email_deleted": _Text(
        _("An address was removed"), _("The address {deleted_email} was removed from your account."), _ALARM
    ),
    "mfa/email/totp_activated": _Text(
        _("The authenticator app is on"),
        _("Signing in now takes a code of your authenticator app as well."),
        _ALARM,
    ),
    "mfa/email/totp_deactivated": _Text(
        _("The authenticator app is off"),
        _("Signing in no longer takes a code of your authenticator app."),
        _ALARM,
    ),
    "mfa/email/recovery_codes_generated": _Text(
        _("New recovery codes were made"),
        _("New recovery codes were made for your account; the old ones no longer work."),
        _ALARM,
    ),
    "mfa/email/webauthn_added": _Text(
        _("A security key was added"), _("A security key was added to your account."), _ALARM
    ),
    "mfa/email/webauthn_removed": _Text(
        _("A security key was removed"), _("A security key was removed from your account."), _ALARM
    ),
}

OCCASIONS = frozenset(_TEXTS)
# Without these somebody cannot go on; the others report something that was done. Those for addresses with and without an
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


def account_mail(occasion: str, context: Mapping[str, Any]) -> Letter:
    """The mail of an allauth occasion such as `account/email/password_changed`, in the active language; `context` is what
    allauth knows."""
    text = _TEXTS[occasion]
    links = {name: url for name, url in settings.FRONTEND_URLS.items() if "{" not in url}
    holes = {**links, **context}
    parts = [gettext(part).format_map(holes) for part in (text.words, text.ending) if part]
    return Letter(
        f"{settings.SITE_NAME}: {gettext(text.subject)}",
        "\n\n".join([gettext("Hello,"), *parts, settings.SITE_NAME]),
    )
