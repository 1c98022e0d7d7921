"""Finds orders for the box office."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from theater_site.core.actors import Actor, Everywhere
from theater_site.core.encryption import blind_index
from theater_site.core.runs import instant
from theater_site.core.text import fold
from ticketing.models import Order
from ticketing.rules.secrets import typed_ticket_code


def matching(rows: QuerySet[Order], text: str, actor: Actor) -> QuerySet[Order]:
    """The orders of `rows` with this number, and, in sections whose buyers the actor may see, with this reference, ticket
    code, e-mail address, or all these words in the buyer's name."""
    text = text.strip()
    number = Q(pk=int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else Q(pk__in=())
    sections = actor.sections_held("view_buyers", instant())
    if not sections:
        return rows.filter(number)
    code = typed_ticket_code(text)
    buyer = Q(reference=text) | Q(email_index=blind_index(text))
    # Subqueries, so that a list stays one row an order.
    if code:
        buyer |= Q(pk__in=Order.objects.filter(lines__ticket__code=code).values("pk"))
    named: Any = Order.objects.all()
    words = fold(text).split()
    for word in words:
        named = named.filter(name_words__word=blind_index(word))
    if words:
        buyer |= Q(pk__in=named.values("pk"))
    if not isinstance(sections, Everywhere):
        buyer &= Q(section__in=list(sections))
    return rows.filter(number | buyer)
