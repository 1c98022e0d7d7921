"""A broken database constraint, told as the Conflict that it means."""

from __future__ import annotations

import re

from django.apps import apps
from django.db import IntegrityError, models

from theater_site.core import guards
from theater_site.core.errors import Conflict, DomainError, Invalid

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (?:index '(?P<index>[^']+)'|(?P<columns>.+))")
_SQLITE_CHECK = re.compile(r"CHECK constraint failed: (?P<name>\w+)")
_SQLITE_NULL = re.compile(r"NOT NULL constraint failed: (?P<table>\w+)\.(?P<column>\w+)")
_GUARD = re.compile(r"guard:(?P<name>\w+)")


def conflict_of(error: IntegrityError) -> DomainError:
    """The named Conflict of a broken unique, check or exclusion constraint or guard.

    `code` is the constraint's `violation_error_code`, else its name; the message its `violation_error_message`. A row that
    another still needs is `still_in_use`; one that it names and that is gone is `reference_gone`.
    """
    text = str(error)
    if guard := _GUARD.search(text):
        return _of_guard(guard["name"])
    cause = error.__cause__
    if (diagnostics := getattr(cause, "diag", None)) is not None:
        return _on_postgresql(str(getattr(cause, "sqlstate", "")), diagnostics)
    if match := _SQLITE_UNIQUE.search(text):
        return _of_constraint(match["index"]) if match["index"] else _of_columns(match["columns"])
    if match := _SQLITE_CHECK.search(text):
        return _of_constraint(match["name"])
    if match := _SQLITE_NULL.search(text):
        return Invalid("This is needed.", code="required", field=match["column"])
    return _foreign_key()


def _on_postgresql(state: str, diagnostics: object) -> DomainError:
    name = getattr(diagnostics, "constraint_name", None) or ""
    if state == "23502":
        return Invalid("This is needed.", code="required", field=getattr(diagnostics, "column_name", None))
    if state == "23503":
        return _foreign_key()
    if guards.named(name):
        return _of_guard(name)
    return _of_constraint(name)


def _foreign_key() -> Conflict:
    return Conflict(
        "Something that this names is gone, or something else still needs it. Load both again and repeat.",
        code="reference_broken",
    )


def _of_guard(name: str) -> Conflict:
    found = guards.named(name)
    return Conflict(found[1].message if found else "A rule of the database forbids this.", code=name)


def _of_constraint(name: str) -> Conflict:
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return _said_by(constraint)
        for field in model._meta.local_concrete_fields:
            # PostgreSQL's own name for a `unique=True` column.
            if field.unique and name in (f"{model._meta.db_table}_{field.column}_key", ""):
                return _taken(model, field.name)
    return Conflict("A rule of the database forbids this.", code=name or "constraint_broken")


def _of_columns(columns: str) -> Conflict:
    pairs = [column.strip().split(".") for column in columns.split(",")]
    table, names = pairs[0][0], [pair[-1] for pair in pairs]
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table != table:
            continue
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
                if [model._meta.get_field(name).column for name in constraint.fields] == names:
                    return _said_by(constraint)
        if len(names) == 1:
            return _taken(model, names[0])
    return Conflict("This exists already.", code="already_exists")


def _said_by(constraint: models.BaseConstraint) -> Conflict:
    fields = getattr(constraint, "fields", ())
    return Conflict(
        str(constraint.violation_error_message),
        code=constraint.violation_error_code or constraint.name,
        field=fields[-1] if len(fields) == 1 else None,
    )


def _taken(model: type[models.Model], column: str) -> Conflict:
    return Conflict(
        f"There is a {model._meta.verbose_name} with this {column} already. Choose another.", code=f"{column}_taken", field=column
    )
