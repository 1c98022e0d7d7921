"""`manage.py import_productions FILE.csv`: productions from a spreadsheet."""

from __future__ import annotations

from typing import Any

from accounts.management.tables import Import, TableCommand
from accounts.permissions.selectors.sections import organization
from productions.rules.production_table import COLUMNS
from productions.services.production_table import import_productions


class Command(TableCommand):
    help = (
        "Make and change productions from a CSV file (UTF-8; comma, semicolon or tab), all rows or none. A row whose slug is "
        "known changes that production; any other makes one in the season that it names by slug. Several names in a cell are "
        "parted by semicolons. Every bad row and cell is listed. GET /api/v1/productions/export/ gives such a file. Columns: "
        + ", ".join(column.name for column in COLUMNS)
        + "."
    )
    name = "import_productions"
    added = "made"

    def wanted(self, options: dict[str, Any]) -> Import:
        return Import(import_productions, {"organization": organization()}, COLUMNS)
