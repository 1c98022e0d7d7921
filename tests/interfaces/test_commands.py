"""`found` and `work`: what an operator types, what comes of it, and what is said when it cannot be done."""

from __future__ import annotations

import json
import signal
from collections import Counter
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import RoleAssignment, Section, User
from tests import world
from tests.installations import Postbox, database, environment, mail_server, manage, python, until, worker
from theater_site.core import jobs
from theater_site.core.models import Heartbeat


def run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


# --- found ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_found_creates_a_director_with_all_permissions() -> None:
    told = json.loads(run("found", "The Lantern Players", "Dora@Theater.example", "--name", "Dora", "--json"))
    director = User.objects.get(pk=told["director"])
    assert (director.email, director.name) == ("dora@theater.example", "Dora")
    assert Section.objects.get(pk=told["organization"]).name == "The Lantern Players"
    browser = Client(headers={"X-Session-Token": told["session_token"]})
    assert browser.get("/api/v1/me/").json()["email"] == "dora@theater.example"
    assert world.post(browser, "/api/v1/seasons/", {"name": "Spring"}).status_code == 201


@pytest.mark.django_db
def test_found_prints_the_token_and_how_to_use_it() -> None:
    told = run("found", "The Lantern Players", "dora@theater.example")
    assert "The Lantern Players is founded. Its director is dora@theater.example." in told
    token = told.rsplit("X-Session-Token): ", 1)[1].strip()
    assert Client(headers={"X-Session-Token": token}).get("/api/v1/me/").status_code == 200


@pytest.mark.django_db
def test_a_second_found_is_refused_and_changes_nothing() -> None:
    run("found", "The Lantern Players", "dora@theater.example")
    before = (User.objects.count(), Section.objects.count(), RoleAssignment.objects.count())
    for email in ("dora@theater.example", "other@theater.example"):
        with pytest.raises(CommandError, match="has its organization already"):
            run("found", "Another", email)
    assert (User.objects.count(), Section.objects.count(), RoleAssignment.objects.count()) == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "email", ["", "dora", "dora@", "a b@theater.example", "dora@theater.example\nBcc: x@y.example"]
)
def test_an_invalid_address_is_refused(email: str) -> None:
    with pytest.raises(CommandError, match="is not an e-mail address"):
        run("found", "The Lantern Players", email)
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "x" * 501])
def test_an_invalid_name_is_refused(name: str) -> None:
    with pytest.raises(CommandError):
        run("found", name, "dora@theater.example")
    assert not User.objects.exists()
    assert not Section.objects.exists()


@pytest.mark.django_db
def test_an_inactive_user_cannot_be_the_founder() -> None:
    world.user("Dora", is_active=False)
    with pytest.raises(CommandError, match="closed"):
        run("found", "The Lantern Players", User.objects.get().email)
    assert not Section.objects.exists()


@pytest.mark.django_db
def test_an_existing_user_becomes_the_director() -> None:
    dora = world.user("Dora")
    assert json.loads(run("found", "The Lantern Players", dora.email.upper(), "--json"))["director"] == dora.pk


# --- work: the jobs ------------------------------------------------------------------------------------------


@pytest.fixture
def only_jobs(monkeypatch: pytest.MonkeyPatch) -> dict[str, jobs.Job]:
    """The jobs of this test instead of the system's."""
    mine: dict[str, jobs.Job] = {}
    monkeypatch.setattr(jobs, "_jobs", mine)
    return mine


@pytest.mark.django_db
def test_one_round_runs_every_job_and_stores_a_heartbeat() -> None:
    told = json.loads(run("work", "--once", "--json"))
    assert told.keys() == {job.name for job in jobs.registered()}
    assert told["deliver notifications"] == "0 delivered, 0 failed"
    assert timezone.now() - Heartbeat.objects.get(name="worker").seen_at < timedelta(seconds=10)
    assert Client().get("/readyz").json()["parts"]["worker"] == "ok"


