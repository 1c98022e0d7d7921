"""The index by which the box office finds the orders of a buyer."""

from __future__ import annotations

from theater_site.core.encryption import blind_index
from theater_site.core.text import fold
from ticketing.models import BuyerName, Order


def words_of(name: str) -> set[str]:
    """The blind indexes of a name's words, folded as a search folds them."""
    return {blind_index(word) for word in fold(name).split()}


def index_buyer(order: Order) -> None:
    """Make `order` findable by the words of its buyer's name, in place of what it was found by before."""
    BuyerName.objects.filter(order=order).delete()
    BuyerName.objects.bulk_create([BuyerName(order=order, word=word) for word in sorted(words_of(order.buyer_name))])
