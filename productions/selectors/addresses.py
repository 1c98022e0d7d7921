"""Productions by their addresses, the present and the former ones."""

from __future__ import annotations

from productions.models import FormerAddress, Production
from theater_site.core.actors import Actor


def production_at(slug: str, actor: Actor) -> Production | None:
    """The production that has this address or had it before, if `actor` may see it. One query, or two for a former one."""
    rows = Production.objects.visible_to(actor).select_related("season")
    found: Production | None = rows.filter(slug=slug).first()
    if found is None:
        former = FormerAddress.objects.filter(slug=slug).values("production")
        found = rows.filter(pk__in=former).first()
    return found
