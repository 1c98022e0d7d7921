"""Adapts django-allauth to this project: mails without templates, encrypted secrets, and a name at sign-up."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.mail import EmailMessage
from django.http import HttpRequest

from accounts.notifications.mails.letters import Reader, for_reader
from accounts.notifications.mails.signing_in import AWAITED, account_mail
from accounts.notifications.services.outbox import put_to_address
from accounts.users.models.users import User, stored_email
from theater_site.api.sign_in_problems import MailNotSent
from theater_site.core import encryption

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sends plain-text mails written by `accounts.notifications.mails.signing_in`; there are no templates to render."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": "Too many attempts to sign in. If a code was mailed to you, enter it; else wait some minutes.",
    }

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        user = context.get("user")
        reader = Reader.of(user if isinstance(user, User) else None)
        letter = for_reader(lambda reader: account_mail(template_prefix, context), reader)
        to = [email] if isinstance(email, str) else email
        return EmailMessage(letter.subject, letter.body, self.get_from_email(), to, headers=headers)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail with a code at once, because a user waits for it; answer 503 if the mail server fails. Mails that report
        an event go through the outbox and into the user's list."""
        if template_prefix not in AWAITED:
            self._tell(template_prefix, email, context)
            return
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            # The server's text may contain the address.
            log.error("no mail could be sent: %s", type(error).__name__)
            self._take_back_sign_up(context.get("user"))
            raise MailNotSent from None

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        # allauth's own does not say whose notification it is.
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)

    def _tell(self, occasion: str, email: str, context: dict[str, Any]) -> None:
        user = context.get("user")
        put_to_address(
            "security",
            email,
            lambda reader: account_mail(occasion, context),
            recipient=user if isinstance(user, User) else None,
            about=user if isinstance(user, User) else None,
        )

    def _take_back_sign_up(self, user: User | None) -> None:
        """Delete an account that this request created and nobody can confirm: it would block another sign-up. There is no
        transaction around it, since the mail server may be slow and SQLite has one writer."""
        if user is not None and user.pk in getattr(self.request, "accounts_made", ()):
            user.delete()

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        saved: User = super().save_user(request, user, form, commit)
        request.accounts_made = {saved.pk}  # type: ignore[attr-defined]
        return saved

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # allauth's own key contains the Host header and port: with another port for each attempt, the limit never applies.
        return f"login:{stored_email(str(credentials.get('email') or ''))}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Answer 429 with the reason to too many wrong passwords, where allauth would answer a plain 400."""
        from allauth.headless.internal.restkit.response import APIResponse

        try:
            super().pre_authenticate(request, **credentials)
        except forms.ValidationError as error:
            if error.code != "too_many_login_attempts":
                raise
            errors = [{"code": error.code, "message": error.messages[0], "param": "password"}]
            raise ImmediateHttpResponse(APIResponse(request, errors=errors, status=429)) from None


class MFAAdapter(DefaultMFAAdapter):
    """Encrypts TOTP secrets and the seeds of recovery codes with FIELD_KEYS."""

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)


class SignupForm(forms.Form):
    """The additional fields of a sign-up; allauth derives its input from this form."""

    name = forms.CharField(max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        # Headless sign-up checks the password without the user, and would accept their address as a password.
        cleaned = super().clean() or self.cleaned_data
        if password := cleaned.get("password"):
            owner = User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))
            try:
                validate_password(password, owner)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


def display_name(user: User) -> str:
    """The name of a user in allauth's answers to them."""
    return user.display_name
