"""Imports productions from a table: creates new ones and updates known ones, every row or none."""

from __future__ import annotations

from typing import Annotated, Any, cast

from accounts.models import Section
from productions.models import Production, Season
from productions.rules.slugs import slug_of
from productions.services.productions import (
    NewProductionFields,
    ProductionFields,
    create_production,
    update_production,
)
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid
from theater_site.core.table_import import RowByRow, TableOutcome
from theater_site.core.text import fold


class TableRow(NewProductionFields, total=False):
    """A row as rules/production_table.py reads it: its line, and its season by slug. Missing columns are absent and leave a
    known production unchanged."""

    line: Annotated[int, Doc("The line of the table, for error messages. Example: 2")]
    season: Annotated[str, Doc("Slug of the season; a row of a new production needs it. Example: 2026-27")]


@action("production.import_table", needs=Needs("edit_details", on="organization"))
def import_productions(
    *,
    organization: Section,
    rows: Annotated[
        list[TableRow],
        Doc("The rows of the table; a missing column is absent in every row.", of="productions.production"),
    ],
) -> TableOutcome:
    """Import a table of productions: every row or none. A row whose `slug` is known updates that production, any other
    creates one.

    Raises: `table_refused`; `rules_broken` if only judges object, or `waiver_required` if all findings can be waived. Every
    bad cell is in `data["faults"]` by line, column, reason and fix: a missing or unknown season, a known production with
    another season or status, two rows with one slug, and the errors of `production.create` and
    `production.update`. Also `ends_before_start`, `unknown_column`.
    """
    work = _Import(rows)
    for row in rows:
        work.take(row)
    return work.rows.done()


class _Import:
    def __init__(
        self,
        rows: Annotated[
            list[TableRow],
            Doc(
                "The rows of the table; a missing column is absent in every row.",
                of="productions.production",
            ),
        ],
    ) -> None:
        self.rows = RowByRow()
        self.seasons = {season.slug: season for season in Season.objects.select_related("section")}
        slugs = [row.get("slug") or _slug(row) for row in rows]
        known = Production.objects.filter(slug__in=slugs).select_related("season", "section")
        self.known = {production.slug: production for production in known}

    def take(self, row: TableRow) -> None:
        line = row.get("line", 0)
        with self.rows.taking(line):
            self.rows.once(row.get("slug") or _slug(row), line, field="slug")
            if (known := self.known.get(row.get("slug") or "")) is not None:
                self._change(known, row)
            else:
                self._make(row)

    def _make(self, row: TableRow) -> None:
        if not row.get("slug") and (there := _slug(row)) in self.known:
            raise Invalid(
                f"The production {there} already exists. Write its slug to update it, or another slug to create one.",
                code="slug_taken",
                field="slug",
            )
        season = self.seasons.get(row.get("season", ""))
        if season is None:
            raise Invalid(
                "This season does not exist. Write the slug of a season.", code="unknown_season", field="season"
            )
        fields = {**_fields(row), **({"status": row["status"]} if row.get("status") else {})}
        create_production.as_consequence(season=season, fields=cast(NewProductionFields, fields))
        self.rows.outcome.new += 1

    def _change(self, production: Production, row: TableRow) -> None:
        if row.get("season") not in (None, "", production.season.slug):
            raise Invalid(
                f"It is in the season {production.season.slug}. Move it there first.",
                code="other_season",
                field="season",
            )
        if row.get("status") not in (None, "", production.status):
            raise Invalid(
                f"It is {production.status}. Leave the cell empty, and change the status step by step.",
                code="status_by_steps",
                field="status",
            )
        if changes := self.rows.changes(production, _fields(row)):
            update_production.as_consequence(production=production, changes=cast(ProductionFields, changes))


def _slug(row: TableRow) -> str:
    """Return the slug that a row without one gets, if it is free."""
    return slug_of(fold(row.get("title", "")), taken=lambda slug: False, otherwise="production")


def _fields(row: TableRow) -> dict[str, Any]:
    fields: dict[str, Any] = {name: value for name, value in row.items() if name not in ("line", "season", "status")}
    if not fields.get("slug"):
        fields.pop("slug", None)
    return fields
