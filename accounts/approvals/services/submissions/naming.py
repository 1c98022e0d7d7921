"""Generates titles of submissions, and names of objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from theater_site.core.actions import Action
from theater_site.core.models import ContentModel

LONGEST = 300


def title_of(action: Action[Any, Any], given: Mapping[str, Any]) -> str:
    """The title of a submission in mails and lists, such as Production: update “Hamlet”.

    It is not encrypted, and every approver reads it, so it has no personal values.
    """
    kind, _, verb = action.name.partition(".")
    done = f"{kind.replace('_', ' ').capitalize()}: {verb.replace('_', ' ')}"
    about = given.get(action.subject) if action.subject else None
    name = (_unless_personal(about) if isinstance(about, ContentModel) else "") or _written(given)
    if not name:
        name = next((found for value in given.values() if (found := _unless_personal(value))), "")
    return f"{done} “{name}”"[:LONGEST] if name else done


def name_of(row: models.Model) -> str:
    """The display name of `row`."""
    shown = getattr(row, "display_name", None)
    return " ".join((shown if isinstance(shown, str) else str(row)).split())


def _unless_personal(value: Any) -> str:
    if not isinstance(value, ContentModel):
        return ""
    name = name_of(value)
    hidden = (getattr(value, field) for field in value.personal)
    return "" if any(part and str(part) in name for part in hidden) else name


def _written(given: Mapping[str, Any]) -> str:
    """The title among the inputs, for a new object; "" if there is none."""
    for value in given.values():
        title = value.get("title") if isinstance(value, Mapping) else None
        if isinstance(title, str):
            return " ".join(title.split())
    return ""
