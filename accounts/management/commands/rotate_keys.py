"""`manage.py rotate_keys`: re-encrypts all values with the first of FIELD_KEYS."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from accounts.privacy.services.keys import rotate_all
from theater_site.core import rotation
from theater_site.core.actors import System
from theater_site.core.logs import bind_request_id


class Command(BaseCommand):
    help = (
        "Re-encrypt every encrypted value of every app with the first of FIELD_KEYS. Put the new key first, restart every "
        "process, run this, and drop the old key once it says that nothing was left to do. Safe to kill and to run again. "
        "Ends with 1 where rows cannot be read with any key; those are named and left as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--preview", action="store_true", help="count what would be done, and do nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, preview: bool, **options: Any) -> None:
        # The progress bar goes to stderr, so that a pipe gets only the result.
        console = Console(file=self.stderr, stderr=True)  # type: ignore[arg-type]
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with bind_request_id(), Progress(*columns, console=console, disable=options["json"]) as progress:
            bar = progress.add_task("rows", total=sum(rotation.rows_in(place) for place in rotation.places()))

            def told(table: str, rows: int) -> None:
                progress.update(bar, advance=rows, description=table)

            counts = rotate_all(actor=System("rotate_keys"), preview=preview, progress=told)
        unreadable = sum(count.unreadable for count in counts)
        if options["json"]:
            answer = {"preview": preview, "unreadable": unreadable, "tables": [asdict(count) for count in counts]}
            self.stdout.write(json.dumps(answer))
        else:
            verb = "to rotate" if preview else "rotated"
            for count in counts:
                self.stdout.write(
                    f"{count.table}: {count.rotated} {verb}, {count.current} current, {count.unreadable} unreadable"
                )
        if unreadable:
            named = "; ".join(f"{c.table} {', '.join(c.unreadable_keys)}" for c in counts if c.unreadable)
            raise CommandError(
                f"{unreadable} rows cannot be read with any key of FIELD_KEYS and were left as they are: {named}. "
                "Put the key that wrote them back into FIELD_KEYS and run this again."
            )
        if sum(count.passed_over for count in counts):
            raise CommandError("Some rows were being written all the time. Run this again.")
