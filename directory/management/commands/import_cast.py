"""`manage.py import_cast FILE.csv --production ID`: import the cast and crew of a production, or its parts."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.management.tables import Import, TableCommand
from directory.rules import credits_table
from directory.services.credits_table import import_credits
from productions.models import Production
from productions.rules import parts_table
from productions.services.parts_table import import_parts


class Command(TableCommand):
    help = (
        "Import the credits of one production from a CSV file (UTF-8; comma, semicolon or tab), or with --parts its parts; all "
        "rows or none. Known credits are updated, others added; nothing is removed. All bad rows and cells are "
        "listed. GET /api/v1/credits/export/ and /api/v1/characters/export/ return such files. Columns of credits: "
        + ", ".join(column.name for column in credits_table.COLUMNS)
        + ". Of parts: "
        + ", ".join(column.name for column in parts_table.COLUMNS)
        + "."
    )
    name = "import_cast"
    added = "added"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--production", metavar="ID", type=int, required=True, help="id of the production")
        parser.add_argument(
            "--parts", action="store_true", help="the file lists the parts of the play, not the credits"
        )

    def wanted(self, options: dict[str, Any]) -> Import:
        play = Production.objects.filter(pk=options["production"]).first()
        if play is None:
            raise CommandError(
                f"Production {options['production']} does not exist. GET /api/v1/productions/ lists them."
            )
        if options["parts"]:
            return Import(import_parts, {"production": play}, parts_table.COLUMNS)
        return Import(import_credits, {"production": play}, credits_table.COLUMNS)
