"""`manage.py found ORGANIZATION EMAIL`: creates an empty system with its first director."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import connection, transaction

from accounts.models import User
from accounts.permissions.services.founding import found_organization
from accounts.users.services.login_tokens import issue_session_token
from accounts.users.services.profiles import checked_name
from theater_site.core.actors import System
from theater_site.core.errors import DomainError
from theater_site.core.logs import bind_request_id


class Command(BaseCommand):
    help = (
        "Found the organization: its root section, the preset roles, and the first director. Prints a session token, "
        "with which the director can call the API at once, and mails a link that sets a password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", metavar="ORGANIZATION", help="what the theater is called")
        parser.add_argument("email", metavar="EMAIL", help="the director's e-mail address")
        parser.add_argument("--name", default="", help="the director's name")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, organization: str, email: str, name: str, **options: Any) -> None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email!r} is not an e-mail address. Give one that the director reads.") from error
        if User._meta.db_table not in connection.introspection.table_names():
            raise CommandError("The database is empty. Run `manage.py migrate` first.")
        with bind_request_id(), transaction.atomic():
            try:
                director = User.objects.filter(email=email).first() or User.objects.create_user(
                    email, name=checked_name(name)
                )
                section = found_organization(actor=System("found"), name=organization, director=director)
                token = issue_session_token(director, note="founding")
            except DomainError as error:
                raise CommandError(error.message) from error
        if options["json"]:
            told = {"organization": section.pk, "director": director.pk, "session_token": token}
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(f"{organization} is founded. Its director is {director.email}.")
        if not director.has_usable_password():
            self.stdout.write(f"`manage.py work` mails {director.email} a link that sets a password and signs in.")
        self.stdout.write(f"Session token (send as X-Session-Token): {token}")
