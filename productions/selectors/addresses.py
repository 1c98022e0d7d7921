"""Productions by their present and former addresses."""

from __future__ import annotations

from productions.models import FormerAddress, Production
from theater_site.core.actors import Actor


def production_at(slug: str, actor: Actor) -> Production | None:
    """Return the production with this present or former slug, if visible to `actor`. One query, two for a former slug."""
    rows = Production.objects.visible_to(actor).select_related("season")
    found: Production | None = rows.filter(slug=slug).first()
    if found is None:
        former = FormerAddress.objects.filter(slug=slug).values("production")
        found = rows.filter(pk__in=former).first()
    return found
