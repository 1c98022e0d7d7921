"""Guards: rules that the database enforces beyond Django's constraints, on SQLite and on PostgreSQL.

A model declares them beside its fields: `guards = [AppendOnly(name=..., message=...)]`. They are created after every
`migrate`, since SQLite silently drops triggers when it rebuilds a table. `missing()` lists those that the database lacks.
A write that breaks a guard raises IntegrityError with the text `guard:<name>`. The service runner turns it into a Conflict
with the guard's message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig, apps
from django.db import connection as default_connection
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One rule on one table. A write that breaks it becomes a Conflict with the code `name` and the text `message`."""

    name: str
    message: str

    def create_statements(self, model: type[models.Model], vendor: str) -> list[str]:
        """The SQL statements that create the guard, which must not exist yet."""
        raise NotImplementedError

    def drop_statements(self, model: type[models.Model], vendor: str) -> list[str]:
        """The SQL statements that drop the guard if it exists."""
        raise NotImplementedError

    def parts(self, vendor: str) -> set[str]:
        """The names of the triggers and constraints that make up the guard."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class _Trigger(Guard):
    """A guard made of one trigger per event."""

    def _events(self) -> list[str]:
        """The events: INSERT, UPDATE, DELETE, and on PostgreSQL TRUNCATE."""
        raise NotImplementedError

    def _condition(self, model: type[models.Model], vendor: str) -> str:
        """SQL over NEW and OLD that is true for a row to refuse."""
        return "TRUE" if vendor == "postgresql" else "1"

    def parts(self, vendor: str) -> set[str]:
        return {f"{self.name}_{event.lower()}" for event in self._events_on(vendor)}

    def _events_on(self, vendor: str) -> list[str]:
        return [event for event in self._events() if event != "TRUNCATE" or vendor == "postgresql"]

    def create_statements(self, model: type[models.Model], vendor: str) -> list[str]:
        table = model._meta.db_table
        if vendor == "sqlite":
            return [
                f'CREATE TRIGGER "{self.name}_{event.lower()}" BEFORE {event} ON "{table}" FOR EACH ROW '
                f"WHEN {self._condition(model, vendor)} "
                f"BEGIN SELECT RAISE(ABORT, 'guard:{self.name}'); END"
                for event in self._events_on(vendor)
            ]
        statements = []
        for event in self._events_on(vendor):
            part = f"{self.name}_{event.lower()}"
            condition = "TRUE" if event == "TRUNCATE" else self._condition(model, vendor)
            row = "OLD" if event == "DELETE" else "NEW"
            statements += [
                f'CREATE OR REPLACE FUNCTION "{part}"() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN '
                f"IF {condition} THEN RAISE EXCEPTION 'guard:{self.name}' "
                f"USING ERRCODE = 'integrity_constraint_violation'; END IF; "
                f"RETURN {'NULL' if event == 'TRUNCATE' else row}; END $guard$",
                f'CREATE TRIGGER "{part}" BEFORE {event} ON "{table}" '
                f'FOR EACH {"STATEMENT" if event == "TRUNCATE" else "ROW"} EXECUTE FUNCTION "{part}"()',
            ]
        return statements

    def drop_statements(self, model: type[models.Model], vendor: str) -> list[str]:
        if vendor == "sqlite":
            return [f'DROP TRIGGER IF EXISTS "{part}"' for part in self.parts(vendor)]
        return [f'DROP TRIGGER IF EXISTS "{part}" ON "{model._meta.db_table}"' for part in self.parts(vendor)]


@dataclass(frozen=True, kw_only=True)
class AppendOnly(_Trigger):
    """Refuse to update, delete or truncate rows. With `erasable`, deleting and truncating are allowed."""

    erasable: bool = False

    def _events(self) -> list[str]:
        return ["UPDATE"] if self.erasable else ["UPDATE", "DELETE", "TRUNCATE"]

    def parts(self, vendor: str) -> set[str]:
        return super().parts(vendor) | ({f"{self.name}_replace"} if vendor == "sqlite" else set())

    def create_statements(self, model: type[models.Model], vendor: str) -> list[str]:
        statements = super().create_statements(model, vendor)
        if vendor == "sqlite":
            # Without this trigger, INSERT OR REPLACE deletes a row: SQLite fires no DELETE trigger for it.
            table, key = model._meta.db_table, model._meta.pk.column
            statements.append(
                f'CREATE TRIGGER "{self.name}_replace" BEFORE INSERT ON "{table}" FOR EACH ROW '
                f'WHEN EXISTS (SELECT 1 FROM "{table}" WHERE "{key}" = NEW."{key}") '
                f"BEGIN SELECT RAISE(ABORT, 'guard:{self.name}'); END"
            )
        return statements


@dataclass(frozen=True, kw_only=True)
class Refuse(_Trigger):
    """Refuse rows for which `when` is true: SQL over NEW, and OLD on update, that both databases accept."""

    when: str
    events: Sequence[str] = ("INSERT", "UPDATE")

    def _events(self) -> list[str]:
        return list(self.events)

    def _condition(self, model: type[models.Model], vendor: str) -> str:
        return f"({self.when})"


@dataclass(frozen=True, kw_only=True)
class NoOverlap(Guard):
    """Refuse two rows with the same `resource` that overlap in time. Spans are half open: [start, end).

    PostgreSQL uses an exclusion constraint, SQLite triggers over an index on (resource, start). Rows are checked one by
    one: to move several at once, delete and insert them. `longest` is the longest span in days: SQLite searches that far
    back. Rows whose boolean column `only` is false are ignored.
    """

    resource: str
    start: str
    end: str
    longest: int = 366
    only: str = ""

    def parts(self, vendor: str) -> set[str]:
        return {self.name} if vendor == "postgresql" else {f"{self.name}_insert", f"{self.name}_update"}

    def create_statements(self, model: type[models.Model], vendor: str) -> list[str]:
        table = model._meta.db_table
        if vendor == "postgresql":
            return [
                "CREATE EXTENSION IF NOT EXISTS btree_gist",
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{self.name}" EXCLUDE USING gist '
                f'("{self.resource}" WITH =, tstzrange("{self.start}", "{self.end}", \'[)\') WITH &&)'
                + (f' WHERE ("{self.only}")' if self.only else ""),
            ]
        # Django stores aware datetimes as text in UTC, which sorts by time. datetime() returns the same format.
        overlaps = (
            f'EXISTS (SELECT 1 FROM "{table}" AS other WHERE other."{self.resource}" = NEW."{self.resource}" '
            f'AND other."{self.start}" < NEW."{self.end}" AND other."{self.end}" > NEW."{self.start}" '
            f'AND other."{self.start}" >= datetime(NEW."{self.start}", \'-{self.longest} days\') '
            f'AND other."id" <> NEW."id"' + (f' AND other."{self.only}"' if self.only else "") + ")"
        )
        condition = f'NEW."{self.only}" AND {overlaps}' if self.only else overlaps
        # AFTER, since NEW has no id before the insert.
        return [
            f'CREATE TRIGGER "{self.name}_{event.lower()}" AFTER {event} ON "{table}" FOR EACH ROW WHEN {condition} '
            f"BEGIN SELECT RAISE(ABORT, 'guard:{self.name}'); END"
            for event in ("INSERT", "UPDATE")
        ]

    def drop_statements(self, model: type[models.Model], vendor: str) -> list[str]:
        if vendor == "postgresql":
            return [f'ALTER TABLE "{model._meta.db_table}" DROP CONSTRAINT IF EXISTS "{self.name}"']
        return [f'DROP TRIGGER IF EXISTS "{part}"' for part in self.parts(vendor)]


def declared(app: str | None = None) -> Iterator[tuple[type[models.Model], Guard]]:
    """All declared guards with their models; with `app`, those of the app with this label."""
    for model in apps.get_models(include_auto_created=True):
        if app is None or model._meta.app_label == app:
            for guard in model.__dict__.get("guards", ()):
                yield model, guard


def named(name: str) -> tuple[type[models.Model], Guard] | None:
    """The guard with this name and its model; None if no model declares it."""
    return next(((model, guard) for model, guard in declared() if guard.name == name), None)


def missing(connection: BaseDatabaseWrapper = default_connection) -> list[str]:
    """The sorted names of the declared triggers and constraints that the database lacks."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' "
                "UNION SELECT conname FROM pg_constraint WHERE contype = 'x'"
            )
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        present = {name for (name,) in cursor.fetchall()}
    return sorted(part for _, guard in declared() for part in guard.parts(connection.vendor) if part not in present)


def create_all(connection: BaseDatabaseWrapper = default_connection, app: str | None = None) -> None:
    """Create all declared guards. Existing guards of the same names are replaced."""
    tables = set(connection.introspection.table_names())
    _run(
        connection,
        [
            statement
            for model, guard in declared(app)
            if model._meta.db_table in tables
            for statement in (
                *guard.drop_statements(model, connection.vendor),
                *guard.create_statements(model, connection.vendor),
            )
        ],
    )


@contextmanager
def dropped(connection: BaseDatabaseWrapper = default_connection) -> Iterator[None]:
    """Drop all guards inside the context. Only the tests use it, to flush the database."""
    _run(connection, [s for model, guard in declared() for s in guard.drop_statements(model, connection.vendor)])
    try:
        yield
    finally:
        create_all(connection)


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def create_after_migrate(sender: AppConfig, using: str, **_: Any) -> None:
    """Create the guards of the migrated app. Receives `post_migrate`."""
    from django.db import connections

    create_all(connections[using], app=sender.label)
