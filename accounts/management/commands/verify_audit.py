"""`manage.py verify_audit`: checks that nobody changed the audit log."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from accounts.audit.selectors.verification import Verified, documents, total, verify
from accounts.audit.services.sealing import sign_checkpoint
from accounts.models import AuditCheckpoint
from theater_site.core.errors import DomainError


class Command(BaseCommand):
    help = (
        "Recompute the seal of the whole audit log and compare. Names the first row that was changed, removed, reordered or "
        "put in, and ends with 1 then. Values that were erased or expired as the log itself tells are no fault. What was "
        "removed from the end since the last signed checkpoint shows only against a checkpoint that was kept elsewhere: "
        "write one with --export, keep it where nobody who can write the database can write, and give it with --checkpoint "
        "the next time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--checkpoint", metavar="FILE", help="a checkpoint that was kept elsewhere")
        parser.add_argument("--export", metavar="FILE", help="if all is well, sign a checkpoint and write it to FILE")
        parser.add_argument(
            "--patience", metavar="MINUTES", type=int, default=10, help="how long an entry may wait for its seal (10)"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = bool(options["json"])
        kept = self._read(options["checkpoint"]) if options["checkpoint"] else None
        columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
            task = bar.add_task("", total=total())
            try:
                seen = verify(
                    patience=timedelta(minutes=options["patience"]),
                    kept=kept,
                    progress=lambda done: bar.update(task, completed=done),
                )
            except DomainError as error:
                raise CommandError(error.message) from error
        self._tell(seen, quiet)
        if seen.broken is not None:
            raise SystemExit(1)
        if options["export"]:
            self._export(Path(options["export"]), quiet)

    def _read(self, file: str) -> Any:
        try:
            return json.loads(Path(file).read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise CommandError(f"{file} is not a checkpoint: it is not JSON.") from error

    def _export(self, file: Path, quiet: bool) -> None:
        sign_checkpoint()
        last = AuditCheckpoint.objects.order_by("-number").first()
        if last is None:
            raise CommandError("Nothing is sealed yet, so there is nothing to sign.")
        try:
            file.write_text(json.dumps(documents([last])[0], indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        if not quiet:
            self.stdout.write(f"Checkpoint {last.number} at seal {last.seq} is in {file}.")

    def _tell(self, seen: Verified, quiet: bool) -> None:
        if quiet:
            self.stdout.write(json.dumps(asdict(seen)))
            return
        if seen.broken is None:
            self.stdout.write(
                f"Whole: {seen.seals:,} entries with {seen.changes:,} changes; {seen.values:,} values match, {seen.erased:,} "
                f"were erased; {seen.checkpoints:,} checkpoints; {seen.waiting:,} entries wait for their seal."
            )
            return
        broken = seen.broken
        place = ", ".join(
            f"{name} {value}"
            for name, value in (("seal", broken.seq), ("entry", broken.entry), ("change", broken.change))
            if value is not None
        )
        self.stderr.write(f"Broken ({broken.what}){f' at {place}' if place else ''}: {broken.message}")
