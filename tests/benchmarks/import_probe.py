"""An import, or its floor, measured in a process of its own on a new database that the environment names.

`python import_probe.py import ARCHIVE ROWS` imports and leaves what it wrote in the file ROWS; `python import_probe.py
floor ARCHIVE ROWS` writes the same rows by Django's own `bulk_create`. Each prints one JSON object.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import resource
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def content() -> list[type[Any]]:
    """What an import writes, in an order in which it can be written."""
    from accounts.models import Section
    from directory.models import Alias, Credit, Person
    from productions.models import Production, Season
    from scheduling.models import Occurrence, Run, Venue

    return [Section, Season, Venue, Production, Occurrence, Run, Person, Alias, Credit]


def state() -> str:
    """A digest of every row that an import may touch, versions and instants included."""
    from django.db import models

    digest = hashlib.sha256()
    for model in content():
        for row in models.QuerySet(model).order_by("pk").values_list().iterator():
            digest.update(repr(row).encode())
    return digest.hexdigest()


def measure_import(archive: str, kept: Path) -> dict[str, Any]:
    from django.db import connection, models

    from accounts.models import AuditEntry, Section
    from accounts.permissions.selectors.sections import organization
    from theater_site.archive.importer import import_archive
    from theater_site.core.actors import System

    last = Section.objects.order_by("-pk").values_list("pk", flat=True)[0]
    root = organization()
    queries = 0

    def count(execute: Any, *args: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*args)

    started, cpu = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        outcome = import_archive(
            actor=System("probe"),
            organization=root,
            folder=archive,
            archive="real",
            default_timezone=None,
            publish=False,
            add_people=False,
        )
    taken: dict[str, Any] = {
        "seconds": round(time.perf_counter() - started, 2),
        "cpu": round(time.process_time() - cpu, 2),
        "lines": sum(tally.lines for tally in outcome.tables.values()),
        "queries": queries,
        # Since the process began: Django and the archive included.
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    entry = AuditEntry.objects.get(action="archive.import")
    taken["tables"] = {name: [tally.new, tally.merged] for name, tally in outcome.tables.items()}
    taken["unknown"] = {name: dict(tally.remarks) for name, tally in outcome.tables.items() if tally.remarks}
    taken["bad"] = len(outcome.bad)
    taken["changes"] = entry.changes.count()
    before, started = state(), time.perf_counter()
    again = import_archive(
        actor=System("probe"),
        organization=root,
        folder=archive,
        archive="real",
        default_timezone=None,
        publish=False,
        add_people=False,
    )
    taken["second"] = {
        "seconds": round(time.perf_counter() - started, 2),
        "new": sum(tally.new for tally in again.tables.values()),
        "same": state() == before,
    }
    rows = []
    for model in content():
        names = [column.attname for column in model._meta.concrete_fields]
        new = models.QuerySet(model).filter(pk__gt=last if model is Section else 0).order_by("pk")
        rows.append(list(new.values(*names)))
    kept.write_bytes(pickle.dumps(rows))
    return taken


def measure_floor(archive: str, kept: Path) -> dict[str, Any]:
    from django.db import models, transaction

    tables = pickle.loads(kept.read_bytes())
    made = [[model(**row) for row in rows] for model, rows in zip(content(), tables, strict=True)]
    started, cpu = time.perf_counter(), time.process_time()
    with transaction.atomic():
        for model, rows in zip(content(), made, strict=True):
            models.QuerySet(model).bulk_create(rows, batch_size=1000)
    return {
        "seconds": round(time.perf_counter() - started, 2),
        "cpu": round(time.process_time() - cpu, 2),
        "rows": sum(map(len, made)),
    }


def main(what: str, archive: str, kept: str) -> None:
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with Path(os.devnull).open("w") as nowhere:
        call_command("found", "The Lantern Players", "dora@theater.example", stdout=nowhere)
    measure = {"import": measure_import, "floor": measure_floor}[what]
    print(json.dumps(measure(archive, Path(kept))))


if __name__ == "__main__":
    main(*sys.argv[1:])
