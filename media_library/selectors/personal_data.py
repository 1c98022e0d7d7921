"""The personal data in the media library."""

from __future__ import annotations

from accounts.privacy.rules.subjects import Subject
from accounts.privacy.selectors.personal_data import Held, told
from media_library.models import Depiction, StagedFile


def held_by_media_library(subject: Subject) -> Held:
    """The pictures that depict the person, and the files that they uploaded. Answers `held_about`."""
    user = subject.user_id if subject.user_id is not None else -1
    return {
        "media_library.depiction": told(
            Depiction.objects.filter(person__in=sorted(subject.person_ids)).select_related("asset").order_by("pk"),
            asset="asset_id",
            title="asset.title",
        ),
        "media_library.stagedfile": told(
            StagedFile.objects.filter(uploaded_by_id=user).order_by("pk"), "created_at", "mime_type", "byte_size"
        ),
    }
