"""The digest of what an action changes: what an approver approves, and nothing else."""

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
    """SHA-256 over what a run at the instant `at` changed (and exposed), alike for two runs of the same action on the same state.

    New ids and the instants of the run differ between a preview and the real thing, so an object made in the run is
    known by its place in the order of making, instants of the run itself are masked, and what chance decided
    (`ContentModel.chance`) is left out.
    """
    made: dict[tuple[str, Any], str] = {}
    listed = list(changes)
    for change in listed:
        if change.operation == CREATED:
            made[(change.object_type, change.object_id)] = f"new:{len(made)}"
    rows = [
        [
            change.object_type,
            made.get((change.object_type, change.object_id), str(change.object_id)),
            change.operation,
            _masked(change.model, change.before, made, at),
            _masked(change.model, change.after, made, at),
        ]
        for change in listed
    ]
    return hashlib.sha256(orjson.dumps(rows, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _masked(
    model: type[ContentModel], values: Mapping[str, Any], made: Mapping[tuple[str, Any], str], at: datetime
) -> dict[str, Any]:
    targets = {
        f.attname: f.related_model._meta.label_lower
        for f in model._meta.concrete_fields
        if isinstance(f, models.ForeignKey)
    }
    return {
        name: made.get((targets[name], value), value) if name in targets else "now" if value == at else value
        for name, value in values.items()
        if name not in model.chance
    }
