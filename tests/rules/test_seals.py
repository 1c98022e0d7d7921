"""How the log is sealed: what changes a hash, what a signature holds for, and what is not a checkpoint."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.audit.rules.seals import (
    GENESIS,
    ChangesDigest,
    Checkpoint,
    SigningKey,
    document,
    entry_digest,
    key_id,
    read_document,
    seal_hash,
    signed_by,
    values_digest,
)

facts = st.lists(
    st.none() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])), max_size=6
)
KEY = SigningKey(base64.urlsafe_b64encode(b"a key of the theater, 32 bytes!!").decode())
OTHER = SigningKey(base64.urlsafe_b64encode(b"another key, also of 32 bytes!!!").decode())
CLAIM = Checkpoint(3, 1200, "ab" * 32, datetime(2026, 9, 1, 19, 30, 0, 5, tzinfo=UTC))


@given(facts, facts)
def test_different_facts_have_different_digests(one, other):
    assert (entry_digest(one) == entry_digest(other)) == (one == other)


@given(facts)
def test_a_digest_can_be_recomputed_from_its_documentation(one):
    """By the standard library: JSON without spaces, in UTF-8, escaped only where it must be."""
    text = json.dumps(one, ensure_ascii=False, separators=(",", ":"))
    assert entry_digest(one) == hashlib.sha256(text.encode()).hexdigest()


@given(st.lists(facts, max_size=4), st.lists(facts, max_size=4))
def test_the_digest_depends_on_order_and_boundaries_of_changes(one, other):
    def of(rows):
        told = ChangesDigest()
        for row in rows:
            told.add(row)
        assert told.count == len(rows)
        return told.hexdigest()

    assert (of(one) == of(other)) == (one == other)


def test_a_seal_depends_on_each_of_its_parts():
    parts = [GENESIS, 1, "e" * 32, 2, "a" * 64, "b" * 64]
    others = ["1" * 64, 2, "f" * 32, 3, "c" * 64, "d" * 64]
    hashes = {seal_hash(*parts)}
    for place, other in enumerate(others):
        hashes.add(seal_hash(*[*parts[:place], other, *parts[place + 1 :]]))
    assert len(hashes) == 7


@given(st.tuples(st.text(), st.text(), st.text()), st.tuples(st.text(), st.text(), st.text()))
def test_the_digest_depends_on_the_boundaries_of_values(one, other):
    assert (values_digest(*one) == values_digest(*other)) == (one == other)


def test_a_checkpoint_is_the_same_in_every_time_zone():
    there = CLAIM.at.astimezone(timezone(timedelta(hours=-5)))
    assert Checkpoint(CLAIM.number, CLAIM.seq, CLAIM.hash, there).text() == CLAIM.text()


def test_a_document_is_read_back_unchanged():
    kept = json.loads(json.dumps(document(CLAIM, KEY.public, KEY.sign(CLAIM))))
    claim, key, signature = read_document(kept)
    assert (claim, key) == (CLAIM, KEY.id) == (CLAIM, key_id(KEY.public))
    assert signed_by(KEY.public, claim, signature)


@pytest.mark.parametrize(
    "change", [{"number": 4}, {"seq": 1201}, {"hash": "ba" * 32}, {"at": CLAIM.at + timedelta(microseconds=1)}]
)
def test_a_signature_is_valid_for_one_claim_only(change):
    signature = KEY.sign(CLAIM)
    other = Checkpoint(**{"number": CLAIM.number, "seq": CLAIM.seq, "hash": CLAIM.hash, "at": CLAIM.at, **change})
    assert not signed_by(KEY.public, other, signature)


@pytest.mark.parametrize("signature", ["", "AAAA", "no base64 at all!", "é", OTHER.sign(CLAIM)])
def test_a_signature_of_another_key_is_invalid(signature):
    assert not signed_by(KEY.public, CLAIM, signature)
    assert not signed_by("", CLAIM, KEY.sign(CLAIM))


GOOD = document(CLAIM, KEY.public, KEY.sign(CLAIM))
WRONG = {
    "nothing": None, "a list": [], "a text": "checkpoint", "empty": {},
    "without its signature": {"checkpoint": GOOD["checkpoint"]},
    "more than a checkpoint": {**GOOD, "note": "x"}, "a number for a key": {**GOOD, "public_key": 5},
    "a key that is not a base64": {**GOOD, "public_key": "é"},
    "a list for a claim": {**GOOD, "checkpoint": []},
    "a text for seq": {**GOOD, "checkpoint": {**GOOD["checkpoint"], "seq": "1"}},
    "true for seq": {**GOOD, "checkpoint": {**GOOD["checkpoint"], "seq": True}},
    "another type": {**GOOD, "checkpoint": {**GOOD["checkpoint"], "type": "x"}},
    "no instant": {**GOOD, "checkpoint": {**GOOD["checkpoint"], "at": "yesterday"}},
    "a number for an instant": {**GOOD, "checkpoint": {**GOOD["checkpoint"], "at": 5}},
}  # fmt: skip


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_an_invalid_checkpoint_is_refused(data):
    with pytest.raises(ValueError):  # noqa: PT011
        read_document(data)


@pytest.mark.parametrize("text", ["", "short", "é" * 44, base64.urlsafe_b64encode(b"x" * 31).decode()])
def test_an_invalid_key_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        SigningKey(text)
