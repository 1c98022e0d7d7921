"""Imports the parts of a play from a table."""

from __future__ import annotations

from typing import Annotated, Any, cast

from productions.models import Character, Production
from productions.services.scenes import CharacterFields, create_character, update_character
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.table_import import RowByRow, TableOutcome


class PartRow(CharacterFields, total=False):
    """A row as rules/parts_table.py reads it, with its line."""

    line: Annotated[int, Doc("The line of the table, for error messages. Example: 2")]


@action("character.import_table", needs=Needs("edit_cast", on="production"), subject="production")
def import_parts(
    *,
    production: Production,
    rows: Annotated[
        list[PartRow],
        Doc("The rows of the table; a missing column is absent in every row.", of="productions.character"),
    ],
) -> TableOutcome:
    """Import every row, or none: a row with a known name updates that part, others create a part. Parts that the table does
    not name stay. Raises: `table_refused` with each bad cell, for duplicate names and the errors of `character.create`.
    """
    work = RowByRow()
    characters = Character.objects.filter(production=production).select_related("production")
    known = {character.name: character for character in characters}
    for row in rows:
        fields: dict[str, Any] = {name: value for name, value in row.items() if name != "line"}
        with work.taking(row.get("line", 0)):
            name = fields["name"] = " ".join(row["name"].split())
            work.once(name, row.get("line", 0), field="name")
            if (character := known.get(name)) is None:
                create_character.as_consequence(production=production, fields=cast(CharacterFields, fields))
                work.outcome.new += 1
            elif changes := work.changes(character, fields):
                update_character.as_consequence(character=character, changes=cast(CharacterFields, changes))
    return work.done()
