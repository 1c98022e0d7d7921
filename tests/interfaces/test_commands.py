"""`found` and `work`: what an operator types, what comes of it, and what is said when it cannot be done."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Notification, RoleAssignment, Section, User
from accounts.services import outbox
from tests import world
from theater_site.core import jobs
from theater_site.core.errors import Unavailable
from theater_site.core.models import Heartbeat

ROOT = Path(__file__).resolve().parents[2]


def run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


# --- found ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_founding_gives_a_director_who_can_work_at_once() -> None:
    told = json.loads(run("found", "The Lantern Players", "Dora@Theater.example", "--name", "Dora", "--json"))
    director = User.objects.get(pk=told["director"])
    assert (director.email, director.name) == ("dora@theater.example", "Dora")
    assert Section.objects.get(pk=told["organization"]).name == "The Lantern Players"
    browser = Client(headers={"X-Session-Token": told["session_token"]})
    assert browser.get("/api/v1/me/").json()["email"] == "dora@theater.example"
    assert world.post(browser, "/api/v1/seasons/", {"name": "Spring"}).status_code == 201


@pytest.mark.django_db
def test_founding_tells_people_the_token_and_where_to_send_it() -> None:
    told = run("found", "The Lantern Players", "dora@theater.example")
    assert "The Lantern Players is founded. Its director is dora@theater.example." in told
    token = told.rsplit("X-Session-Token): ", 1)[1].strip()
    assert Client(headers={"X-Session-Token": token}).get("/api/v1/me/").status_code == 200


@pytest.mark.django_db
def test_founding_twice_is_refused_and_leaves_nothing() -> None:
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
def test_an_address_that_is_none_is_refused(email: str) -> None:
    with pytest.raises(CommandError, match="is no e-mail address"):
        run("found", "The Lantern Players", email)
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "x" * 501])
def test_a_name_that_cannot_be_kept_is_refused(name: str) -> None:
    with pytest.raises(CommandError):
        run("found", name, "dora@theater.example")
    assert not User.objects.exists()
    assert not Section.objects.exists()


@pytest.mark.django_db
def test_somebody_who_was_deactivated_founds_nothing() -> None:
    world.user("Dora", is_active=False)
    with pytest.raises(CommandError, match="closed"):
        run("found", "The Lantern Players", User.objects.get().email)
    assert not Section.objects.exists()


@pytest.mark.django_db
def test_who_signed_up_before_becomes_the_director() -> None:
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
def test_one_round_runs_every_job_and_leaves_a_heartbeat() -> None:
    told = json.loads(run("work", "--once", "--json"))
    assert told.keys() == {job.name for job in jobs.registered()}
    assert told["deliver notifications"] == "0 delivered, 0 failed"
    assert timezone.now() - Heartbeat.objects.get(name="worker").seen_at < timedelta(seconds=10)
    assert Client().get("/readyz").json()["parts"]["worker"] == "ok"


@pytest.mark.django_db
def test_a_job_that_fails_stops_no_other_and_is_told(
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


# --- the outbox ----------------------------------------------------------------------------------------------


def put(*recipients: User, subject: str = "Hello", body: str = "There is news.") -> list[Notification]:
    """Messages as the services leave them."""
    now = timezone.now()
    return [
        Notification.objects.create(
            recipient=who, kind="test", subject=subject, body=body, created_at=now, next_attempt_at=now
        )
        for who in recipients
    ]


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.django_db
def test_what_happened_is_told_once_by_mail() -> None:
    root, director = world.found()
    ann = world.give("stage_manager", root, by=director)
    Notification.objects.exclude(recipient=ann).delete()
    assert outbox.deliver_due() == (1, 0)
    assert outbox.deliver_due() == (0, 0)
    (sent,) = mail.outbox
    assert sent.to == [ann.email]
    assert sent.subject.startswith("You are now Stage manager")
    noted = Notification.objects.get(recipient=ann)
    assert noted.delivered_at is not None
    assert (noted.next_attempt_at, noted.failed, noted.last_error) == (None, False, "")


@pytest.mark.django_db
def test_what_an_action_would_have_told_is_not_told_when_it_fails() -> None:
    root, director = world.found()
    Notification.objects.all().delete()
    with pytest.raises(Exception, match="end"):
        world.give("viewer", root, by=director, starts_at=timezone.now(), ends_at=timezone.now() - minutes(1))
    assert not Notification.objects.exists()


class Refusing:
    """A mail backend whose server takes the call and refuses the messages whose subject says so."""

    opened = sent = 0
    reachable = True

    def open(self) -> None:
        type(self).opened += 1
        if not self.reachable:
            raise ConnectionRefusedError("mail.internal:25")

    def close(self) -> None: ...

    def send_messages(self, messages: list[Any]) -> int:
        for message in messages:
            if "refuse" in message.subject:
                raise ValueError(f"550 no such user: {message.to[0]}")
            type(self).sent += 1
        return len(messages)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> type[Refusing]:
    class Server(Refusing):
        pass

    monkeypatch.setattr(outbox, "get_connection", Server)
    return Server


@pytest.mark.django_db
def test_a_refused_message_is_tried_again_later_and_later_and_then_given_up(server: type[Refusing]) -> None:
    (message,) = put(world.user(), subject="refuse me")
    now = timezone.now()
    waits = []
    for attempt in range(1, outbox.ATTEMPTS + 1):
        assert outbox.deliver_due(now) == (0, 1)
        assert outbox.deliver_due(now) == (0, 0), "not again at once"
        message.refresh_from_db()
        assert message.attempts == attempt
        assert message.last_error == "ValueError", "the server's words may name people"
        if message.next_attempt_at is not None:
            waits.append(message.next_attempt_at - now)
            now = message.next_attempt_at
    assert waits == [minutes(2**n) for n in range(outbox.ATTEMPTS - 1)]
    assert (message.failed, message.next_attempt_at) == (True, None)
    assert outbox.deliver_due(now + timedelta(days=365)) == (0, 0)


@pytest.mark.django_db
def test_one_bad_message_holds_up_no_other(server: type[Refusing]) -> None:
    put(world.user(), subject="refuse me")
    put(world.user(), world.user())
    unreadable, *_ = put(world.user(), subject="unreadable")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_notification SET body = 'garbled' WHERE id = %s", [unreadable.pk])
    put(world.user())
    assert outbox.deliver_due() == (3, 2)
    assert server.sent == 3


@pytest.mark.django_db
def test_a_server_that_is_away_counts_against_no_message(server: type[Refusing]) -> None:
    put(world.user(), world.user())
    server.reachable = False
    for _ in range(outbox.ATTEMPTS + 1):
        with pytest.raises(Unavailable, match="ConnectionRefusedError") as refused:
            outbox.deliver_due()
        assert "internal" not in str(refused.value)
    assert set(Notification.objects.values_list("attempts", flat=True)) == {0}
    server.reachable = True
    assert outbox.deliver_due() == (2, 0)


@pytest.mark.django_db
def test_nobody_is_called_while_nothing_is_due(server: type[Refusing]) -> None:
    assert outbox.deliver_due() == (0, 0)
    assert server.opened == 0


@pytest.mark.django_db
def test_a_message_without_an_address_does_not_pass_for_delivered() -> None:
    (message,) = put(world.user())
    User.objects.filter(pk=message.recipient_id).update(email="")
    assert outbox.deliver_due() == (0, 1)
    message.refresh_from_db()
    assert (message.delivered_at, message.last_error) == (None, "NoRecipient")


@pytest.mark.django_db
def test_what_a_dead_worker_had_in_hand_is_sent_again_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> int:
        raise Killed

    (message,) = put(world.user())
    now = timezone.now()
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", die)
        with pytest.raises(Killed):
            outbox.deliver_due(now)
    assert outbox.deliver_due(now + minutes(1)) == (0, 0), "the first one may still be sending it"
    assert outbox.deliver_due(now + minutes(30)) == (1, 0)
    Notification.objects.update(attempts=outbox.ATTEMPTS, delivered_at=None, next_attempt_at=now)
    assert outbox.deliver_due(now) == (0, 0)
    message.refresh_from_db()
    assert (message.failed, message.last_error) == (True, "WorkerDied")


@pytest.mark.django_db
def test_a_worker_that_took_too_long_does_not_undo_what_the_next_one_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    (message,) = put(world.user())
    now = timezone.now()
    real = mail.EmailMessage.send

    def slow(self: mail.EmailMessage, *_: Any) -> int:
        monkeypatch.setattr(mail.EmailMessage, "send", real)
        assert outbox.deliver_due(now + minutes(30)) == (1, 0)  # another worker, much later
        raise TimeoutError

    monkeypatch.setattr(mail.EmailMessage, "send", slow)
    outbox.deliver_due(now)
    message.refresh_from_db()
    assert message.delivered_at is not None
    assert message.next_attempt_at is None
    assert len(mail.outbox) == 1


# --- the worker as a process, a real mail server -------------------------------------------------------------


class Postbox:
    """An SMTP server's handler: keeps what is sent to it."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.received: list[Message] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        import asyncio

        await asyncio.sleep(self.seconds)
        self.received.append(message_from_bytes(envelope.content))
        return "250 OK"


