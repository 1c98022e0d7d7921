"""Updates a user's own account: name, language and time zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from django.utils import translation

from accounts.users.models.users import User
from accounts.users.rules.locales import supported
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import DomainError, Invalid, all_of
from theater_site.core.text import refuse_controls, single_spaced
from theater_site.core.zones import refuse_unknown_zone


class OwnAccount(TypedDict, total=False):
    """Absent fields stay unchanged. With an empty name, others see the part of the e-mail address before the @."""

    name: Annotated[str, Doc("Your name, as others see it. Example: Anna Bell")]
    language: Annotated[str, Doc("BCP 47 tag of the language of your mails. Example: en")]
    timezone: Annotated[str, Doc("IANA time zone of your mails. Example: Europe/Berlin")]


@action("user.update_self", open_to=OpenTo.SIGNED_IN)
def update_own_account(*, changes: OwnAccount) -> User:
    """Update your own name, language and time zone.

    Errors: `max_length`, `control_character`; `unknown_language` for a language that no mail is written in;
    `unknown_timezone`.
    """
    run = current()
    user = User.objects.select_for_update().get(pk=run.actor.user.pk)
    checks: dict[str, Callable[[Any], str]] = {"name": checked_name, "language": _language, "timezone": _zone}
    problems: list[DomainError] = []
    for field, value in changes.items():
        try:
            setattr(user, field, checks[field](value))
        except Invalid as error:
            problems.append(error)
    all_of(problems)
    user.save()
    run.note["fields"] = sorted(changes)
    return user


def checked_name(name: str) -> str:
    """A user's name without surrounding and repeated spaces. Raises Invalid: `control_character`, `max_length`."""
    name = single_spaced(refuse_controls(name, field="name"))
    if len(name) > 200:
        raise Invalid(f"At most 200 characters; these are {len(name)}.", code="max_length", field="name")
    return name


def _zone(name: str) -> str:
    refuse_unknown_zone(name)
    return name


def _language(tag: str) -> str:
    try:
        translation.get_supported_language_variant(tag)
    except LookupError:
        raise Invalid(
            f"No mails are written in {tag[:20]!r}. Choose another, such as en or de.",
            code="unknown_language",
            field="language",
        ) from None
    return supported(tag)
