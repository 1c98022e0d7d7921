"""The digest of an action's changes. An approver approves exactly what it covers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db import models

from theater_site.core.changes import CREATED, Change
from theater_site.core.models.content import ContentModel


def digest_of(changes: Iterable[Change], at: datetime) -> str:
    """The SHA-256 digest of `changes`, made by a run at the instant `at`: 64 hexadecimal digits.

    A preview and the real run on the same state have the same digest. So the id of a created object is replaced by its
    number among the created objects, the run's own instant by "now", and random values (`ContentModel.chance`) are left
    out.
    """
    new_ids: dict[tuple[str, Any], str] = {}
    listed = list(changes)
    for change in listed:
        if change.operation == CREATED:
            new_ids[(change.object_type, change.object_id)] = f"new:{len(new_ids)}"
    rows = [
        [
            change.object_type,
            new_ids.get((change.object_type, change.object_id), str(change.object_id)),
            change.operation,
            _masked(change.model, change.before, new_ids, at),
            _masked(change.model, change.after, new_ids, at),
        ]
        for change in listed
    ]
    return hashlib.sha256(orjson.dumps(rows, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _masked(
    model: type[ContentModel], values: Mapping[str, Any], new_ids: Mapping[tuple[str, Any], str], at: datetime
) -> dict[str, Any]:
    """`values` without what differs between two runs on the same state."""
    targets = {
        f.attname: f.related_model._meta.label_lower
        for f in model._meta.concrete_fields
        if isinstance(f, models.ForeignKey)
    }
    return {
        name: new_ids.get((targets[name], value), value) if name in targets else "now" if value == at else value
        for name, value in values.items()
        if name not in model.chance
    }
