"""Computes the seal of the audit log: the hashes of its chain and the signatures of its checkpoints.

Anybody can recompute the chain from the rows alone. Every hash is SHA-256, in hexadecimal digits, of JSON arrays without
spaces in UTF-8 (null, integers and strings; with only the escapes that RFC 8259 requires). An identifier is 32 hexadecimal
digits, an instant is UTC as "2026-09-01 19:30:00.000000", and a JSON column is its text.

- an entry: [id, action, actor_kind, actor_label, actor_id, on_behalf_of_id, request_id, cause, at, note];
- its changes, one array after another by id: [id, object_type, object_id, section_id, operation, version, fields, digest];
- a seal: [hash of the seal before or 64 zeros, seq, entry id, number of changes, hash of the entry, hash of its changes].

A checkpoint is the JSON object {"at", "hash", "number", "seq", "type"}, keys sorted, signed with Ed25519 (RFC 8032).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

GENESIS = "0" * 64
_TYPE = "theater-audit-checkpoint/1"
Facts = Sequence[str | int | None]


def entry_digest(facts: Facts) -> str:
    return hashlib.sha256(orjson.dumps(facts)).hexdigest()


class ChangesDigest:
    """The hash of an entry's changes, added one by one in the order of ids. An entry may have millions; `count` is their
    number."""

    __slots__ = ("_hash", "count")

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def add(self, facts: Facts) -> None:
        self._hash.update(orjson.dumps(facts))
        self.count += 1

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def seal_hash(previous: str, seq: int, entry: str, changes: int, of_entry: str, of_changes: str) -> str:
    return hashlib.sha256(orjson.dumps((previous, seq, entry, changes, of_entry, of_changes))).hexdigest()


def values_digest(salt: str, values: str, personal: str) -> str:
    """The digest of a change's values: SHA-256 of the salt and both parts, with their lengths.

    `personal` is the decrypted text ("" if there is none), because tokens differ each time and `rotate_keys` rewrites them.
    """
    parts = (salt.encode(), values.encode(), personal.encode())
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The claim that the seal `seq` had this `hash` at the instant `at`."""

    number: int
    seq: int
    hash: str
    at: datetime

    def text(self) -> bytes:
        """The bytes that are signed."""
        return orjson.dumps(self.as_data(), option=orjson.OPT_SORT_KEYS)

    def as_data(self) -> dict[str, Any]:
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"type": _TYPE, "number": self.number, "seq": self.seq, "hash": self.hash, "at": at}

    @classmethod
    def from_data(cls, data: Any) -> Self:
        """The checkpoint in `data`. Raises: ValueError if `data` is not in the format of `as_data`."""
        try:
            made = cls(data["number"], data["seq"], data["hash"], datetime.fromisoformat(data["at"]))
            same = made.as_data() == data and type(made.number) is int and type(made.seq) is int
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("this is not a checkpoint") from error
        if not same:
            raise ValueError("this is not a checkpoint")
        return made


class SigningKey:
    """An Ed25519 key from its 32 secret bytes in url-safe base64. Raises: ValueError for anything else."""

    def __init__(self, text: str) -> None:
        try:
            secret = base64.urlsafe_b64decode(text)
        except (binascii.Error, ValueError) as error:
            raise ValueError("no url-safe base64") from error
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()
        self.id = key_id(self.public)

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signature in base64."""
        return base64.b64encode(self._key.sign(checkpoint.text())).decode()


def key_id(public: str) -> str:
    """The short name of a public key, given in base64."""
    return hashlib.sha256(base64.b64decode(public)).hexdigest()[:16]


def signed_by(public: str, checkpoint: Checkpoint, signature: str) -> bool:
    """Whether `signature` of `checkpoint` was made with the private key of `public`."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
        key.verify(base64.b64decode(signature), checkpoint.text())
    except (InvalidSignature, ValueError):
        return False
    return True


def document(checkpoint: Checkpoint, public: str, signature: str) -> dict[str, Any]:
    """The document of a checkpoint, to keep outside of the system: the claim, the public key and the signature."""
    return {"checkpoint": checkpoint.as_data(), "public_key": public, "signature": signature}


def read_document(data: Any) -> tuple[Checkpoint, str, str]:
    """The checkpoint, the id of its key and its signature. Raises: ValueError if `data` is not in the format of `document`."""
    if not isinstance(data, Mapping) or data.keys() != {"checkpoint", "public_key", "signature"}:
        raise ValueError("this is not a checkpoint")
    public, signature = data["public_key"], data["signature"]
    if not isinstance(public, str) or not isinstance(signature, str):
        raise ValueError("this is not a checkpoint")
    return Checkpoint.from_data(data["checkpoint"]), key_id(public), signature
