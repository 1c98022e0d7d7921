"""The health checks `/healthz` and `/readyz`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from theater_site.core import guards
from theater_site.core.models import Heartbeat

WORKER_SILENCE = timedelta(minutes=2)


def alive(request: HttpRequest) -> JsonResponse:
    """Respond 200 while the process runs. Nothing else is checked: a slow database must not restart the server."""
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> JsonResponse:
    """Respond 200 if all parts that serving requests needs work, else 503. Each part is "ok" or says what is wrong.

    A silent worker is reported but does not cause 503: without it, mail is late, but tickets can be sold.
    """
    parts = {name: _run(check) for name, check in _CHECKS.items()}
    parts_ok = all(result == "ok" for name, result in parts.items() if name != "worker")
    return JsonResponse(
        {"status": "ready" if parts_ok else "not ready", "parts": parts}, status=200 if parts_ok else 503
    )


def _run(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:
        # Not the text: a database error names hosts and users.
        return f"fails with {type(error).__name__}"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    unapplied = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if not unapplied else f"{len(unapplied)} to apply: run `manage.py migrate`"


def _triggers() -> str:
    missing = guards.missing(connection)
    return "ok" if not missing else f"missing {', '.join(missing)}: run `manage.py migrate`"


def _storage() -> str:
    name = default_storage.save("health/probe", ContentFile(b"ready"))
    try:
        with default_storage.open(name) as probe:
            return "ok" if probe.read() == b"ready" else "reads back something else"
    finally:
        default_storage.delete(name)


def _worker() -> str:
    beat = Heartbeat.objects.filter(name="worker").first()
    if beat is None:
        return "never seen: start `manage.py work`"
    silent = timezone.now() - beat.seen_at
    return "ok" if silent < WORKER_SILENCE else f"silent for {int(silent.total_seconds())} s: start `manage.py work`"


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "triggers": _triggers,
    "storage": _storage,
    "worker": _worker,
}
