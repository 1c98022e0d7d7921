"""The checklist line about the sale of a production."""

from __future__ import annotations

from collections.abc import Iterable

from productions.rules import life
from productions.rules.checklists import Line, Lines
from ticketing.models import PriceCategory


def sales_ready(productions: Iterable[int], steps: Iterable[str], required: bool) -> Lines:
    """Whether each production has a performance with a price and a seating chart. Answers `checklist_lines`.

    Costs one query; none for steps other than `on_sale`.
    """
    if life.ON_SALE not in steps:
        return {}
    ids = list(productions)
    price_categories = PriceCategory.objects.filter(sale__performance__production__in=ids)
    priced = set(price_categories.values_list("sale__performance__production_id", flat=True).distinct())
    label = "A price and a seating chart for a performance"
    return {pk: [Line(life.ON_SALE, "ticketing", "price_and_chart", label, pk in priced, True)] for pk in ids}
