"""Re-encrypts every encrypted value with the first of `settings.FIELD_KEYS`.

The encrypted fields of all models are found automatically. Other columns that contain tokens are registered in
theater_site/wiring.py. A rotation stores no progress: it tries the first key on each value. So an interrupted rotation can
be repeated, and one that re-encrypts nothing proves that the other keys can be removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction

from theater_site.core.encryption import EncryptedTextField, Undecryptable, rotated

Swap = Callable[[str], str]
BATCH = 500
# How many keys of unreadable rows are listed. The count includes all of them.
_NAMED = 20


@dataclass(frozen=True)
class Place:
    """Columns of one table that contain tokens.

    `rewrite` takes the raw text of a column and a function that re-encrypts one token; without it, the whole text is a token.
    `replaced`: the table forbids updates, so a row is deleted and inserted with its other columns unchanged.
    """

    model: type[models.Model]
    columns: tuple[str, ...]
    rewrite: Callable[[str, Swap], str] | None = None
    replaced: bool = False

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        return str(self.model._meta.pk.column)


@dataclass
class Count:
    """The result of a rotation in one table, in numbers of rows. Unreadable rows are left unchanged."""

    table: str
    rows: int = 0
    rotated: int = 0
    current: int = 0
    unreadable: int = 0
    # Changed by another process during the rotation. The next rotation checks them.
    passed_over: int = 0
    unreadable_keys: list[str] = field(default_factory=list)


_named: dict[str, Place] = {}


def register(
    model: str, column: str, *, rewrite: Callable[[str, Swap], str] | None = None, replaced: bool = False
) -> None:
    """Register a column that contains tokens but is not an encrypted field. `model` is a label: "core.idempotentanswer"."""
    registered = apps.get_model(model)
    _named[f"{registered._meta.label_lower}.{column}"] = Place(registered, (column,), rewrite, replaced)


def places() -> list[Place]:
    """All places with encrypted values, sorted by table."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or not model._meta.managed:
            continue
        columns = tuple(str(f.column) for f in model._meta.local_concrete_fields if isinstance(f, EncryptedTextField))
        if columns:
            found.append(Place(model, columns))
    return sorted([*found, *_named.values()], key=lambda place: (place.table, place.columns))


def rows_in(place: Place) -> int:
    """The number of rows of the table."""
    return place.model._base_manager.count()


def rotate(place: Place, *, preview: bool = False, progress: Callable[[int], None] = lambda rows: None) -> Count:
    """Re-encrypt the tokens of `place` with the first key, in batches of one transaction each.

    A row that changed since it was read is not written, so that no other change is lost. A row with a value that no key
    decrypts is counted, listed and left unchanged. With `preview`, nothing is written. `progress` gets the number of rows
    of each batch.
    """
    count = Count(place.table)
    first = Fernet(settings.FIELD_KEYS[0])
    for batch in _batches(place):
        changes = []
        for key, *values in batch:
            try:
                fresh = [_rewritten(place, value, first) for value in values]
            except Undecryptable:
                count.unreadable += 1
                if len(count.unreadable_keys) < _NAMED:
                    count.unreadable_keys.append(str(key))
                continue
            if fresh == values:
                count.current += 1
            else:
                changes.append((key, values, fresh))
        if preview:
            count.rotated += len(changes)
        else:
            written = _write(place, changes)
            count.rotated += written
            count.passed_over += len(changes) - written
        count.rows += len(batch)
        progress(len(batch))
    return count


def _batches(place: Place) -> Iterator[list[Sequence[Any]]]:
    """The rows in the order of their keys, each as its key and the place's columns."""
    names = ", ".join(f'"{name}"' for name in (place.key, *place.columns))
    last: Any = None
    while True:
        where = "" if last is None else f'WHERE "{place.key}" > %s '
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT {names} FROM "{place.table}" {where}ORDER BY "{place.key}" LIMIT {BATCH}',  # noqa: S608
                [] if last is None else [last],
            )
            batch = list(cursor.fetchall())
        if not batch:
            return
        yield batch
        last = batch[-1][0]


def _rewritten(place: Place, value: str | None, first: Fernet) -> str | None:
    """The text of a column with all its tokens encrypted by the first key. Raises Undecryptable."""
    if not value:
        return value

    def swap(token: str) -> str:
        try:
            first.decrypt(token.encode())
            return token
        except (InvalidToken, UnicodeEncodeError):
            return rotated(token)

    return swap(value) if place.rewrite is None else place.rewrite(value, swap)


def _write(place: Place, changes: list[tuple[Any, list[Any], list[Any]]]) -> int:
    """Write the changes, each a key with the old and the new values. Returns how many rows still had the old values."""
    written = 0
    if not changes:
        return written
    # Compared as text: a JSON column of PostgreSQL has no equality operator.
    unchanged = " AND ".join(f'CAST("{name}" AS text) = %s' for name in place.columns)
    nullable = " AND ".join(f'(CAST("{name}" AS text) = %s OR (%s AND "{name}" IS NULL))' for name in place.columns)
    with transaction.atomic(), connection.cursor() as cursor:
        for key, seen, fresh in changes:
            known = [item for value in seen for item in (value, value is None)] if None in seen else list(seen)
            same = nullable if None in seen else unchanged
            if place.replaced:
                written += _replace(cursor, place, key, same, known, fresh)
                continue
            sets = ", ".join(f'"{name}" = %s' for name in place.columns)
            cursor.execute(
                f'UPDATE "{place.table}" SET {sets} WHERE "{place.key}" = %s AND {same}',  # noqa: S608
                [*fresh, key, *known],
            )
            written += cursor.rowcount
    return written


def _replace(cursor: Any, place: Place, key: Any, same: str, known: list[Any], fresh: list[Any]) -> int:
    """Delete the row and insert it with the new values. Returns 1, or 0 if it no longer had the old values."""
    others = [f.column for f in place.model._meta.local_concrete_fields if f.column not in place.columns]
    names = ", ".join(f'"{name}"' for name in others)
    where = f'"{place.key}" = %s AND {same}'
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    cursor.execute(f'SELECT {names} FROM "{place.table}" WHERE {where}{lock}', [key, *known])  # noqa: S608
    row = cursor.fetchone()
    if row is None:
        return 0
    cursor.execute(f'DELETE FROM "{place.table}" WHERE "{place.key}" = %s', [key])  # noqa: S608
    columns = ", ".join(f'"{name}"' for name in (*others, *place.columns))
    marks = ", ".join(["%s"] * (len(others) + len(place.columns)))
    cursor.execute(f'INSERT INTO "{place.table}" ({columns}) VALUES ({marks})', [*row, *fresh])  # noqa: S608
    return 1
