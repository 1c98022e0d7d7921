"""Seals the audit log in periodic jobs, apart from the writing of entries."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts.audit.models.seals import AuditCheckpoint, AuditSeal, AuditUnsealed, SealRow
from accounts.audit.rules.seals import GENESIS, ChangesDigest, Checkpoint, SigningKey, entry_digest, seal_hash
from accounts.audit.selectors.facts import changes_of, waiting_entries
from theater_site.core import runs

BATCH = 500
# The lock's key: any number that nothing else in this database uses.
_LOCK = 0x5EA1


def seal_waiting() -> int:
    """Seal all committed entries. Returns their number.

    Each `BATCH` of entries is one transaction: a killed job loses only that batch, and on SQLite other writers wait no longer
    than that takes. On PostgreSQL they do not wait. If another process seals now, this one does nothing. The cost of a batch
    does not depend on the length of the log.
    """
    sealed = 0
    while (batch := seal_batch()) is not None:
        sealed += batch
        if batch < BATCH:
            break
    return sealed


def seal_batch() -> int | None:
    """Seal up to `BATCH` entries; None if another process seals now."""
    with transaction.atomic():
        if not _alone():
            return None
        entries = waiting_entries(BATCH)
        if not entries:
            return 0
        seq, previous = AuditSeal.objects.order_by("-seq").values_list("seq", "hash").first() or (0, GENESIS)
        told = {facts[0]: ChangesDigest() for facts in entries}
        for entry, *facts in changes_of(told):
            told[entry].add(facts)
        rows = []
        for entry_facts in entries:
            entry, seq = entry_facts[0], seq + 1
            changes = told[entry]
            of_entry, of_changes = entry_digest(entry_facts), changes.hexdigest()
            previous = seal_hash(previous, seq, entry, changes.count, of_entry, of_changes)
            rows.append(SealRow(seq, entry, changes.count, of_entry, of_changes, previous))
        AuditSeal.append(rows)
        AuditUnsealed.forget(told)
        return len(rows)


def sign_checkpoint() -> AuditCheckpoint | None:
    """Seal the waiting entries and sign a checkpoint of the chain.

    Returns None if nothing was sealed since the last checkpoint, or another process seals now.
    """
    seal_waiting()
    with transaction.atomic():
        if not _alone():
            return None
        tip = AuditSeal.objects.order_by("-seq").values_list("seq", "hash").first()
        last = AuditCheckpoint.objects.order_by("-number").first()
        if tip is None or (last is not None and last.seq == tip[0]):
            return None
        key = SigningKey(settings.AUDIT_SIGNING_KEYS[0])
        claim = Checkpoint(last.number + 1 if last is not None else 1, *tip, runs.instant())
        return AuditCheckpoint.objects.create(
            number=claim.number, seq=claim.seq, hash=claim.hash, at=claim.at, key_id=key.id, signature=key.sign(claim)
        )


def checkpoint_job() -> str:
    made = sign_checkpoint()
    return f"checkpoint {made.number} at seal {made.seq}" if made is not None else "nothing new"


def _alone() -> bool:
    """Lock sealing until the end of the transaction. Returns False if another process seals. SQLite has one writer anyway."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        row: tuple[Any, ...] = cursor.fetchone()
    return bool(row[0])
