"""Verifies the audit log: reads all of it once and names the first row that was changed, removed or added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.audit.models.entries import AuditEntry
from accounts.audit.models.seals import AuditCheckpoint, AuditSeal, AuditUnsealed
from accounts.audit.rules.seals import (
    GENESIS,
    ChangesDigest,
    Checkpoint,
    SigningKey,
    document,
    entry_digest,
    read_document,
    seal_hash,
    signed_by,
    values_digest,
)
from accounts.audit.selectors.facts import CHANGE_WIDTH, SEAL_WIDTH, Row, chained, chained_changes, steady
from accounts.audit.selectors.forgetting import Forgetting, keeps_values
from theater_site.core import runs
from theater_site.core.encryption import Undecryptable, decrypt
from theater_site.core.errors import Invalid

# No transaction is open for longer, so an entry is never sealed later than this after a newer one.
_LATEST = timedelta(days=1)
_TOLD = 500


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that differs from what was written: `what` is the fault, the other fields are its place, if known."""

    what: str
    message: str
    seq: int | None = None
    entry: str | None = None
    change: str | None = None


@dataclass(slots=True)
class Verified:
    """What was verified: seals with their entries, changes, present and erased values, unsealed entries and checkpoints; and the
    first fault, if any."""

    seals: int = 0
    changes: int = 0
    values: int = 0
    erased: int = 0
    waiting: int = 0
    checkpoints: int = 0
    broken: Broken | None = None


class _Found(Exception):
    def __init__(self, what: str, message: str, **place: Any) -> None:
        super().__init__(message)
        self.broken = Broken(what, message, **place)


