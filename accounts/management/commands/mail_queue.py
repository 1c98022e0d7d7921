"""`manage.py mail_queue`: shows the waiting and the given-up mails with their errors, and sends them again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from io import StringIO
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from accounts.models import Notification
from accounts.notifications.selectors.notifications import mail_counts, mail_queue, mail_state
from accounts.notifications.services.notifications import retry_all_mail, retry_mail
from accounts.permissions.selectors.sections import organization
from theater_site.core.actors import System
from theater_site.core.errors import DomainError

_ACTOR = System("mail_queue")


class Command(BaseCommand):
    help = (
        "Show the mail that was given up, and why; with --waiting, what is still to be sent. Words and addresses stay in the "
        "database. --retry tries what was given up again: once the mail server is fixed, or the address is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--waiting", action="store_true", help="show unsent mail instead")
        parser.add_argument("--limit", type=int, default=50, help="how many to show at most, latest first (50)")
        parser.add_argument("--retry", metavar="ID|all", help="try this one, or all that was given up, again")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        retried = self._retry(options["retry"]) if options["retry"] else None
        shown = (
            mail_queue().filter(next_attempt_at__isnull=False)
            if options["waiting"]
            else mail_queue().filter(failed=True)
        )
        rows = [_told(mail) for mail in shown.order_by("-pk")[: max(0, options["limit"])]]
        counts = mail_counts()
        if options["json"]:
            told = {**counts, "mails": rows, **({} if retried is None else {"retried": retried})}
            self.stdout.write(json.dumps(told))
            return
        if retried is not None:
            self.stdout.write(f"{retried} tried again.")
        if rows:
            self._table(rows)
        self.stdout.write(
            f"{counts['waiting']} waiting, {counts['retrying']} of them for another try; {counts['failed']} given up."
        )

    def _retry(self, which: str) -> int:
        try:
            if which == "all":
                return int(retry_all_mail(actor=_ACTOR, organization=organization()).retried)
            mail = Notification.objects.filter(pk=which).first() if which.isdecimal() else None
            if mail is None:
                raise CommandError(f"There is no mail {which}. Give an id from the table, or `all`.")
            retry_mail(actor=_ACTOR, organization=organization(), message=mail)
            return 1
        except DomainError as error:
            raise CommandError(error.message) from error

    def _table(self, rows: list[dict[str, Any]]) -> None:
        table = Table(box=None)
        for name in rows[0]:
            table.add_column(name.replace("_", " "))
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        text = StringIO()
        Console(file=text, width=140).print(table)
        self.stdout.write(text.getvalue())


def _told(mail: Notification) -> dict[str, Any]:
    return {
        "id": mail.pk,
        "kind": mail.kind,
        "user": mail.recipient_id,
        "state": mail_state(mail),
        "since": mail.created_at.isoformat(timespec="seconds"),
        "attempts": mail.attempts,
        "next": mail.next_attempt_at.isoformat(timespec="seconds") if mail.next_attempt_at else None,
        "why": mail.last_error,
    }
