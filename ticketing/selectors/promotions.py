"""Valid promotions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, Q

from accounts.models import Section
from ticketing.models import Promotion


def normal_code(text: str) -> str:
    """A code as it is stored and compared: in capitals, without spaces."""
    return "".join(text.split()).upper()


def valid_for(section: Section, at: datetime) -> Any:
    """The promotions that are valid in `section` at the instant `at` and not used up, oldest first."""
    labels = section.path.rstrip("/").split("/")
    paths = ["/".join(labels[: n + 1]) + "/" for n in range(len(labels))]
    return Promotion.objects.filter(
        Q(starts_at=None) | Q(starts_at__lte=at),
        Q(ends_at=None) | Q(ends_at__gt=at),
        Q(uses_limit=None) | Q(uses__lt=F("uses_limit")),
        section__path__in=paths,
    ).order_by("pk")
