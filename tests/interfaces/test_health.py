"""/healthz says that the process lives; /readyz names the one part that is broken, whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, override_settings
from django.utils import timezone

from theater_site.core import guards
from theater_site.core.models import Heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def worker_at_work(db: None) -> None:
    Heartbeat.objects.update_or_create(name="worker", defaults={"seen_at": timezone.now()})


def ready() -> tuple[int, dict[str, str]]:
    answer = Client().get("/readyz")
    told = answer.json()
    assert told["status"] == ("ready" if answer.status_code == 200 else "not ready")
    return answer.status_code, told["parts"]


def assert_only(part: str, says: str) -> None:
    status, parts = ready()
    assert status == 503
    assert says in parts.pop(part)
    assert set(parts.values()) == {"ok"}, parts


def test_a_healthy_installation_is_ready() -> None:
    status, parts = ready()
    assert status == 200
    assert parts == dict.fromkeys(["database", "migrations", "triggers", "storage", "worker"], "ok")


def test_healthz_does_not_query_the_database(django_assert_num_queries: Callable[..., Any]) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_every_missing_guard_is_reported() -> None:
    declared = list(guards.declared())
    assert declared
    for model, guard in declared:
        with connection.cursor() as cursor:
            for statement in guard.drop_statements(model, connection.vendor):
                cursor.execute(statement)
        lacking = sorted(guard.parts(connection.vendor))
        assert_only("triggers", f"missing {', '.join(lacking)}: run `manage.py migrate`")
        guards.create_all(connection, app=model._meta.app_label)
    assert ready()[0] == 200


def test_an_unapplied_migration_is_reported() -> None:
    MigrationRecorder(connection).migration_qs.filter(app="accounts").delete()
    status, parts = ready()
    assert status == 503
    assert "to apply: run `manage.py migrate`" in parts["migrations"]


def test_unwritable_storage_is_reported(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file where the folder should be")
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        assert_only("storage", "fails with ")
    assert ready()[0] == 200


def test_corrupting_storage_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None: ...

        def read(self) -> bytes:
            return b""

    monkeypatch.setattr(type(default_storage._wrapped), "open", lambda *_, **__: Broken())
    assert_only("storage", "reads back something else")


def test_probes_delete_their_files() -> None:
    for _ in range(3):
        assert ready()[0] == 200
    assert default_storage.listdir("health")[1] == []


def test_a_missing_heartbeat_is_reported_and_the_site_stays_ready() -> None:
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    status, parts = ready()
    assert status == 200
    assert parts["worker"].startswith("silent for 30")
    Heartbeat.objects.all().delete()
    status, parts = ready()
    assert (status, parts["worker"]) == (200, "never seen: start `manage.py work`")


def test_an_unreachable_database_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: BaseDatabaseWrapper, *_: Any, **__: Any) -> Any:
        raise DatabaseError("could not connect to db.internal as theater")

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", refuse)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["database"] == "fails with DatabaseError"
    assert answer.json()["parts"]["storage"] == "ok"
    assert b"internal" not in answer.content, "hosts and users stay internal"
    assert Client().get("/healthz").status_code == 200
