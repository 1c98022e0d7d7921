"""`manage.py conflict_report`: the conflicts of the calendar as a table, JSON or CSV."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.management.acting import acting_for
from scheduling.selectors.conflict_report import COLUMNS, conflict_report, table_row
from scheduling.selectors.occurrences import for_insiders, starting_from, up_to
from theater_site.core.tables import write_table


class Command(BaseCommand):
    help = "List the conflicts of spaces, productions and people, by default of the coming year."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--season", type=int, metavar="ID", help="of the productions of one season only")
        parser.add_argument("--production", type=int, metavar="ID", help="of one production only")
        parser.add_argument("--start", type=dt.date.fromisoformat, metavar="DAY", help="the first day; default today")
        parser.add_argument(
            "--end", type=dt.date.fromisoformat, metavar="DAY", help="the last day; default a year after the first"
        )
        parser.add_argument(
            "--changed-since",
            type=dt.datetime.fromisoformat,
            metavar="INSTANT",
            help="only what changed since then, such as the last report: 2027-02-01T10:00:00Z",
        )
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="as this user sees them")
        parser.add_argument("--format", choices=("table", "json", "csv"), default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        first = options["start"] or timezone.localdate()
        last = options["end"] or first + dt.timedelta(days=366)
        since = options["changed_since"]
        if last < first:
            raise CommandError("The last day is before the first. Exchange --start and --end.")
        if since is not None and since.tzinfo is None:
            raise CommandError("--changed-since needs an offset: write 2027-02-01T10:00:00Z.")
        actor = acting_for(options["email"], "conflict_report")
        rows: Any = up_to(starting_from(for_insiders(actor), first), last)
        if options["season"] is not None:
            rows = rows.filter(production__season=options["season"])
        if options["production"] is not None:
            rows = rows.filter(production=options["production"])
        found = conflict_report(actor, rows, changed_since=since)
        if options["format"] == "json":
            self.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        elif options["format"] == "csv":
            self.stdout.write("".join(write_table(COLUMNS, map(table_row, found))), ending="")
        else:
            self._table([table_row(one) for one in found])

    def _table(self, rows: list[dict[str, str]]) -> None:
        if not rows:
            self.stdout.write("No conflicts.")
            return
        names = [column.name for column in COLUMNS]
        widths = [max(len(name), *(len(row[name]) for row in rows)) for name in names]
        for cells in (names, *([row[name] for name in names] for row in rows)):
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
        self.stdout.write(f"{len(rows)} conflict{'' if len(rows) == 1 else 's'}.")
