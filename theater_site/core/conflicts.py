"""Turns an IntegrityError of the database into a domain error with the code of the broken constraint."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models

from theater_site.core import guards
from theater_site.core.errors import Conflict, DomainError, Invalid

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (?:index '(?P<index>[^']+)'|(?P<columns>.+))")
_SQLITE_CHECK = re.compile(r'CHECK constraint failed: "?(?P<name>\w+)')
_SQLITE_NULL = re.compile(r"NOT NULL constraint failed: (?P<table>\w+)\.(?P<column>\w+)")
_GUARD = re.compile(r"guard:(?P<name>\w+)")


def conflict_of(error: IntegrityError) -> DomainError:
    """The domain error for a broken constraint or guard.

    - A constraint: Conflict with its `violation_error_code`, else its name, and its `violation_error_message`.
    - A guard: Conflict with its name and message.
    - A unique column: Conflict `<column>_taken`. A missing value: Invalid `required`. A number out of range: Invalid
      `out_of_range`.
    - A row that is still referenced: Conflict `still_in_use` where Django noticed it, else `reference_broken`, since the
      database does not say which of the two rows is missing.
    """
    if isinstance(error, models.ProtectedError | models.RestrictedError):
        # The error's text is not used: it contains personal values.
        references: Any = getattr(error, "protected_objects", None) or getattr(error, "restricted_objects", ())
        kinds = sorted({str(row._meta.verbose_name_plural) for row in references})
        return Conflict(
            f"This is still in use by: {', '.join(kinds)}. Move or delete those first.",
            code="still_in_use",
            data={"held_by": kinds},
        )
    text = str(error)
    if guard := _GUARD.search(text):
        return _of_guard(guard["name"])
    cause = error.__cause__
    if (diagnostics := getattr(cause, "diag", None)) is not None:
        return _from_postgresql(str(getattr(cause, "sqlstate", "")), diagnostics)
    if match := _SQLITE_UNIQUE.search(text):
        return _of_constraint(match["index"]) if match["index"] else _of_unique_columns(match["columns"])
    if match := _SQLITE_CHECK.search(text):
        # The check of a single column has the column's name in SQLite.
        return _of_constraint(match["name"]) if _declared(match["name"]) else _out_of_range(match["name"])
    if match := _SQLITE_NULL.search(text):
        return _required(match["table"], match["column"])
    return _reference_broken()


def _from_postgresql(state: str, diagnostics: object) -> DomainError:
    name = getattr(diagnostics, "constraint_name", None) or ""
    table = getattr(diagnostics, "table_name", None) or ""
    if state == "23502":
        return _required(table, getattr(diagnostics, "column_name", None) or "")
    if state == "23503":
        return _reference_broken()
    if guards.named(name):
        return _of_guard(name)
    return _of_constraint(name, table)


def _reference_broken() -> Conflict:
    return Conflict(
        "This references a deleted object, or another object still references it. Load both again and retry.",
        code="reference_broken",
    )


def _of_guard(name: str) -> Conflict:
    found = guards.named(name)
    return Conflict(found[1].message if found else "A rule of the database forbids this.", code=name)


def _required(table: str, column: str) -> Invalid:
    names = (f.name for model in _models_of(table) for f in model._meta.local_concrete_fields if f.column == column)
    return Invalid("This field is required.", code="required", field=next(names, column))


def _out_of_range(column: str) -> Invalid:
    return Invalid("This number is out of range.", code="out_of_range", field=column)


def _models_of(table: str) -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table]


def _declared(name: str) -> models.BaseConstraint | None:
    constraints = (constraint for model in apps.get_models() for constraint in model._meta.constraints)
    return next((constraint for constraint in constraints if constraint.name == name), None)


def _of_constraint(name: str, table: str = "") -> DomainError:
    if constraint := _declared(name):
        return _violation(constraint)
    # The constraints of a single column have names made by PostgreSQL or Django.
    for model in _models_of(table):
        if name == f"{table}_pkey":
            return _taken(model, model._meta.pk.name)
        for field in model._meta.local_concrete_fields:
            if field.unique and re.fullmatch(rf"{re.escape(f'{table}_{field.column}')}_(key|[0-9a-f]{{8}}_uniq)", name):
                return _taken(model, field.name)
            if re.fullmatch(rf"{re.escape(f'{table}_{field.column}')}_check\d*", name):
                return _out_of_range(field.name)
    return Conflict("A rule of the database forbids this.", code=name or "constraint_broken")


def _of_unique_columns(columns: str) -> Conflict:
    pairs = [column.strip().split(".") for column in columns.split(",")]
    table, names = pairs[0][0], [pair[-1] for pair in pairs]
    for model in _models_of(table):
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
                if [_column(model, name) for name in constraint.fields] == names:
                    return _violation(constraint)
        if len(names) == 1:
            return _taken(model, _field_of(model, names[0]))
    return Conflict("This already exists.", code="already_exists")


def _column(model: type[models.Model], name: str) -> str:
    return str(model._meta.get_field(name).column)  # type: ignore[union-attr]


def _field_of(model: type[models.Model], column: str) -> str:
    """The name of the field with this column: a foreign key's column ends in "_id"."""
    return next((field.name for field in model._meta.local_concrete_fields if field.column == column), column)


def _violation(constraint: models.BaseConstraint) -> Conflict:
    fields: tuple[str, ...] = getattr(constraint, "fields", ())
    return Conflict(
        str(constraint.violation_error_message),
        code=constraint.violation_error_code or constraint.name,
        field=fields[-1] if len(fields) == 1 else None,
    )


def _taken(model: type[models.Model], field: str) -> Conflict:
    return Conflict(
        f"Another {model._meta.verbose_name} has this {field}. Choose a different one.",
        code=f"{field}_taken",
        field=field,
    )
