"""Scenes of the audit log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from accounts.audit.services.sealing import sign_checkpoint
from accounts.models import AuditCheckpoint, AuditEntry
from productions.services.productions import update_production
from tests import world
from tests.laws.scenes import Call, Scene, Theater


def _long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(days=400)


def _entry(t: Theater) -> AuditEntry:
    """Of an ordinary change, which can be taken back."""
    title = f"Retitled {world.number()}"
    update_production(actor=t.acting(), production=t.production, changes={"title": title})
    return AuditEntry.objects.filter(action="production.update").latest("id")


def _checkpoint(t: Theater) -> AuditCheckpoint:
    _entry(t)
    made = sign_checkpoint()
    assert made is not None
    return made


def _about(t: Theater, **more: str) -> str:
    return "?" + urlencode({"object_type": "productions.production", "object_id": t.production.pk, **more})


def _once(t: Theater) -> str:
    at = _entry(t).at
    return _about(t, at=at.isoformat())


ACTIONS = {
    "audit.expire_values": lambda t: Scene({"section": t.root, "before": _long_ago()}),
}

ROUTES = {
    "GET audit-changes": lambda t: Call({"pk": _entry(t).pk}),
    "GET audit-history": lambda t: Call(query=_about(t)),
    "GET audit-state": lambda t: Call(query=_once(t)),
    "GET audit-export": lambda t: Call({"kind": "csv"}, stranger={200}, public={401}),
    "POST audit-revert": lambda t: Call({"pk": _entry(t).pk}, {}),
    # A section that they may not see does not exist for them.
    "POST audit-expire": lambda t: Call(body={"section": t.root.pk, "before": _long_ago()}, stranger={400}),
    "GET audit-checkpoint-list": lambda t: Call(),
    "GET audit-checkpoint-detail": lambda t: Call({"pk": _checkpoint(t).pk}),
}

ANOTHER = {"audit-checkpoint-list": _checkpoint}
