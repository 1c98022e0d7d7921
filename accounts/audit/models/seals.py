"""The seal of the audit log: a hash chain over its entries, and signed checkpoints of its head."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from django.db import connection, models

from accounts.audit.models.entries import AuditEntry
from theater_site.core.guards import AppendOnly, Guard


@dataclass(frozen=True, kw_only=True)
class _Enqueues(Guard):
    """A trigger that adds the id of each new AuditEntry to the table that declares this, in the same transaction."""

    def parts(self, vendor: str) -> set[str]:
        return {self.name}

    def create_statements(self, model: type[models.Model], vendor: str) -> list[str]:
        insert = f'INSERT INTO "{model._meta.db_table}" ("entry_id") VALUES (NEW."id")'
        on = f'CREATE TRIGGER "{self.name}" AFTER INSERT ON "{AuditEntry._meta.db_table}" FOR EACH ROW'
        if vendor == "sqlite":
            return [f"{on} BEGIN {insert}; END"]
        return [
            f'CREATE OR REPLACE FUNCTION "{self.name}"() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN '
            f"{insert}; RETURN NULL; END $guard$",
            f'{on} EXECUTE FUNCTION "{self.name}"()',
        ]

    def drop_statements(self, model: type[models.Model], vendor: str) -> list[str]:
        where = f' ON "{AuditEntry._meta.db_table}"' if vendor == "postgresql" else ""
        return [f'DROP TRIGGER IF EXISTS "{self.name}"{where}']


class AuditUnsealed(models.Model):
    """The entries that are not sealed yet. The sealing job removes them from this table.

    A trigger fills it. Entries cannot be marked as sealed, because they are never updated. Their ids commit out of order, so
    "everything after the last one sealed" would miss some.
    """

    guards: ClassVar[list[Guard]] = [
        _Enqueues(name="audit_entry_awaits_seal", message="Every audit entry waits for its seal.")
    ]

    entry_id = models.UUIDField(primary_key=True)

    class Meta:
        verbose_name_plural = "unsealed audit entries"

    def __str__(self) -> str:
        return str(self.entry_id)

    @classmethod
    def forget(cls, entries: Collection[str]) -> None:
        """Remove these entries from the queue. Their ids are given as 32 hexadecimal digits."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(
                    'DELETE FROM "accounts_auditunsealed" WHERE "entry_id" = ANY(%s::uuid[])', [list(entries)]
                )
            else:
                marks = ", ".join(["%s"] * len(entries))
                cursor.execute(f'DELETE FROM "accounts_auditunsealed" WHERE "entry_id" IN ({marks})', list(entries))


class SealRow(NamedTuple):
    """A seal to write, with digests and hash as `rules.seals` computes them."""

    seq: int
    entry: str
    changes: int
    entry_digest: str
    changes_digest: str
    hash: str


class AuditSeal(models.Model):
    """One link of the chain. `hash` covers the previous link, the entry, and its changes with the salted digests of their
    values; the values themselves may be erased. `seq` counts from 1 without gaps, in the order of sealing."""

    guards: ClassVar[list[Guard]] = [
        AppendOnly(name="audit_seal_written_once", message="The audit log cannot be changed.")
    ]

    seq = models.BigIntegerField(primary_key=True)
    # No constraint in the database: the seal must outlive its entry to prove that the entry existed.
    entry = models.OneToOneField(AuditEntry, on_delete=models.DO_NOTHING, db_constraint=False, related_name="seal")
    changes = models.PositiveIntegerField()
    entry_digest = models.CharField(max_length=64)
    changes_digest = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"

    @classmethod
    def append(cls, rows: Sequence[SealRow]) -> None:
        """Write `rows` with COPY or one prepared statement. The ORM takes about three times as long."""
        names = '"seq", "entry_id", "changes", "entry_digest", "changes_digest", "hash"'
        table = cls._meta.db_table
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with connection.wrap_database_errors, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES (%s, %s, %s, %s, %s, %s)', rows)


class AuditCheckpoint(models.Model):
    """The head of the chain at an instant, signed with AUDIT_SIGNING_KEY. A copy outside of the system reveals a log that was
    cut off or rewritten."""

    guards: ClassVar[list[Guard]] = [
        AppendOnly(name="audit_checkpoint_written_once", message="The audit log cannot be changed.")
    ]

    number = models.PositiveIntegerField(primary_key=True)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    signature = models.CharField(max_length=88)

    def __str__(self) -> str:
        return f"checkpoint {self.number} at seal {self.seq}"
