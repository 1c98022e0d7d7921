"""An installation of its own for a test: its database, its commands and workers as processes, a mail server to talk to."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


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


@pytest.fixture(scope="session")
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
