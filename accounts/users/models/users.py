"""The people who can sign in. Who they are on stage is the directory's business."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.timezone import now

from theater_site.core.encryption import blind_index


def default_time_zone() -> str:
    return settings.DEFAULT_USER_TIME_ZONE


def stored_email(email: str) -> str:
    """The one spelling of an address that is stored and looked up: trimmed, lower case throughout."""
    return email.strip().lower()


class LowerCaseEmailField(models.EmailField):
    """An address kept and looked up in its stored spelling, whichever way it was written."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return stored_email(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return self.to_python(super().get_prep_value(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, value)
        return value


class UserManager(BaseUserManager["User"]):
    """Makes users, and finds them by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A saved user. Without a password nobody signs in by one until it is reset. Refuses an empty
        address."""
        if not stored_email(email or ""):
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            "Nobody is superuser here: permissions are granted on sections. "
            "`manage.py found ORGANIZATION EMAIL` makes an organization with its first director."
        )


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in, by e-mail.

    The database takes an address in lower case only, and once only, so two spellings are never two users, raw
    inserts included. Nobody is superuser, which the database keeps too. Somebody inactive is refused
    everywhere.
    """

    email = LowerCaseEmailField(
        max_length=254,
        unique=True,
        error_messages={"unique": "Somebody uses this e-mail address already."},
        help_text="The address that they sign in with, in small letters. Example: anna@theater.example",
    )
    name = models.CharField(max_length=200, blank=True, default="", help_text="How others see them. Example: Anna Bell")
    language = models.CharField(
        max_length=16, default="en", help_text="BCP 47 tag of the language of their mails. Example: en"
    )
    timezone = models.CharField(
        max_length=64, default=default_time_zone, help_text="IANA time zone of their mails. Example: Europe/Berlin"
    )
    is_active = models.BooleanField(default=True)
    # Blind index of the address that their mail server refused for good, so that it is not asked again and again.
    refused_index = models.CharField(max_length=64, blank=True, default="", editable=False)
    date_joined = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower(F("email"))), name="accounts_user_email_is_lower_case"),
            models.CheckConstraint(condition=Q(is_superuser=False), name="accounts_user_nobody_is_superuser"),
        ]

    def __str__(self) -> str:
        return f"user {self.pk}"  # ends up in logs, so neither name nor address

    @property
    def shown_name(self) -> str:
        """The name by which others see them; the part of the address before the @ where they gave none."""
        return self.name or self.email.partition("@")[0]

    @property
    def takes_mail(self) -> bool:
        """Whether nobody has refused mail to the address that they have now."""
        return not self.refused_index or self.refused_index != blind_index(self.email)

    @property
    def display_name(self) -> str:
        """What others may call them; the address where they gave no name."""
        return self.name or self.email
