"""Imports the cast and crew of a production from a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypedDict, cast

from directory.models import Alias, Credit, Person, PersonMerge
from directory.services.credits import CreditFields, add_credit, update_credit
from productions.models import Character, Job, Production
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid
from theater_site.core.table_import import RowByRow, TableOutcome


class CreditRow(TypedDict, total=False):
    """A row as rules/credits_table.py reads it, with its line; people, characters and jobs by name."""

    line: Annotated[int, Doc("The line of the table, for error messages. Example: 2")]
    person_id: Annotated[int | None, Doc("Id of the person; null uses the name. Example: 12")]
    person: Annotated[
        str, Doc("The person's name, as the directory or one of their aliases has it. Example: Anna Bell")
    ]
    kind: str
    role: str
    note: str
    character: Annotated[str, Doc("The part's name, as the play has it; for the cast. Example: Nina")]
    holding: str
    team: str
    department: Annotated[str, Doc("The department's name; for the crew. Example: Lighting")]
    job: Annotated[str, Doc("The job's name; for the crew. Example: Lighting designer")]
    credited_as: str
    block: str
    block_order: int
    billing_order: int
    starts_on: str
    ends_on: str


# A row matches an existing credit by these columns.
_KEY = ("kind", "role", "note", "starts_on", "holding")


@action("credit.import_table", needs=Needs("edit_cast", on="production"), subject="production")
def import_credits(
    *,
    production: Production,
    rows: Annotated[
        list[CreditRow],
        Doc("The rows of the table; a missing column is absent in every row.", of="directory.credit"),
    ],
) -> TableOutcome:
    """Import a table of credits: every row or none. A row that matches a credit by person, kind, role, note, holding and
    first day updates it; other rows add a credit. Credits that the table does not name stay.

    Only the columns of the table count for the match; without a role column it matches by character or job.

    Raises: `table_refused`, with an error for each bad cell: `unknown_person` if the actor sees nobody of that name in the
    directory, `ambiguous_person` if they see several; `ambiguous_credit` if missing columns make several credits match; an
    unknown character or job; a duplicate credit; and the errors of `credit.add`. Warnings are reported, and waived for
    all rows at once.
    """
    work, names = RowByRow(), _Names(production, rows)
    known: dict[int, list[Credit]] = {}
    standing = Credit.objects.filter(production=production).select_related("production", "character", "job")
    for credit in standing.order_by("pk"):
        known.setdefault(credit.person_id, []).append(credit)
    for row in rows:
        line = row.get("line", 0)
        with work.taking(line):
            person, fields = names.person(row), names.fields(row)
            key = _key(fields)
            work.once((person.pk, *key.items()), line, field="person")
            if (found := _meant(key, known.get(person.pk, ()))) is None:
                add_credit.as_consequence(production=production, person=person, fields=cast(CreditFields, fields))
                work.outcome.new += 1
            elif changes := work.changes(found, fields):
                update_credit.as_consequence(credit=found, changes=cast(CreditFields, changes))
    return work.done()


def _key(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the row's values of the columns that match a credit."""
    names = _KEY if "role" in fields else (*_KEY, "character", "job")
    return {name: fields[name] for name in names if name in fields}


def _meant(key: dict[str, Any], credits: Iterable[Credit]) -> Credit | None:
    """Return the one of a person's credits that the row matches, or None."""
    meant = [credit for credit in credits if all(getattr(credit, name) == value for name, value in key.items())]
    if len(meant) > 1:
        absent = ", ".join(name for name in _KEY if name not in key)
        raise Invalid(
            f"They have {len(meant)} credits that match this row: {', '.join(str(credit.pk) for credit in meant)}. Add the "
            f"columns that distinguish them, of {absent}.",
            code="ambiguous_credit",
            field="person",
        )
    return meant[0] if meant else None


class _Names:
    """The people, characters and jobs of the table, looked up once for all rows."""

    def __init__(
        self,
        production: Production,
        rows: Annotated[
            list[CreditRow],
            Doc("The rows of the table; a missing column is absent in every row.", of="directory.credit"),
        ],
    ) -> None:
        self.production = production
        names = {row.get("person", "") for row in rows}
        ids = {row["person_id"] for row in rows if row.get("person_id")}
        seen = Person.objects.visible_to(current().actor)
        self.by_id = seen.in_bulk(ids)
        # A table that was exported before a merge has the old id.
        merges = PersonMerge.objects.filter(old_id__in=[pk for pk in ids if pk], survivor__in=seen).select_related(
            "survivor"
        )
        self.by_id |= {merge.old_id: merge.survivor for merge in merges}
        self.by_name: dict[str, dict[int, Person]] = {}
        for person in seen.filter(name__in=names):
            self.by_name.setdefault(person.name, {})[person.pk] = person
        for alias in Alias.objects.filter(name__in=names, internal=False, person__in=seen).select_related("person"):
            self.by_name.setdefault(alias.name, {})[alias.person_id] = alias.person
        self.characters = {
            row.name: row for row in Character.objects.filter(production=production).select_related("production")
        }
        self.jobs = {(row.department.name, row.name): row for row in Job.objects.select_related("department")}

    def person(self, row: CreditRow) -> Person:
        named = row.get("person", "")
        if (pk := row.get("person_id")) is not None:
            found = self.by_id.get(pk)
            if found is None or (found.pk not in self.by_name.get(named, {})):
                raise Invalid(
                    f"Person {pk} is not called {named[:60]!r}. Correct the id or the name.",
                    code="other_person",
                    field="person_id",
                )
            return found
        people = list(self.by_name.get(named, {}).values())
        if not people:
            raise Invalid(
                f"Nobody in the directory is called {named[:60]!r}. Correct the name, or create the person first.",
                code="unknown_person",
                field="person",
            )
        if len(people) > 1:
            listed = ", ".join(str(person.pk) for person in people)
            raise Invalid(
                f"{len(people)} people are called {named[:60]!r}. Write one of {listed} as person_id.",
                code="ambiguous_person",
                field="person",
            )
        return people[0]

    def fields(self, row: CreditRow) -> dict[str, Any]:
        """Return the credit's fields. With a role column, the role is set as it will be printed, since the match uses it."""
        given: dict[str, Any] = {
            name: " ".join(value.split()) if isinstance(value, str) else value
            for name, value in row.items()
            if name not in ("line", "person_id", "person", "department")
        }
        if "character" in given:
            given["character"] = self._character(given["character"])
        if "job" in given:
            given["job"] = self._job(row.get("department", ""), given["job"])
        if given.get("role") == "":
            named = given.get("character") or given.get("job")
            given["role"] = named.name if named is not None else ""
        return given

    def _character(self, name: str) -> Character | None:
        if name and name not in self.characters:
            raise Invalid(
                f"{name[:60]!r} is not in this play. Add the character to the production first.",
                code="character_not_in_play",
                field="character",
            )
        return self.characters.get(name)

    def _job(self, department: str, name: str) -> Job | None:
        if name and (department, name) not in self.jobs:
            raise Invalid(
                f"The department {department[:60]!r} has no job {name[:60]!r}. Leave the cell empty, or add it there first.",
                code="unknown_job",
                field="job",
            )
        return self.jobs.get((department, name))