@contextmanager
def mail_server(handler: Postbox) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


@contextmanager
def database(folder: Path, *, copied_from: str = "") -> Iterator[str]:
    """The address of a new database, of the kind that this run is on."""
    if connection.vendor == "sqlite":
        file = folder / "theater.sqlite3"
        if copied_from:
            shutil.copy(copied_from.removeprefix("sqlite:///"), file)
        yield f"sqlite:///{file}"
        return
    import psycopg
    from psycopg.sql import SQL, Identifier

    given = connection.settings_dict
    name = f"theater_commands_{os.getpid()}_{time.monotonic_ns()}"
    template = copied_from.rsplit("/", 1)[1] if copied_from else "template0"
    login = {"host": given["HOST"], "port": given["PORT"] or 5432, "user": given["USER"], "password": given["PASSWORD"]}
    with psycopg.connect(**login, dbname="postgres", autocommit=True) as server:
        server.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    password = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    try:
        yield f"postgres://{given['USER']}{password}@{given['HOST']}:{login['port']}/{name}"
    finally:
        with psycopg.connect(**login, dbname="postgres", autocommit=True) as server:
            server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def environment(folder: Path, address: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("CACHE_URL", "EMAIL_URL")}
    return {**kept, "VAR_DIR": str(folder), "LOG_FORMAT": "lines", "DATABASE_URL": address}


