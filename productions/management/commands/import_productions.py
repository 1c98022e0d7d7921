"""`manage.py import_productions FILE.csv`: import productions from a spreadsheet."""

from __future__ import annotations

from typing import Any

from accounts.management.tables import Import, TableCommand
from accounts.permissions.selectors.sections import organization
from productions.rules.production_table import COLUMNS
from productions.services.production_table import import_productions


class Command(TableCommand):
    help = (
        "Create and update productions from a CSV file (UTF-8; comma, semicolon or tab), all rows or none. A row with a known "
        "slug updates that production; others create one in the season given by slug. Separate several names in a cell by "
        "semicolons. All bad rows and cells are listed. GET /api/v1/productions/export/ returns such a file. Columns: "
        + ", ".join(column.name for column in COLUMNS)
        + "."
    )
    name = "import_productions"
    added = "made"

    def wanted(self, options: dict[str, Any]) -> Import:
        return Import(import_productions, {"organization": organization()}, COLUMNS)
