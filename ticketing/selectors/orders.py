"""The search for orders in the box office."""

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
    """The orders of `rows` that match `text`.

    It is an order's number; or, in sections where the actor has `view_buyers`, its reference, a ticket code, the buyer's
    e-mail address, or words that are all in the buyer's name.
    """
    text = text.strip()
    number = Q(pk=int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else Q(pk__in=())
    sections = actor.sections_held("view_buyers", instant())
    if not sections:
        return rows.filter(number)
    code = typed_ticket_code(text)
    buyer = Q(reference=text) | Q(email_index=blind_index(text))
    # Subqueries instead of joins, which would return an order several times.
    if code:
        buyer |= Q(pk__in=Order.objects.filter(lines__ticket__code=code).values("pk"))
    by_name: Any = Order.objects.all()
    words = fold(text).split()
    for word in words:
        by_name = by_name.filter(name_words__word=blind_index(word))
    if words:
        buyer |= Q(pk__in=by_name.values("pk"))
    if not isinstance(sections, Everywhere):
        buyer &= Q(section__in=list(sections))
    return rows.filter(number | buyer)
