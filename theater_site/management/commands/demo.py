"""`manage.py demo`: a whole season on the embedded database, then the API served."""

from __future__ import annotations

import json
import socket
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from accounts.models import Section, Submission, User
from accounts.users.services.login_tokens import issue_session_token
from media_library.models import StagedFile
from media_library.selectors.renditions import WIDTHS, rendition_key
from productions.models import Production
from scheduling.models import Occurrence
from theater_site.core.logs import bind_request_id
from theater_site.demo import company, season
from theater_site.server import Server
from ticketing.models import Ticket

STEPS = 8 + len(company.PLAYS)


class Command(BaseCommand):
    help = (
        "Build one season of a community theater by calling the services as its people would, print who can log in and what "
        "to try, and serve the API. Safe to run again: what was built is kept and served, with new tokens."
    )
    # The database may not be there yet.
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="0 picks a free one")
        parser.add_argument("--no-serve", action="store_true", help="build and print, and end")
        parser.add_argument("--fresh", action="store_true", help="forget the demo's database and build it again")
        parser.add_argument("--json", action="store_true", help="print users, tokens and counts as one JSON object")

    def handle(self, *args: Any, port: int, no_serve: bool, fresh: bool, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo makes users whose tokens it prints; it does not run in production mode.")
        if not 0 <= port <= 65535:
            raise CommandError("--port takes a number from 1 to 65535, or 0 for any free one.")
        if not no_serve:
            port = _free_port(port)
        if fresh:
            self._forget()
        call_command("migrate", verbosity=0, interactive=False)
        self._refuse_foreign_database()
        if Section.objects.exists() and not season.is_complete():
            # Somebody ended an earlier run half-way.
            self._forget()
            call_command("migrate", verbosity=0, interactive=False)
        with bind_request_id():
            if not Section.objects.exists():
                self._build(quiet=options["json"])
            tokens = {role: issue_session_token(user, note="demo") for role, user in season.users_of_the_demo().items()}
        counts = {
            "productions": Production.objects.count(),
            "events": Occurrence.objects.count(),
            "tickets": Ticket.objects.count(),
            "waiting_for_approval": Submission.objects.filter(state="submitted").count(),
        }
        base = f"http://127.0.0.1:{port}"
        if options["json"]:
            self.stdout.write(json.dumps({"url": base, "tokens": tokens, "counts": counts}))
        else:
            self._print(base, tokens, counts, serving=not no_serve)
        if not no_serve:
            # The workers must not share this process's connection.
            connection.close()
            Server(f"127.0.0.1:{port}").run()

    def _forget(self) -> None:
        if connection.vendor != "sqlite":
            raise CommandError(
                "The demo forgets the embedded SQLite only. Drop and create the PostgreSQL database yourself, then run again."
            )
        path = Path(connection.settings_dict["NAME"])
        if path.exists():
            self._refuse_foreign_database()
            for key in self._stored():
                default_storage.delete(key)
            connection.close()
            for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                file.unlink(missing_ok=True)

    def _stored(self) -> list[str]:
        """What the demo uploaded: without its rows nothing would find it again."""
        if StagedFile._meta.db_table not in connection.introspection.table_names():
            return []
        return [
            name
            for key in StagedFile.objects.values_list("key", flat=True)
            for name in (key, *(rendition_key(key, width) for width in WIDTHS))
        ]

    def _refuse_foreign_database(self) -> None:
        """Nobody loses a real theater's data to the demo, nor finds the demo's people in it."""
        if Section._meta.db_table not in connection.introspection.table_names():
            return
        root = Section.objects.filter(parent=None).first()
        # By its director too: a real theater may bear the name that the demo's has.
        ours = User.objects.filter(email=company.STAFF["director"][0]).exists()
        if root is not None and (root.name != company.ORGANIZATION or not ours):
            raise CommandError(
                f"This database holds {root.name!r}. Give the demo one of its own: set VAR_DIR or DATABASE_URL elsewhere."
            )

    def _build(self, *, quiet: bool) -> None:
        columns = (
            TextColumn("{task.description:32}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
            task = bar.add_task("", total=STEPS)

            def tell(step: str) -> None:
                bar.update(task, description=step, advance=1)

            season.build(tell)

    def _print(self, base: str, tokens: dict[str, str], counts: dict[str, int], *, serving: bool) -> None:
        out = Console(file=cast(Any, self.stdout)._out, width=110, highlight=False)
        told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        out.print(f"{company.ORGANIZATION}: {told}.\n")
        table = Table("who", "e-mail", "X-Session-Token", title="Who can sign in")
        users = season.users_of_the_demo()
        for role, token in tokens.items():
            table.add_row(role.replace("_", " "), users[role].email, token)
        out.print(table)
        out.print("\nTo try, in another terminal:\n")
        director, marketing = tokens["director"], tokens["marketing_coordinator"]
        first = Production.objects.order_by("pk").first()
        for line in (
            f"curl {base}/api/v1/productions/",
            f"curl '{base}/api/v1/performances/?page_size=3'",
            f"curl -H 'X-Session-Token: {director}' {base}/api/v1/me/",
            f"curl -H 'X-Session-Token: {director}' '{base}/api/v1/submissions/?state=submitted'",
            f"curl -H 'X-Session-Token: {director}' '{base}/api/v1/audit/?page_size=3'",
            f"curl -X PATCH -H 'X-Session-Token: {marketing}' -H 'Content-Type: application/json' -H 'If-Match: *' "
            f'-d \'{{"subtitle": "A comedy of errors of the heart"}}\' '
            f"{base}/api/v1/productions/{first.pk if first else 1}/",
            f"curl -H 'X-Session-Token: {director}' {base}/api/v1/conflicts/",
            f"curl {base}/api/v1/calendars/public.ics",
            f"curl {base}/api/v1/schema/",
        ):
            self.stdout.write(line)  # not wrapped: it is to be pasted
        if serving:
            out.print(f"\nServing on {base}; Ctrl-C ends it. `manage.py work` delivers the mail that waits.")


def _free_port(port: int) -> int:
    """`port`, or any free one for 0. Asked before anything is built: else the tokens that are printed lead to another server."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken by another program. Stop that one, or choose another port: `--port 0` picks a free one."
            ) from error
        free: int = probe.getsockname()[1]
    return free
