"""Consent is given and withdrawn, by the person or by everybody who keeps the signed paper."""

from __future__ import annotations

from typing import Annotated

from directory.models import Consent, ConsentPurpose, Person
from directory.services.own_records import refuse_strangers
from directory.signals import consent_withdrawn
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict


@action("consent.give", open_to=OpenTo.SIGNED_IN)
def give_consent(
    *,
    person: Person,
    purpose: Annotated[ConsentPurpose, Doc("What they agree to. Example: photos")],
    note: Annotated[
        str | None,
        Doc("How they agreed; null or empty where there is nothing to say. Example: Signed form of March 2027"),
    ],
) -> Consent:
    """Record that somebody agreed to something. The person says so, or somebody who may edit the directory, with a
    `note` that says how. Refused: others, and where this consent exists already."""
    refuse_strangers(person)
    consent = Consent(person=person, purpose=purpose, note=(note or "").strip(), given_at=current().instant)
    consent.save()
    return consent


@action("consent.withdraw", open_to=OpenTo.SIGNED_IN, subject="consent")
def withdraw_consent(*, consent: Consent) -> Consent:
    """Withdraw a consent. Announces `consent_withdrawn`: with the consent to pictures, all public pictures of the person
    are unpublished. Refused: others (`not_own_record`), and where it was withdrawn before (`already_withdrawn`)."""
    refuse_strangers(consent.person)
    if consent.withdrawn_at is not None:
        raise Conflict("This consent was withdrawn already.", code="already_withdrawn")
    consent.withdrawn_at = current().instant
    consent.save()
    consent_withdrawn.announce(consent=consent)
    return consent