@pytest.mark.django_db
def test_a_failing_job_is_reported_and_stops_no_other(
    only_jobs: dict[str, jobs.Job], caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        raise RuntimeError("out of paper")

    jobs.every("first", seconds=1, run=lambda: done.append("first") or 3)
    jobs.every("broken", seconds=1, run=fail)
    jobs.every("last", seconds=1, run=lambda: done.append("last"))
    out = StringIO()
    with pytest.raises(CommandError, match=r"Failed: broken\."):
        call_command("work", "--once", stdout=out)
    assert done == ["first", "last"]
    assert out.getvalue().splitlines() == ["first: 3", "broken: failed; see the log", "last: None"]
    assert "the job 'broken' failed" in caplog.text
    assert Heartbeat.objects.filter(name="worker").exists()


# --- the worker as a process, a real mail server -------------------------------------------------------------


_PEOPLE = """
from django.utils import timezone
from accounts.models import Notification, User
now = timezone.now()
for n in range({count}):
    who = User.objects.create_user(f"user{{n}}@theater.example")
    Notification.objects.create(
        recipient=who, kind="test", subject=f"News {{n}}", body="Zażółć jaźń.", created_at=now, next_attempt_at=now
    )
"""
_HEARTBEAT = "from theater_site.core.models import Heartbeat; print(*Heartbeat.objects.values_list('name', 'seen_at'))"
_UNDELIVERED = (
    "from accounts.models import Notification; "
    "print(Notification.objects.filter(delivered_at=None).count(), Notification.objects.exclude(attempts=1).count())"
)


@pytest.mark.django_db
def test_two_workers_deliver_each_mail_once_and_stop_on_a_signal(installation: dict[str, str], tmp_path: Path) -> None:
    python(installation, _PEOPLE.format(count=40))
    box = Postbox(seconds=0.02)
    with (
        mail_server(box) as address,
        worker({**installation, "EMAIL_URL": address}, tmp_path / "first.log") as first,
        worker({**installation, "EMAIL_URL": address}, tmp_path / "second.log") as second,
    ):
        until(lambda: len(box.received) >= 40)
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
        for process, log in ((first, "first.log"), (second, "second.log")):
            assert process.wait(timeout=20) == 0, (tmp_path / log).read_text()
    arrived = Counter(str(message["To"]) for message in box.received)
    assert arrived == {f"user{n}@theater.example": 1 for n in range(40)}
    one = box.received[0]
    plain, html = list(one.walk())[1:]
    assert plain.get_payload(decode=True).decode().startswith("Zażółć jaźń.")  # type: ignore[union-attr]
    assert "<p>Zażółć jaźń.</p>" in html.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert one["Auto-Submitted"] == "auto-generated"
    assert len({message["Message-ID"] for message in box.received}) == 40
    assert python(installation, _UNDELIVERED) == "0 0"
    assert "worker" in python(installation, _HEARTBEAT)


@pytest.mark.django_db
def test_found_without_tables_prints_what_to_do_first(tmp_path: Path) -> None:
    with database(tmp_path) as address:
        early = manage(environment(tmp_path, address), "found", "Lantern", "dora@theater.example", check=False)
    assert early.returncode == 1
    assert "manage.py migrate" in early.stderr
    assert "Traceback" not in early.stderr


@pytest.mark.django_db
def test_found_and_work_deliver_a_mail(installation: dict[str, str]) -> None:
    told = json.loads(manage(installation, "found", "The Lantern Players", "dora@theater.example", "--json").stdout)
    assert told["session_token"]
    again = manage(installation, "found", "The Lantern Players", "dora@theater.example", check=False)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("CommandError: This installation has its organization already.")
    box = Postbox()
    with mail_server(box) as address:
        here = {**installation, "EMAIL_URL": address}
        away = manage({**here, "EMAIL_URL": "smtp://127.0.0.1:1"}, "work", "--once", "--json", check=False)
        assert away.returncode == 1
        assert json.loads(away.stdout)["deliver notifications"] == "failed; see the log"
        round_ = json.loads(manage(here, "work", "--once", "--json").stdout)
    assert round_["deliver notifications"] == "1 delivered, 0 failed"
    (sent,) = box.received
    assert sent["To"] == "dora@theater.example"


@pytest.mark.django_db
def test_a_worker_stores_heartbeats_and_stops_on_ctrl_c(installation: dict[str, str], tmp_path: Path) -> None:
    with worker(installation, tmp_path / "log") as process:
        until(lambda: "worker" in python(installation, _HEARTBEAT))
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0, (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()
