"""Withdrawn consents."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from directory.models import Consent, ConsentPurpose, Person


def refused_photos(people: Collection[int]) -> list[Person]:
    """Return those of `people` (ids) who withdrew the consent to pictures and did not give it again.

    People who were never asked are not returned. Locks the people until the end of the transaction. Without the lock,
    a picture published while its consent is withdrawn would stay public.
    """
    lock_people(people)
    photo = Consent.objects.filter(person=OuterRef("pk"), purpose=ConsentPurpose.PHOTO)
    withdrawn = Person.objects.filter(
        Exists(photo.filter(withdrawn_at__isnull=False)), ~Exists(photo.filter(withdrawn_at=None)), pk__in=people
    )
    return list(withdrawn.order_by("pk"))


def lock_people(people: Collection[int]) -> None:
    """Lock these rows until the end of the transaction. Other transactions can still add references to them."""
    rows = Person.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=people).order_by("pk")
    list(rows.values_list("pk", flat=True))
