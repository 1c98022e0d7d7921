"""Consents are given and withdrawn, by the person or by a directory editor who keeps the signed form."""

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
        Doc("How they agreed; null or empty if not known. Example: Signed form of March 2027"),
    ],
) -> Consent:
    """Record a consent of a person. For the person, or with a `note` for those who may edit the directory.

    Raises: `not_own_record`; the unique constraint if the consent is already given. Also `consent_stands`.
    """
    refuse_strangers(person)
    consent = Consent(person=person, purpose=purpose, note=(note or "").strip(), given_at=current().instant)
    consent.save()
    return consent


@action("consent.withdraw", open_to=OpenTo.SIGNED_IN, subject="consent")
def withdraw_consent(*, consent: Consent) -> Consent:
    """Withdraw a consent. Announces `consent_withdrawn`: withdrawing the consent to pictures unpublishes all public
    pictures of the person. Raises: `not_own_record`, `already_withdrawn`."""
    refuse_strangers(consent.person)
    if consent.withdrawn_at is not None:
        raise Conflict("This consent is already withdrawn.", code="already_withdrawn")
    consent.withdrawn_at = current().instant
    consent.save()
    consent_withdrawn.announce(consent=consent)
    return consent
