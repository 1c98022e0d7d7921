"""`manage.py work`: the worker. Delivers mail and runs what is due, until it is told to stop."""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
from argparse import ArgumentParser
from importlib import import_module
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from theater_site.core import jobs
from theater_site.core.logs import bind_request_id
from theater_site.core.models import Heartbeat

log = logging.getLogger(__name__)
BEAT_SECONDS = 20


class Command(BaseCommand):
    help = (
        "Run the periodic jobs: deliver notifications, sweep what has expired. Several workers may run at once. "
        "SIGTERM and Ctrl-C end it after the job at hand; a job that fails is logged and tried again at its next "
        "time. With --once the exit code is 1 where a job failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run every job once and end, for cron")
        parser.add_argument("--json", action="store_true", help="with --once: print what was done as one JSON object")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        # An action is known once its module is imported, and what is pending may name any of them: the addresses name them all.
        import_module(settings.ROOT_URLCONF)
        if once:
            done = {job.name: self._run(job) for job in jobs.registered()}
            _beat()
            failed = [name for name, outcome in done.items() if outcome is None]
            told = {name: "failed; see the log" if outcome is None else outcome for name, outcome in done.items()}
            if options["json"]:
                self.stdout.write(json.dumps(told))
            else:
                for name, outcome in told.items():
                    self.stdout.write(f"{name}: {outcome}")
            if failed:
                raise CommandError(f"Failed: {', '.join(failed)}. The log says why.")
            return
        self._until_stopped()

    def _until_stopped(self) -> None:
        stop = threading.Event()

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask_to_stop)
        due = {job.name: 0.0 for job in jobs.registered()}
        next_beat = 0.0
        while not stop.is_set():
            now = time.monotonic()
            close_old_connections()
            if now >= next_beat:
                try:
                    _beat()
                except DatabaseError:
                    # A database that is away for a while ends no worker, as it ends no server.
                    log.exception("the heartbeat failed; it is tried again")
                next_beat = now + BEAT_SECONDS
            for job in jobs.registered():
                if due[job.name] <= now and not stop.is_set():
                    self._run(job)
                    due[job.name] = time.monotonic() + job.seconds
            stop.wait(max(0.05, min([*due.values(), next_beat]) - time.monotonic()))

    def _run(self, job: jobs.Job) -> str | None:
        """What the job says that it did; None where it failed."""
        with bind_request_id():
            try:
                return str(job.run())
            except Exception:
                log.exception("the job %r failed; it is tried again at its next time", job.name)
                return None


def _beat() -> None:
    Heartbeat.objects.update_or_create(name="worker", defaults={"seen_at": timezone.now()})
