"""`manage.py export_personal_data EMAIL`: print everything stored about a person, from every app."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.permissions.selectors.sections import area, organization
from directory.services.personal_data import export_personal_data
from theater_site.core.actors import System
from theater_site.core.errors import DomainError
from theater_site.core.logs import bind_request_id


class Command(BaseCommand):
    help = (
        "Print everything stored about the person of an e-mail address: account, directory, roles, submissions, mail, "
        "orders, pictures, actions. The export is recorded in the audit log."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="an address of the person")
        parser.add_argument("--json", action="store_true", help="one JSON object on one line")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        with bind_request_id():
            try:
                data = export_personal_data(
                    actor=System("export_personal_data"),
                    organization=organization(),
                    directory=area("Directory"),
                    user=None,
                    person=None,
                    email=email,
                )
            except DomainError as error:
                raise CommandError(error.message) from error
        self.stdout.write(json.dumps(data.document(), ensure_ascii=False, indent=None if options["json"] else 2))
