"""The erasure of a person from the media library."""

from __future__ import annotations

from typing import Any

from accounts.privacy.rules.subjects import Subject
from media_library.models import Depiction, StagedFile


def forget(subject: Subject, **_: Any) -> None:
    """Delete the person's depictions, and their name as uploader of files. Receives `person_forgotten`.

    The pictures are kept: a person has to decide whether they may still be shown.
    """
    Depiction.objects.filter(person__in=subject.person_ids).delete()
    if subject.user_id is not None:
        StagedFile.objects.filter(uploaded_by_id=subject.user_id).update(uploaded_by=None)
