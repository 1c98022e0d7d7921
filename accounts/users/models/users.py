"""The users, who can sign in. Their roles on stage are in the directory."""

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
    """The form in which an address is stored and looked up: trimmed, in lower case."""
    return email.strip().lower()


class LowerCaseEmailField(models.EmailField):
    """An e-mail address, stored and looked up in lower case."""

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
    """Creates users, and finds them by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user. Without a password they must reset it before they sign in with one.

        Raises: ValueError for an empty address."""
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
    """A user, who signs in with an e-mail address.

    The database accepts only lower-case, unique addresses, so that two spellings cannot become two users, even by raw
    inserts. It also prevents superusers. Inactive users are refused everywhere.
    """

    email = LowerCaseEmailField(
        max_length=254,
        unique=True,
        error_messages={"unique": "Somebody uses this e-mail address already."},
        help_text="The address for signing in, in lower case. Example: anna@theater.example",
    )
    name = models.CharField(
        max_length=200, blank=True, default="", help_text="The name shown to others. Example: Anna Bell"
    )
    language = models.CharField(
        max_length=16, default="en", help_text="BCP 47 tag of the language of their mails. Example: en"
    )
    timezone = models.CharField(
        max_length=64, default=default_time_zone, help_text="IANA time zone of their mails. Example: Europe/Berlin"
    )
    is_active = models.BooleanField(default=True)
    # Blind index of an address that a mail server refused permanently, so that no more mail is sent to it.
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
        """The name shown to others; without a name, the part of the address before the @."""
        return self.name or self.email.partition("@")[0]

    @property
    def takes_mail(self) -> bool:
        """Whether the current address was not refused by a mail server."""
        return not self.refused_index or self.refused_index != blind_index(self.email)

    @property
    def display_name(self) -> str:
        """The name; without a name, the address."""
        return self.name or self.email