@pytest.fixture(scope="module")
def migrated(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a migrated database, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    with database(folder) as address:
        manage(environment(folder, address), "migrate", "--verbosity", "0")
        yield address


@pytest.fixture
def installation(tmp_path: Path, migrated: str) -> Iterator[dict[str, str]]:
    """The environment of an installation of its own, migrated."""
    with database(tmp_path, copied_from=migrated) as address:
        yield environment(tmp_path, address)


def manage(variables: dict[str, str], *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def python(variables: dict[str, str], code: str) -> str:
    """Runs `code` inside the installation; what it prints."""
    return manage(variables, "shell", "--no-imports", "--command", code).stdout.strip()


@contextmanager
def worker(variables: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "work"], cwd=ROOT, env=variables, stdout=errors, stderr=errors
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(timeout=20)


def until(condition: Any, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


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
def test_two_workers_deliver_each_mail_once_and_end_when_told(installation: dict[str, str], tmp_path: Path) -> None:
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
    assert one.get_payload(decode=True).decode().strip() == "Zażółć jaźń."  # type: ignore[union-attr]
    assert one["Auto-Submitted"] == "auto-generated"
    assert len({message["Message-ID"] for message in box.received}) == 40
    assert python(installation, _UNDELIVERED) == "0 0"
    assert "worker" in python(installation, _HEARTBEAT)


@pytest.mark.django_db
def test_founding_in_an_empty_database_says_what_to_do_first(tmp_path: Path) -> None:
    with database(tmp_path) as address:
        early = manage(environment(tmp_path, address), "found", "Lantern", "dora@theater.example", check=False)
    assert early.returncode == 1
    assert "manage.py migrate" in early.stderr
    assert "Traceback" not in early.stderr


@pytest.mark.django_db
def test_from_founding_to_a_delivered_mail(installation: dict[str, str]) -> None:
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
def test_a_worker_beats_and_ends_by_ctrl_c(installation: dict[str, str], tmp_path: Path) -> None:
    with worker(installation, tmp_path / "log") as process:
        until(lambda: "worker" in python(installation, _HEARTBEAT))
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0, (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()
