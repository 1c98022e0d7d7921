"""Checks shared by seasons and productions: free slugs, and the order of dates."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.db import models
from django.db.models import Q

from productions.models import FormerAddress, Production
from productions.rules.partial_dates import PartialDate
from productions.rules.slugs import slug_of
from theater_site.core.errors import Conflict, Invalid
from theater_site.core.text import fold


def free_slug(model: type[models.Model], text: str) -> str:
    """Return a slug of `text` that no row of `model` has or had. Of two concurrent calls with one slug, the unique
    constraint refuses the second."""

    def taken(slug: str) -> bool:
        has = Q(slug=slug) | Q(former_addresses__slug=slug) if model is Production else Q(slug=slug)
        return model._default_manager.filter(has).exists()

    return slug_of(fold(text), taken=taken, otherwise=model._meta.model_name or "")


def check_slug(slug: str) -> str:
    """Raise Invalid unless the slug has lower-case letters, digits and single hyphens only."""
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) is None:
        raise Invalid(
            "An address has lower-case letters, digits and hyphens between them, such as winters-tale.",
            code="bad_slug",
            field="slug",
        )
    return slug


def keep_former_address(production: Production, before: str | None) -> None:
    """Call after saving a production whose slug was `before` (None: it is new): keeps the old address.

    Raises: `slug_taken` if another production had the new slug. Checked after the row is written: a transaction that gives
    the slug up holds its lock until then, so two concurrent changes cannot both end with the slug.
    """
    if production.slug == before:
        return
    former = FormerAddress.objects.filter(slug=production.slug).first()
    if former is not None and former.production_id != production.pk:
        raise Conflict(
            "Another production had this address, and links to it still lead there. Choose another.",
            code="slug_taken",
            field="slug",
        )
    if former is not None:
        former.delete()
    if before is not None:
        FormerAddress(production=production, slug=before).save()


def in_order(row: models.Model, said: Collection[str], start: str = "starts_on", end: str = "ends_on") -> None:
    """Raise Invalid if the date in the field `end` is surely before the one in `start`: its last possible day is before the
    first possible day of `start`. Checked only if one of the two is among the changed fields (`said`), so that other
    fields of an archived row with reversed dates can be updated."""
    if not {start, end} & set(said):
        return
    starts, ends = getattr(row, start), getattr(row, end)
    first, last = PartialDate.parse(starts), PartialDate.parse(ends)
    if first is not None and last is not None and last.latest < first.earliest:
        raise Invalid(f"{ends} is before {starts}. Swap or correct them.", code="ends_before_start", field=end)
