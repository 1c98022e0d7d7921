"""What a signed checkpoint kept elsewhere reports the sealed log, and sealing beside those who write."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test import override_settings

from accounts.audit.services.sealing import seal_batch, seal_waiting, sign_checkpoint
from accounts.models import AuditCheckpoint, AuditEntry, AuditSeal
from tests.interfaces.test_audit_seal import (
    as_an_intruder,
    key_of,
    remove,
    rename,
    run,
    sealed,
    sealed_theater,
    verified,
)
from tests.laws.scenes import Theater

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return sealed_theater()


def cut(last: int) -> None:
    """Take away everything sealed after `last`, and every checkpoint that knows of it."""
    with as_an_intruder() as sql:
        for seal in AuditSeal.objects.filter(seq__gt=last).select_related("entry"):
            remove(sql, seal.entry)
        sql("DELETE FROM accounts_auditseal WHERE seq > %s", last)
        sql("DELETE FROM accounts_auditcheckpoint WHERE seq > %s", last)


def test_a_log_that_was_cut_off_shows_against_a_checkpoint_kept_elsewhere(theater: Theater, tmp_path: Any) -> None:
    file = tmp_path / "checkpoint.json"
    call_command("verify_audit", "--json", "--export", str(file), stdout=StringIO())
    assert run("--checkpoint", str(file))[0] == 0
    cut(5)
    assert run()[0] == 0, "by itself it looks whole"
    code, told = run("--checkpoint", str(file))
    assert (code, told["broken"]["what"]) == (1, "log_truncated")


def test_a_log_written_again_shows_against_a_checkpoint_kept_elsewhere(theater: Theater, tmp_path: Any) -> None:
    file = tmp_path / "checkpoint.json"
    call_command("verify_audit", "--json", "--export", str(file), stdout=StringIO())
    cut(5)
    rename(theater, 20)
    seal_waiting()
    assert run()[0] == 0
    assert run("--checkpoint", str(file))[1]["broken"]["what"] == "rewritten"


def test_a_forged_checkpoint_is_refused(theater: Theater, tmp_path: Any) -> None:
    file = tmp_path / "checkpoint.json"
    call_command("verify_audit", "--json", "--export", str(file), stdout=StringIO())
    kept = json.loads(file.read_text())
    kept["checkpoint"]["seq"] -= 1
    file.write_text(json.dumps(kept))
    code, told = run("--checkpoint", str(file))
    assert (code, told["broken"]["what"]) == (1, "checkpoint_forged")


def test_a_checkpoint_of_another_key_is_refused_until_that_key_is_believed(
    theater: Theater, tmp_path: Any, settings: Any
) -> None:
    file = tmp_path / "checkpoint.json"
    call_command("verify_audit", "--json", "--export", str(file), stdout=StringIO())
    old = settings.AUDIT_SIGNING_KEYS
    new = base64.urlsafe_b64encode(b"another key of this very theater").decode()
    with override_settings(AUDIT_SIGNING_KEYS=[new]):
        code, told = run("--checkpoint", str(file))
        assert (code, told["broken"]["what"]) == (1, "key_unknown")
        assert run()[1]["broken"]["what"] == "key_unknown", "those in the database too"
    with override_settings(AUDIT_SIGNING_KEYS=[new, *old]):
        rename(theater, 1)
        assert sign_checkpoint() is not None
        assert run("--checkpoint", str(file))[0] == 0
        assert len(set(AuditCheckpoint.objects.values_list("key_id", flat=True))) == 2


@pytest.mark.parametrize(
    ("statement", "what"),
    [("UPDATE accounts_auditcheckpoint SET seq = seq - 1 WHERE number = 1", "checkpoint_forged"),
     ("UPDATE accounts_auditcheckpoint SET signature = 'AAAA' WHERE number = 1", "checkpoint_forged"),
     ("UPDATE accounts_auditcheckpoint SET key_id = 'x' WHERE number = 1", "key_unknown"),
     ("DELETE FROM accounts_auditcheckpoint WHERE number = 1", "checkpoint_removed"),
     ("DELETE FROM accounts_auditseal WHERE seq = (SELECT seq FROM accounts_auditcheckpoint WHERE number = 1)", "seal_removed")],
)  # fmt: skip
def test_a_checkpoint_in_the_database_that_was_touched_is_named(statement: str, what: str, theater: Theater) -> None:
    with as_an_intruder() as sql:
        sql(statement)
    assert verified().broken.what == what


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", "not json", '{"checkpoint": 1, "public_key": "", "signature": ""}']
)
def test_a_file_that_is_not_a_checkpoint_is_an_error_and_no_finding(
    content: str, theater: Theater, tmp_path: Any
) -> None:
    file = tmp_path / "checkpoint.json"
    file.write_text(content)
    with pytest.raises(CommandError, match="not a checkpoint"):
        run("--checkpoint", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        run("--checkpoint", str(tmp_path / "none"))
    with pytest.raises(CommandError, match="cannot be written"):
        run("--export", str(tmp_path / "none" / "file"))


def test_the_command_says_it_in_words_too(theater: Theater, tmp_path: Any) -> None:
    out = StringIO()
    call_command("verify_audit", "--export", str(tmp_path / "c.json"), stdout=out)
    assert "Whole: " in out.getvalue()
    assert "is in " in out.getvalue()
    with as_an_intruder() as sql:
        sql("UPDATE accounts_auditentry SET action = 'x' WHERE id = %s", key_of(sealed(5).entry))
    errors = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", stdout=StringIO(), stderr=errors)
    assert ended.value.code == 1
    assert f"Broken (entry_changed) at seal 5, entry {sealed(5).entry_id.hex}" in errors.getvalue()


def test_an_empty_log_is_whole_and_has_nothing_to_sign(db: None, tmp_path: Any) -> None:
    assert run()[0] == 0
    with pytest.raises(CommandError, match="nothing to sign"):
        run("--export", str(tmp_path / "file"))


# --- Sealers and writers at once --------------------------------------------------------------------------------


def test_sealers_and_writers_at_once(real_database: None) -> None:
    """Nobody waits for long, nothing is sealed twice or forgotten, and the chain holds."""
    theater = Theater()
    assert theater.production
    failures: list[BaseException] = []
    done = threading.Event()

    def writes(number: int) -> None:
        rename(theater, 10)

    def seals(number: int) -> None:
        while not done.is_set():
            seal_waiting()
            sign_checkpoint()

    def guarded(work: Callable[[int], None], number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=guarded, args=(writes, n)) for n in range(1)]
    sealers = [threading.Thread(target=guarded, args=(seals, n)) for n in range(2)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    assert failures == []
    seal_waiting()
    seen = verified()
    assert seen.broken is None
    assert seen.seals == AuditEntry.objects.count() == AuditSeal.objects.count() > 20


def test_a_sealer_leaves_it_to_one_that_is_at_work_and_writers_go_on(real_database: None) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite has one writer; its transactions wait for each other, sealing or not.
    theater = Theater()
    rename(theater, 2)
    told: list[Any] = []

    def other() -> None:
        try:
            told.append(seal_batch())
            told.append(sign_checkpoint())
            rename(theater, 1)
            told.append("wrote")
        finally:
            connections.close_all()

    with transaction.atomic():
        assert seal_batch()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(30)
        assert told == [None, None, "wrote"]
    seal_waiting()
    assert verified().broken is None
