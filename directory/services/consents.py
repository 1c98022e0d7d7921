"""Consent is given and withdrawn, by the person or by whoever keeps the signed paper."""

from __future__ import annotations

from directory.models import Consent, ConsentPurpose, Person
from directory.services.own_records import refuse_strangers
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.errors import Conflict


@action("consent.give", open_to=OpenTo.SIGNED_IN)
def give_consent(*, person: Person, purpose: ConsentPurpose, note: str | None) -> Consent:
    """From now on `person` agrees to `purpose`; said by themselves, or by whoever may edit the directory and says in
    `note` where it is written down. Refused: others, and where this consent stands already."""
    refuse_strangers(person)
    consent = Consent(person=person, purpose=purpose, note=(note or "").strip(), given_at=current().instant)
    consent.save()
    return consent


@action("consent.withdraw", open_to=OpenTo.SIGNED_IN, subject="consent")
def withdraw_consent(*, consent: Consent) -> Consent:
    """It holds no longer; that it did, and when, stays known. Refused: others, and where it was withdrawn before."""
    refuse_strangers(consent.person)
    if consent.withdrawn_at is not None:
        raise Conflict("This consent was withdrawn already.", code="already_withdrawn")
    consent.withdrawn_at = current().instant
    consent.save()
    return consent
