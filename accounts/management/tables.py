"""Commands that import a table from a file: they import all rows or none, and list every invalid row and cell."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from django.core.management.base import BaseCommand, CommandError

from accounts.management.acting import acting_for
from theater_site.core.actions import Action
from theater_site.core.errors import DomainError
from theater_site.core.logs import bind_request_id
from theater_site.core.tables import Column, Fault, read_table

SHOWN = 100


class Import(NamedTuple):
    """The action that imports the rows, its other inputs, and the columns of a row."""

    action: Action[Any, Any]
    inputs: dict[str, Any]
    columns: Sequence[Column]


class TableCommand(BaseCommand):
    """`manage.py <name> FILE.csv`. A subclass returns from `wanted` what to do with the rows."""

    # By what name the installation acts, where no user does; and what becomes of a new row, in a word.
    name: ClassVar[str]
    added: ClassVar[str]

    def wanted(self, options: dict[str, Any]) -> Import:
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.csv")
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="act as this user, not as the installation")
        parser.add_argument("--preview", action="store_true", help="show the result, and change nothing")
        parser.add_argument(
            "--waive", action="append", default=[], metavar="RULE=REASON", help="go past a warning of the judges"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        wanted = self.wanted(options)
        try:
            data = Path(file).read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        table = read_table(data, wanted.columns)
        told: dict[str, Any] = {"preview": options["preview"], "rows": table.rows, "findings": []}
        faults = table.faults
        if not faults:
            inputs = {"actor": acting_for(options["email"], self.name), "rows": table.inputs(), **wanted.inputs}
            try:
                with bind_request_id():
                    if options["preview"]:
                        preview = wanted.action.preview(**inputs)
                        told |= asdict(preview.result) | {"findings": [f.as_data() for f in preview.findings]}
                    else:
                        waive = dict(pair.partition("=")[::2] for pair in options["waive"])
                        told |= asdict(wanted.action(waive=waive, **inputs))
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
                f"Of {told['rows']} rows {told['new']} {done} {self.added}, {told['changed']} {done} changed, "
                f"{told['unchanged']} say what is known."
            )
            for finding in told["findings"]:
                self.stdout.write(f"warning {finding['rule']}: {finding['message']} {finding['hint']}")
        else:
            for fault in faults[:SHOWN]:
                self.stdout.write(fault.told())
            if len(faults) > SHOWN:
                self.stdout.write(f"... and {len(faults) - SHOWN} more; --json lists them all.")
        if faults:
            raise CommandError(f"{len(faults)} cells or rows cannot be taken; nothing was changed.")
