"""`manage.py work`: the worker, which runs the periodic jobs until it is stopped."""

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
        "Run the periodic jobs: deliver notifications, expire unpaid orders and others. Several workers may run at once. "
        "SIGTERM and Ctrl-C end it after the running job. A job that fails is logged and runs again at its next time. With "
        "--once, the exit code is 1 if a job failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run every job once and end, for cron")
        parser.add_argument("--json", action="store_true", help="with --once: print the results as one JSON object")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        # Imports all actions, which pending submissions refer to by name.
        import_module(settings.ROOT_URLCONF)
        if once:
            results = {job.name: self._run(job) for job in jobs.registered()}
            _beat()
            failed = [name for name, result in results.items() if result is None]
            report = {name: "failed; see the log" if result is None else result for name, result in results.items()}
            if options["json"]:
                self.stdout.write(json.dumps(report))
            else:
                for name, result in report.items():
                    self.stdout.write(f"{name}: {result}")
            if failed:
                raise CommandError(f"Failed: {', '.join(failed)}. The log says why.")
            return
        self._run_until_stopped()

    def _run_until_stopped(self) -> None:
        stop = threading.Event()

        def request_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, request_stop)
        due = {job.name: 0.0 for job in jobs.registered()}
        next_beat = 0.0
        while not stop.is_set():
            now = time.monotonic()
            close_old_connections()
            if now >= next_beat:
                try:
                    _beat()
                except DatabaseError:
                    # The worker must survive a database that is down for a while.
                    log.exception("the heartbeat failed; the worker tries again")
                next_beat = now + BEAT_SECONDS
            for job in jobs.registered():
                if due[job.name] <= now and not stop.is_set():
                    self._run(job)
                    due[job.name] = time.monotonic() + job.seconds
            stop.wait(max(0.05, min([*due.values(), next_beat]) - time.monotonic()))

    def _run(self, job: jobs.Job) -> str | None:
        """The result of the job as text; None if it failed."""
        with bind_request_id():
            try:
                return str(job.run())
            except Exception:
                log.exception("the job %r failed; it runs again at its next time", job.name)
                return None


def _beat() -> None:
    Heartbeat.objects.update_or_create(name="worker", defaults={"seen_at": timezone.now()})
