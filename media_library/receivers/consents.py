"""The consent to pictures: checked when a person is depicted or a picture is published, and enforced when withdrawn."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from accounts.models import User
from accounts.notifications.services.outbox import put
from accounts.permissions.selectors.permissions import holders_of
from directory.models import Consent, ConsentPurpose
from directory.selectors.consents import lock_people, refused_photos
from media_library.mails.pictures import pictures_withdrawn
from media_library.models import Asset, Depiction
from media_library.services.assets import unpublish_asset
from theater_site.core.actions import current
from theater_site.core.changes import CREATED, Change
from theater_site.core.judges import Finding, Severity


def judge_photo_consents(changes: list[Change]) -> list[Finding]:
    """Errors (`photo_consent_withdrawn`) on pictures that become public, or depict a person, without that person's consent.

    Costs one query if nobody is depicted, else three.
    """
    published = [
        change.object_id for change in changes if change.model is Asset and change.after.get("published_at") is not None
    ]
    added = [change.object_id for change in changes if change.model is Depiction and change.operation == CREATED]
    if not published and not added:
        return []
    rows = Depiction.objects.filter(Q(asset__in=published) | Q(pk__in=added)).select_related("asset").order_by("pk")
    depictions = list(rows)
    if not depictions:
        return []
    refused = {person.pk: person for person in refused_photos({row.person_id for row in depictions})}
    return [
        Finding.on(
            row.asset,
            rule="photo_consent_withdrawn",
            severity=Severity.ERROR,
            message=f"{_name_or_id(refused[row.person_id])} withdrew the consent to pictures.",
            hint="Use another picture, or ask for the consent again and record it.",
            field="person" if row.pk in added else "",
        )
        for row in depictions
        if row.person_id in refused
    ]


def withdraw_pictures(consent: Consent, **_: Any) -> None:
    """Unpublish all pictures of a person who withdrew the consent to pictures.

    Everybody who may publish one of the person's pictures, also a draft, gets one notification. Giving the consent again
    publishes nothing.
    """
    if consent.purpose != ConsentPurpose.PHOTO:
        return
    pictures = Asset.objects.filter(depictions__person=consent.person_id).order_by("pk")
    # Lock pictures before people, as publishing does. In the other order, the two could wait for each other.
    list(pictures.filter(published_at__isnull=False).select_for_update(of=("self",)).values_list("pk", flat=True))
    lock_people([consent.person_id])
    readers: dict[int, User] = {}
    titles: dict[int, list[str]] = {}
    by_section: dict[int, list[User]] = {}
    for asset in pictures.select_related("section"):
        if asset.published_at is not None:
            unpublish_asset.as_consequence(asset=asset)
        if asset.section_id not in by_section:
            by_section[asset.section_id] = holders_of("publish_media", asset.section, current().instant)
        for user in by_section[asset.section_id]:
            readers[user.pk] = user
            titles.setdefault(user.pk, []).extend([asset.title] if asset.published_at is not None else [])
    name = consent.person.name if consent.person.published_at is not None else ""
    for pk, user in readers.items():
        put(
            "pictures_withdrawn",
            [user],
            lambda reader, listed=titles[pk]: pictures_withdrawn(name, listed, reader),  # type: ignore[misc]
            thread=f"consent:{consent.pk}",
            about=consent,
        )


def _name_or_id(person: Any) -> str:
    """The name of a public person, else the id: those who publish pictures may not see the whole directory."""
    return person.name if person.published_at is not None else f"Person {person.pk}"
