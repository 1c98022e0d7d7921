"""`manage.py import_cast FILE.csv --production ID`: the cast and crew of a production, or its parts, from a spreadsheet."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management.acting import acting_for
from directory.rules import credits_table
from directory.services.credits_table import import_credits
from productions.models import Production
from productions.rules import parts_table
from productions.services.parts_table import import_parts
from theater_site.core.actions import Action
from theater_site.core.errors import DomainError
from theater_site.core.logs import bind_request_id
from theater_site.core.tables import Fault, read_table

SHOWN = 100


class Command(BaseCommand):
    help = (
        "Take the credits of one production from a CSV file (UTF-8; comma, semicolon or tab), or with --parts its parts; all "
        "rows or none. What is known is described anew, anything else added, and nothing is removed. Every bad row and cell is "
        "listed. GET /api/v1/credits/export/ and /api/v1/characters/export/ give such files. Columns of credits: "
        + ", ".join(column.name for column in credits_table.COLUMNS)
        + ". Of parts: "
        + ", ".join(column.name for column in parts_table.COLUMNS)
        + "."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.csv")
        parser.add_argument("--production", metavar="ID", type=int, required=True, help="whose cast or parts these are")
        parser.add_argument(
            "--parts", action="store_true", help="the file lists the parts of the play, not who holds them"
        )
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="act as this user, not as the installation")
        parser.add_argument("--preview", action="store_true", help="tell what would come of it, and change nothing")
        parser.add_argument(
            "--waive", action="append", default=[], metavar="RULE=REASON", help="go past a warning of the judges"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: str, production: int, **options: Any) -> None:
        play = Production.objects.filter(pk=production).first()
        if play is None:
            raise CommandError(f"There is no production {production}. GET /api/v1/productions/ lists them.")
        try:
            data = Path(file).read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        action: Action[Any, Any] = import_parts if options["parts"] else import_credits
        table = read_table(data, parts_table.COLUMNS if options["parts"] else credits_table.COLUMNS)
        told: dict[str, Any] = {"preview": options["preview"], "rows": table.rows, "findings": []}
        faults = table.faults
        if not faults:
            rows = [{"line": record.line, **record.values} for record in table.records]
            inputs: dict[str, Any] = {"production": play, "rows": rows}
            actor = acting_for(options["email"], "import_cast")
            try:
                with bind_request_id():
                    if options["preview"]:
                        preview = action.preview(actor=actor, **inputs)
                        told |= asdict(preview.result) | {"findings": [f.as_data() for f in preview.findings]}
                    else:
                        waive = dict(pair.partition("=")[::2] for pair in options["waive"])
                        told |= asdict(action(actor=actor, waive=waive, **inputs))
            except DomainError as error:
                if "faults" not in error.data:
                    raise CommandError(error.message) from error
                faults = [Fault(**fault) for fault in error.data["faults"]]
        self._tell(told, faults, as_json=options["json"])

    def _tell(self, told: dict[str, Any], faults: list[Fault], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({**told, "faults": [asdict(fault) for fault in faults]}))
        elif not faults:
            done = "would be" if told["preview"] else "were"
            self.stdout.write(
                f"Of {told['rows']} rows {told['new']} {done} added, {told['changed']} {done} changed, "
                f"{told['unchanged']} say what is known."
            )
            for finding in told["findings"]:
                self.stdout.write(f"warning {finding['rule']}: {finding['message']} {finding['mend']}")
        else:
            for fault in faults[:SHOWN]:
                self.stdout.write(fault.told())
            if len(faults) > SHOWN:
                self.stdout.write(f"... and {len(faults) - SHOWN} more; --json lists them all.")
        if faults:
            raise CommandError(f"{len(faults)} cells or rows cannot be taken; nothing was changed.")
