"""Is it alive, and is it ready for the audience?"""

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
    """200 as long as the process answers; asks nothing else, so that a slow database restarts no server."""
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 if everything that serving needs is there, else 503; each part with "ok" or what is wrong with it.

    A silent worker is told as a warning and does not take the site down: mail waits, tickets sell on.
    """
    parts = {name: _judged(check) for name, check in _CHECKS.items()}
    parts_ok = all(told == "ok" for name, told in parts.items() if name != "worker")
    return JsonResponse(
        {"status": "ready" if parts_ok else "not ready", "parts": parts}, status=200 if parts_ok else 503
    )


def _judged(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:
        # The text of a database error can name hosts and users.
        return f"fails with {type(error).__name__}"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if not waiting else f"{len(waiting)} to apply: run `manage.py migrate`"


def _triggers() -> str:
    lacking = guards.missing(connection)
    return "ok" if not lacking else f"missing {', '.join(lacking)}: run `manage.py migrate`"


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
