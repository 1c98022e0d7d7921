"""`manage.py export_calendar`: write the calendar for other programs."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.management.acting import acting_for
from scheduling.selectors.calendar_exports import FORMS, exported
from theater_site.core.actors import Public
from theater_site.core.errors import DomainError


class Command(BaseCommand):
    help = "Write the events of a range of days as iCalendar, for Google Calendar, or as JSON rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=sorted(FORMS), default="ics")
        parser.add_argument("--start", type=dt.date.fromisoformat, metavar="DAY", help="the first day; default today")
        parser.add_argument(
            "--end", type=dt.date.fromisoformat, metavar="DAY", help="the last day; default 92 days after the first"
        )
        parser.add_argument("--production", type=int, metavar="ID", help="the events of one production only")
        parser.add_argument("--venue", type=int, metavar="ID", help="the events at one venue only")
        parser.add_argument("--person", type=int, metavar="ID", help="the events to which one person is called only")
        parser.add_argument("--public", action="store_true", help="only what everybody may see")
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="only what this user may see")
        parser.add_argument("--output", metavar="FILE", help="write to this file, not to standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        first = options["start"] or timezone.localdate()
        last = options["end"] or first + dt.timedelta(days=92)
        if last < first:
            raise CommandError("The last day is before the first. Exchange --start and --end.")
        actor = Public() if options["public"] else acting_for(options["email"], "export_calendar")
        only = {name: options[name] for name in ("production", "venue") if options[name] is not None}
        try:
            content = exported(actor, first, last, person=options["person"], form=options["format"], **only)
        except DomainError as error:
            raise CommandError(error.message) from error
        if options["output"] is None:
            self.stdout.write(content.decode(), ending="")
            return
        try:
            Path(options["output"]).write_bytes(content)
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Wrote {len(content):,} bytes to {options['output']}.")
