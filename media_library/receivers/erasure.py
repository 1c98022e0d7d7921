"""The media library forgets somebody."""

from __future__ import annotations

from typing import Any

from accounts.privacy.rules.subjects import Subject
from media_library.models import Depiction, StagedFile


def forget(subject: Subject, **_: Any) -> None:
    """No picture names them any more, and no file tells that they uploaded it. The pictures stay: whether one may still be
    shown is for those to say who look at it."""
    Depiction.objects.filter(person__in=subject.person_ids).delete()
    if subject.user_id is not None:
        StagedFile.objects.filter(uploaded_by_id=subject.user_id).update(uploaded_by=None)
