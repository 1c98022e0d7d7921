"""Credits by production and by person. These functions do not check permissions: add `visible_to(actor)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count

from directory.models import Credit, CreditKind, Person
from directory.rules.credits_table import COLUMNS
from productions.models import Production
from theater_site.core.models import ContentQuerySet
from theater_site.core.text import fold


def with_role(credits: ContentQuerySet, text: str) -> ContentQuerySet:
    """Filter `credits` whose role contains `text`, ignoring case and accents."""
    # A separate lookup, so that SQLite too reads the index over roles and not the rows of all credits.
    matching = Credit.objects.filter(role_folded__contains=fold(text)).values("pk")
    return credits.filter(pk__in=matching)


def cast_of(production: Production) -> ContentQuerySet:
    """Return the cast in billing order, each with its person."""
    return (
        Credit.objects.filter(production=production, kind=CreditKind.CAST)
        .select_related("person", "production")
        .order_by("billing_order", "pk")
    )


def history_of(person: Person) -> ContentQuerySet:
    """Return all credits of a person or group, the latest opening first, each with its production."""
    return (
        Credit.objects.filter(person=person)
        .select_related("person", "production")
        .order_by("-production__opens_on", "-pk")
    )


def credit_counts() -> ContentQuerySet:
    """Count the credits in public productions of each person with a public page: `person_id` and `credit_count`."""
    public = Credit.objects.filter(production__published_at__isnull=False, person__published_at__isnull=False)
    return public.values("person_id").annotate(credit_count=Count("pk"))  # type: ignore[return-value]


def credited_roles(productions: Iterable[int], roles: Iterable[str]) -> dict[int, set[str]]:
    """Return by production id which of `roles` are credited there, ignoring case and accents. One query."""
    asked: dict[str, set[str]] = {}
    for role in roles:
        asked.setdefault(fold(role), set()).add(role)
    found: dict[int, set[str]] = {}
    rows = Credit.objects.filter(production__in=list(productions), role_folded__in=asked)
    for production_id, folded in rows.values_list("production_id", "role_folded").distinct():
        found.setdefault(production_id, set()).update(asked[folded])
    return found


def credit_rows(production: Production) -> Iterator[dict[str, Any]]:
    """Return the credits as rows of rules/credits_table.py, whose import updates the same credits. One query."""
    rows = Credit.objects.filter(production=production).select_related("person", "character", "job__department")
    for credit in rows.defer("person__email", "person__phone").order_by("billing_order", "pk"):
        named = {column.name: getattr(credit, column.name, "") for column in COLUMNS}
        yield named | {
            "person_id": credit.person_id,
            "person": credit.person.name,
            "character": credit.character.name if credit.character else "",
            "department": credit.job.department.name if credit.job else "",
            "job": credit.job.name if credit.job else "",
        }


def credited_users(productions: Iterable[int]) -> list[Credit]:
    """Return the credits in these productions of people with an open account, each with person and user. One query."""
    credits = Credit.objects.filter(production__in=list(productions), person__user__is_active=True)
    return list(credits.select_related("person__user__notification_preferences").order_by("pk"))
