"""What the audit log says about an object."""

from __future__ import annotations

from typing import Any

from accounts.models import AuditChange


def changed_since(object_type: str, object_id: Any, version: int) -> list[str]:
    """The names of the fields of one object that changed after `version`, sorted. Answers the runner's question."""
    told = AuditChange.objects.filter(object_type=object_type, object_id=str(object_id), version__gt=version)
    return sorted({name for fields in told.values_list("fields", flat=True) for name in fields})
