"""Imports an archive in processes that are killed, each at another moment; then once to the end. Prints what was left.

`python import_until_killed.py ARCHIVE`, on a new database that the environment names.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MOMENTS = (("seasons", 1), ("people", 1000), ("credits", 2000), ("announced", 0))


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_a_process(work: Callable[[], None]) -> int:
    """The status of a child that did `work`; the parent itself never connects to the database."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            work()
            sys.stdout.flush()
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(archive: str) -> None:
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.models import AuditEntry
    from tests.worlds import archive as scene
    from theater_site.archive.importer import reporting
    from theater_site.core.signals import action_done

    def prepare() -> None:
        call_command("migrate", verbosity=0)
        with Path(os.devnull).open("w") as nowhere:
            call_command("found", "The Lantern Players", "dora@theater.example", stdout=nowhere)

    def killed_at(table: str, read: int) -> None:
        if table == "announced":
            # All is written, the audit log too; only COMMIT is missing.
            action_done.connect(die, weak=False, dispatch_uid="killer")
        with reporting(lambda at, rows: die() if at == table and rows >= read else None):
            scene.take(Path(archive))

    def tell() -> None:
        entries = AuditEntry.objects.filter(action="archive.import").count()
        print(json.dumps({"imported": scene.imported(), "entries": entries}))

    assert in_a_process(prepare) == 0
    for table, read in MOMENTS:
        status = in_a_process(lambda: killed_at(table, read))  # it has ended before the next
        assert status == -signal.SIGKILL, (table, status)
        in_a_process(tell)
    assert in_a_process(lambda: scene.take(Path(archive)) and None) == 0
    in_a_process(tell)


if __name__ == "__main__":
    main(sys.argv[1])
