"""The index by which the box office finds orders by the buyer's name."""

from __future__ import annotations

from theater_site.core.encryption import blind_index
from theater_site.core.text import fold
from ticketing.models import BuyerName, Order


def words_of(name: str) -> set[str]:
    """The blind indexes of the folded words of a name."""
    return {blind_index(word) for word in fold(name).split()}


def index_buyer(order: Order) -> None:
    """Replace the index of the words of the buyer's name of `order`."""
    BuyerName.objects.filter(order=order).delete()
    BuyerName.objects.bulk_create([BuyerName(order=order, word=word) for word in sorted(words_of(order.buyer_name))])
