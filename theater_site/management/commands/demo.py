"""`manage.py demo`: build a season of a theater on the embedded database, then serve the API."""

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
        "Build one season of a community theater by calling the services as its people would, print who can sign in and what "
        "to try, and serve the API. Run again, it serves the existing season, with new tokens."
    )
    # The database may not exist yet.
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="the port to serve on; 0 picks a free one")
        parser.add_argument("--no-serve", action="store_true", help="build and print, but do not serve")
        parser.add_argument("--fresh", action="store_true", help="delete the demo's database and build it again")
        parser.add_argument("--json", action="store_true", help="print users, tokens and counts as one JSON object")

    def handle(self, *args: Any, port: int, no_serve: bool, fresh: bool, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo prints session tokens, so it does not run in production mode.")
        if not 0 <= port <= 65535:
            raise CommandError("--port takes a number from 1 to 65535, or 0 for a free port.")
        if not no_serve:
            port = _free_port(port)
        if fresh:
            self._delete_database()
        call_command("migrate", verbosity=0, interactive=False)
        self._refuse_foreign_database()
        if Section.objects.exists() and not season.is_complete():
            # An earlier run was interrupted.
            self._delete_database()
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
            # The server's processes must not share the connection of this process.
            connection.close()
            Server(f"127.0.0.1:{port}").run()

    def _delete_database(self) -> None:
        if connection.vendor != "sqlite":
            raise CommandError(
                "The demo deletes SQLite databases only. Drop and create the PostgreSQL database, then run the demo again."
            )
        path = Path(connection.settings_dict["NAME"])
        if path.exists():
            self._refuse_foreign_database()
            for key in self._stored_files():
                default_storage.delete(key)
            connection.close()
            for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                file.unlink(missing_ok=True)

    def _stored_files(self) -> list[str]:
        """The names of the files that the demo uploaded. Without the database, nothing would refer to them."""
        if StagedFile._meta.db_table not in connection.introspection.table_names():
            return []
        return [
            name
            for key in StagedFile.objects.values_list("key", flat=True)
            for name in (key, *(rendition_key(key, width) for width in WIDTHS))
        ]

    def _refuse_foreign_database(self) -> None:
        """Raise CommandError if the database belongs to a real theater: the demo must not delete it or add to it."""
        if Section._meta.db_table not in connection.introspection.table_names():
            return
        root = Section.objects.filter(parent=None).first()
        # The director is checked too: a real theater may have the same name as the demo's.
        has_demo_director = User.objects.filter(email=company.STAFF["director"][0]).exists()
        if root is not None and (root.name != company.ORGANIZATION or not has_demo_director):
            raise CommandError(
                f"This database belongs to {root.name!r}. Set VAR_DIR or DATABASE_URL to a database for the demo."
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

            def advance(step: str) -> None:
                bar.update(task, description=step, advance=1)

            season.build(advance)

    def _print(self, base: str, tokens: dict[str, str], counts: dict[str, int], *, serving: bool) -> None:
        out = Console(file=cast(Any, self.stdout)._out, width=110, highlight=False)
        summary = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        out.print(f"{company.ORGANIZATION}: {summary}.\n")
        table = Table("role", "e-mail", "X-Session-Token", title="Users who can sign in")
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
            self.stdout.write(line)  # without rich, which would wrap the line
        if serving:
            out.print(f"\nServing on {base}. Press Ctrl-C to stop. `manage.py work` sends the pending mail.")


def _free_port(port: int) -> int:
    """`port`, or a free one for 0. Raises CommandError if `port` is taken.

    Checked before anything is built. Otherwise the printed commands would call another program.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken by another program. Stop that program or choose another port; `--port 0` picks a free one."
            ) from error
        free_port: int = probe.getsockname()[1]
    return free_port
