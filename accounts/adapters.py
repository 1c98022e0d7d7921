"""Where django-allauth meets this project: mails without templates, secrets encrypted at rest, a name at
sign-up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.mail import EmailMessage
from django.http import HttpRequest

from accounts.mails import account_mail
from accounts.models.users import User
from theater_site.core import encryption


class AccountAdapter(DefaultAccountAdapter):
    """Sends plain-text mails written by `accounts.mails`; there are no templates to render."""

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        subject, body = account_mail(template_prefix, context)
        to = [email] if isinstance(email, str) else email
        return EmailMessage(subject, body, self.get_from_email(), to, headers=headers)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Too many wrong passwords are 429 with the reason, where allauth would answer a plain 400."""
        from allauth.headless.internal.restkit.response import APIResponse

        try:
            super().pre_authenticate(request, **credentials)
        except forms.ValidationError as error:
            if error.code != "too_many_login_attempts":
                raise
            errors = [{"code": error.code, "message": error.messages[0], "param": "password"}]
            raise ImmediateHttpResponse(APIResponse(request, errors=errors, status=429)) from None


class MFAAdapter(DefaultMFAAdapter):
    """TOTP secrets and the seeds of recovery codes are kept encrypted under FIELD_KEYS."""

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)


class SignupForm(forms.Form):
    """What signing up takes beside e-mail and password; allauth builds its input upon it."""

    name = forms.CharField(max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        # Headless sign-up judges the password without knowing whose it is, and would take the address itself.
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
    """How allauth's answers name a user to herself."""
    return user.display_name