def verify(
    *,
    patience: timedelta,
    kept: Any = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Verified:
    """Recompute every hash and compare. `kept` is a checkpoint that was kept elsewhere (`rules.seals.document`). Entries may be
    unsealed for `patience`. Raises: Invalid `not_a_checkpoint`."""
    claim = _kept(kept) if kept is not None else None
    seen = Verified()
    try:
        with steady():
            last = AuditSeal.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
            if claim is not None:
                kept_claim, key, signature = claim
                found = AuditSeal.objects.filter(seq=kept_claim.seq).values_list("hash", flat=True).first()
                _hold(kept_claim, _known_keys().get(key), key, signature, last, found, "The checkpoint")
            checkpoints = _checkpoints(last, seen)
            _chain(last, checkpoints, seen, progress)
            _unsealed(patience, seen)
    except _Found as found:
        seen.broken = found.broken
    return seen


def total() -> int:
    """The number of seals to verify."""
    return AuditSeal.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def documents(rows: list[AuditCheckpoint]) -> list[dict[str, Any]]:
    """Checkpoints as they are kept elsewhere. If their key is no longer in AUDIT_SIGNING_KEY, they have no public key."""
    known = _known_keys()
    return [document(_claim(row), known.get(row.key_id, ""), row.signature) for row in rows]


# --- The chain ----------------------------------------------------------------------------------------------


def _chain(last: int, checkpoints: list[AuditCheckpoint], seen: Verified, progress: Callable[[int], None]) -> None:
    marks = [(row.seq, _text(row.at - _LATEST)) for row in reversed(checkpoints)]
    not_before, previous, expected = "", GENESIS, 1
    forgetting = Forgetting()
    with closing(chained(0, last)) as links, closing(chained_changes(0, last)) as changes:
        upcoming = next(changes, None)
        for row in links:
            seq, entry, count, of_entry, of_changes, stored = seal = row[:SEAL_WIDTH]
            if seal_hash(previous, expected, entry, count, of_entry, of_changes) != stored or seq != expected:
                _broken_link(previous, expected, last, seal)
            _compare_entry(row[SEAL_WIDTH:], of_entry, not_before, seq, entry)
            told, wrong, at, note = ChangesDigest(), None, row[SEAL_WIDTH + 8], row[SEAL_WIDTH + 9]
            while upcoming is not None and upcoming[0] == seq:
                told.add(upcoming[1 : CHANGE_WIDTH + 1])
                if upcoming[CHANGE_WIDTH + 1] is not None:
                    fault = _fault_of_value(upcoming, seen)
                else:
                    seen.erased += 1
                    fault = _fault_of_loss(upcoming, at, forgetting) if keeps_values(note) else None
                wrong = wrong or fault
                upcoming = next(changes, None)
            _compare_changes(told, count, of_changes, wrong, seq, entry)
            seen.seals, seen.changes = seen.seals + 1, seen.changes + count
            if marks and marks[-1][0] == seq:
                not_before = marks.pop()[1]
            if seq % _TOLD == 0:
                progress(seq)
            previous, expected = stored, expected + 1
    if expected <= last:
        raise _Found("seal_removed", f"Seal {expected} is gone.", seq=expected)
    if (count := forgetting.unexplained()) > 0:
        raise _Found(
            "value_removed",
            f"The values of {count} changes more are gone than the log says were erased or expired; which ones cannot be told.",
        )
    progress(last)


def _compare_entry(facts: Row, of_entry: str, not_before: str, seq: int, entry: str) -> None:
    if facts[0] is None:
        raise _Found("entry_removed", "The entry that this seal is of is gone.", seq=seq, entry=entry)
    if entry_digest(facts) != of_entry:
        raise _Found("entry_changed", "The entry is not what was sealed.", seq=seq, entry=entry)
    if facts[8] < not_before:
        raise _Found(
            "entry_backdated",
            f"The entry says {facts[8]} UTC, but was not there when a checkpoint was signed a day later or more.",
            seq=seq,
            entry=entry,
        )


def _fault_of_value(row: Row, seen: Verified) -> tuple[str, str, str] | None:
    """The fault of a change's values, if any: its name, a message, and the change's id."""
    digest, (salt, values, personal) = row[CHANGE_WIDTH], row[CHANGE_WIDTH + 1 :]
    seen.values += 1
    try:
        # The digest is of the plain text, because tokens are rewritten when keys are rotated.
        plain = decrypt(personal) if personal else ""
    except Undecryptable as error:
        return "value_unreadable", f"{error.message} Unless it was tampered with.", row[1]
    if values_digest(salt, values, plain) == digest:
        return None
    return "value_changed", "The values before and after do not match their digest.", row[1]


def _fault_of_loss(row: Row, at: str, forgetting: Forgetting) -> tuple[str, str, str] | None:
    if not forgetting.is_beyond(row[2], row[3], at):
        return None
    return "value_removed", "The values before and after are gone, and no entry tells that they were erased.", row[1]


def _compare_changes(
    told: ChangesDigest, count: int, of_changes: str, wrong: tuple[str, str, str] | None, seq: int, entry: str
) -> None:
    if told.hexdigest() != of_changes:
        what = "change_removed" if told.count < count else "change_added" if told.count > count else "change_changed"
        message = (
            f"One of the entry's {count} changes is not what was sealed."
            if told.count == count
            else f"The entry was sealed with {count} changes; there are {told.count}."
        )
        raise _Found(what, message, seq=seq, entry=entry)
    if wrong is not None:
        what, message, change = wrong
        raise _Found(what, message, seq=seq, entry=entry, change=change)


def _broken_link(previous: str, expected: int, last: int, seal: Row) -> None:
    """Raise why the seal at `expected` does not follow from the one before: a later seal does, or none."""
    with closing(chained(expected, last)) as others:
        for other in others:
            seq, entry, count, of_entry, of_changes, stored = other[:SEAL_WIDTH]
            if seal_hash(previous, expected, entry, count, of_entry, of_changes) == stored:
                raise _Found("reordered", f"What was sealed as {expected} is at {seq}.", seq=expected, entry=entry)
    if seal[0] != expected:
        raise _Found("seal_removed", f"Seal {expected} is gone.", seq=expected)
    raise _Found(
        "seal_changed", "The seal does not follow from the one before: it was changed, put in, or one before it removed.",
        seq=expected, entry=seal[1],
    )  # fmt: skip


# --- Checkpoints --------------------------------------------------------------------------------------------


def _known_keys() -> dict[str, str]:
    return {key.id: key.public for key in map(SigningKey, settings.AUDIT_SIGNING_KEYS)}


def _claim(row: AuditCheckpoint) -> Checkpoint:
    return Checkpoint(row.number, row.seq, row.hash, row.at)


def _kept(data: Any) -> tuple[Checkpoint, str, str]:
    try:
        return read_document(data)
    except ValueError as error:
        raise Invalid(
            "This is not a checkpoint as verify_audit writes it.", code="not_a_checkpoint", field="checkpoint"
        ) from error


def _hold(
    claim: Checkpoint, public: str | None, key: str, signature: str, last: int, found: str | None, name: str
) -> None:
    """Check that a checkpoint is signed by a known key and that the chain has its hash; `found` is the hash in the chain."""
    if public is None:
        raise _Found(
            "key_unknown", f"{name} is signed with the key {key}, which AUDIT_SIGNING_KEY does not hold.", seq=claim.seq
        )
    if not signed_by(public, claim, signature):
        raise _Found("checkpoint_forged", f"{name} does not bear the signature of its key.", seq=claim.seq)
    if claim.seq > last:
        raise _Found("log_truncated", f"{name} knows seal {claim.seq}; the log ends at {last}.", seq=claim.seq)
    if found is None:
        raise _Found(
            "seal_removed", f"Seal {claim.seq}, which {name[0].lower()}{name[1:]} knows, is gone.", seq=claim.seq
        )
    if found != claim.hash:
        raise _Found("rewritten", f"{name} knows another seal {claim.seq}: the log was written again.", seq=claim.seq)


def _checkpoints(last: int, seen: Verified) -> list[AuditCheckpoint]:
    rows = list(AuditCheckpoint.objects.order_by("number"))
    known = _known_keys()
    hashes = dict(AuditSeal.objects.filter(seq__in=AuditCheckpoint.objects.values("seq")).values_list("seq", "hash"))
    for expected, row in enumerate(rows, start=1):
        if row.number != expected:
            raise _Found("checkpoint_removed", f"Checkpoint {expected} is gone.")
        public, found = known.get(row.key_id), hashes.get(row.seq)
        _hold(_claim(row), public, row.key_id, row.signature, last, found, f"Checkpoint {row.number}")
        seen.checkpoints += 1
    return rows


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


# --- What was never sealed ----------------------------------------------------------------------------------


def _unsealed(patience: timedelta, seen: Verified) -> None:
    for key, at in _without_seal():
        if at < runs.instant() - patience:
            raise _Found(
                "unsealed",
                f"The entry of {at:%Y-%m-%d %H:%M} has no seal: it was put in past the services, or the sealing job is "
                "still.",
                entry=key.hex,
            )
        seen.waiting += 1
    gone = AuditUnsealed.objects.exclude(pk__in=AuditEntry.objects.values("pk")).values_list("pk", flat=True).first()
    if gone is not None:
        raise _Found("entry_removed", "An entry that waited for its seal is gone.", entry=gone.hex)


def _without_seal() -> Iterator[tuple[UUID, datetime]]:
    return AuditEntry.objects.filter(seal=None).order_by("id").values_list("id", "at").iterator()
