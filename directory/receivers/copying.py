"""Copies the cast and crew of a production into its copy, as they were at the end."""

from __future__ import annotations

from typing import Any

from directory.models import Credit
from directory.rules.holdings import Holding, last_holders
from productions.models import Character, Production
from theater_site.core.actions import also_needs

CREDITS = "credits"


def bring_credits(original: Production, copy: Production, parts: list[str], **_: Any) -> None:
    """If `parts` asks for credits: copy the last holder of each part and job, without days. Runs after the scenes are
    copied, since a credit finds its character in the copy by name. Left out: covers, people who were replaced, and earlier
    holders of a part that another held later. A replacement holds the part from the beginning. Raises: NotAllowed
    without `view_cast` on the original or `edit_cast` on the copy.
    """
    if CREDITS not in parts:
        return
    also_needs(("view_cast", original), ("edit_cast", copy), to="bring the credits")
    characters = {row.name: row for row in Character.objects.filter(production=copy)}
    rows = Credit.objects.filter(production=original).exclude(holding=Holding.COVER).select_related("character")
    taken_over = Credit.objects.filter(production=original).exclude(holding=Holding.COVER)
    left = set(taken_over.exclude(in_place_of=None).values_list("in_place_of", flat=True))
    made: dict[tuple[Any, ...], Credit] = {}
    staying = [row for row in rows.order_by("billing_order", "pk") if row.pk not in left]
    for row in last_holders(staying):
        holding = Holding.PRINCIPAL.value if row.holding == Holding.REPLACEMENT else row.holding
        credit = Credit(
            production=copy, person_id=row.person_id, kind=row.kind, role=row.role, note=row.note, holding=holding,
            character=characters.get(row.character.name) if row.character else None, job_id=row.job_id, team=row.team,
            credited_as=row.credited_as, block=row.block, block_order=row.block_order, billing_order=row.billing_order,
        )  # fmt: skip
        made.setdefault((credit.person_id, credit.kind, credit.role, credit.note, holding), credit)
    Credit.objects.bulk_create(list(made.values()))
