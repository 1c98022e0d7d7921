"""`manage.py import_calendar FILE.ics`: import the events of an iCalendar file."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management.acting import acting_for
from accounts.permissions.selectors.sections import organization
from productions.models import Production
from scheduling.services.calendar_imports import import_calendar
from theater_site.core.errors import DomainError
from theater_site.core.logs import bind_request_id


class Command(BaseCommand):
    help = (
        "Import the events of an iCalendar file: series with their exceptions, and single events. Importing it again updates by"
        " UID. Events that cannot be stored are listed, and the others are imported."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.ics")
        parser.add_argument(
            "--production",
            metavar="ID",
            type=int,
            help="id of the production; without it the organization's own calendar",
        )
        parser.add_argument("--timezone", metavar="ZONE", help="IANA zone of times without a zone")
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="act as this user, not as the installation")
        parser.add_argument("--preview", action="store_true", help="tell what would be imported, and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        try:
            text = Path(file).read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        production = self._production(options["production"])
        inputs = {
            "actor": acting_for(options["email"], "import_calendar"),
            "section": production.section if production is not None else organization(),
            "production": production,
            "calendar": text,
            "timezone": options["timezone"],
        }
        try:
            with bind_request_id():
                done = import_calendar.preview(**inputs).result if options["preview"] else import_calendar(**inputs)
        except DomainError as error:
            raise CommandError(error.message) from error
        told = {"preview": options["preview"], **asdict(done)}
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            self._tell(told)

    def _production(self, pk: int | None) -> Production | None:
        if pk is None:
            return None
        found = Production.objects.select_related("section").filter(pk=pk).first()
        if found is None:
            raise CommandError(f"Production {pk} does not exist. GET /api/v1/productions/ lists them.")
        return found

    def _tell(self, told: dict[str, Any]) -> None:
        would = "would be" if told["preview"] else "were"
        self.stdout.write(
            f"{told['created']} {would} created, {told['changed']} {would} changed, {told['unchanged']} are as they were."
        )
        for note in told["notes"]:
            self.stdout.write(f"note: {note['title'] or note['uid']}: {note['message']}")
        for skipped in told["skipped"]:
            self.stdout.write(
                f"skipped ({skipped['code']}): {skipped['title'] or skipped['uid']}: {skipped['message']}"
            )
        if told["dropped"]:
            counts = ", ".join(f"{count} {name}" for name, count in told["dropped"].items())
            self.stdout.write(f"dropped, since this calendar does not store them: {counts}")
