"""Reading credits: by production and by person. Neither asks who looks: add `visible_to(actor)` where somebody does."""

from __future__ import annotations

from collections.abc import Iterable

from directory.models import Credit, CreditKind, Person
from productions.models import Production
from theater_site.core.models import ContentQuerySet
from theater_site.core.text import fold


def with_role(credits: ContentQuerySet, text: str) -> ContentQuerySet:
    """Those of `credits` whose role has `text` in it, whatever its case and accents."""
    # Looked up apart, so that SQLite too reads the index over roles alone and not the rows of all credits.
    matching = Credit.objects.filter(role_folded__contains=fold(text)).values("pk")
    return credits.filter(pk__in=matching)


def cast_of(production: Production) -> ContentQuerySet:
    """The cast in billing order, each with its person."""
    return (
        Credit.objects.filter(production=production, kind=CreditKind.CAST)
        .select_related("person", "production")
        .order_by("billing_order", "pk")
    )


def history_of(person: Person) -> ContentQuerySet:
    """Everything this person or group was credited with, the latest opening first, each with its production."""
    return (
        Credit.objects.filter(person=person)
        .select_related("person", "production")
        .order_by("-production__opens_on", "-pk")
    )


def credited_roles(productions: Iterable[int], roles: Iterable[str]) -> dict[int, set[str]]:
    """By production id: which of `roles` somebody is credited with there, whatever the case and accents. One query."""
    asked: dict[str, set[str]] = {}
    for role in roles:
        asked.setdefault(fold(role), set()).add(role)
    found: dict[int, set[str]] = {}
    rows = Credit.objects.filter(production__in=list(productions), role_folded__in=asked)
    for production_id, folded in rows.values_list("production_id", "role_folded").distinct():
        found.setdefault(production_id, set()).update(asked[folded])
    return found
