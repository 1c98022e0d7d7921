"""The consent to pictures: asked when a person is depicted or a picture is published, and followed when it is withdrawn."""

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
    """Errors on pictures that become public, or name one more person, against a withdrawn consent.

    One query where a picture becomes public; two more where people are depicted.
    """
    published = [
        change.object_id for change in changes if change.model is Asset and change.after.get("published_at") is not None
    ]
    named = [change.object_id for change in changes if change.model is Depiction and change.operation == CREATED]
    if not published and not named:
        return []
    rows = Depiction.objects.filter(Q(asset__in=published) | Q(pk__in=named)).select_related("asset").order_by("pk")
    depictions = list(rows)
    if not depictions:
        return []
    refused = {person.pk: person for person in refused_photos({row.person_id for row in depictions})}
    return [
        Finding.on(
            row.asset,
            rule="photo_consent_withdrawn",
            severity=Severity.ERROR,
            message=f"{_called(refused[row.person_id])} withdrew the consent to pictures.",
            hint="Use another picture, or ask for the consent again and record it.",
            field="person" if row.pk in named else "",
        )
        for row in depictions
        if row.person_id in refused
    ]


def withdraw_pictures(consent: Consent, **_: Any) -> None:
    """Unpublish all pictures of a person who withdrew the consent to them, and notify those who may publish them.

    A consent that is given again publishes nothing. Everybody who may publish one of the person's pictures, drafts too,
    gets one notification.
    """
    if consent.purpose != ConsentPurpose.PHOTO:
        return
    pictures = Asset.objects.filter(depictions__person=consent.person_id).order_by("pk")
    # Pictures before people, as publishing does: the other way round the two would wait for each other.
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
            lambda reader, theirs=titles[pk]: pictures_withdrawn(name, theirs, reader),  # type: ignore[misc]
            thread=f"consent:{consent.pk}",
            about=consent,
        )


def _called(person: Any) -> str:
    """The name, where everybody may know it; else the id, since staff of pictures need not see the directory."""
    return person.name if person.published_at is not None else f"Person {person.pk}"
