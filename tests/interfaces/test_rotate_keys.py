"""`manage.py rotate_keys`: every encrypted value under the new key, whatever happens meanwhile."""

from __future__ import annotations

import ast
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models

from accounts.approvals.services.approvals import keep_beside
from accounts.audit.rules.seals import values_digest
from accounts.models import AuditChange, AuditEntry, AuditValue, Notification, Submission, Waiting
from directory.models import Person
from directory.services.people import update_contact
from productions.services.productions import update_production
from tests import world
from tests.worlds import directory
from theater_site.core import rotation
from theater_site.core.actions import registered
from theater_site.core.encryption import Undecryptable, decrypt, encrypt
from theater_site.core.models import IdempotentAnswer

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))
SECRET = "JBSWY3DPEHPK3PXP"


def run(**options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("rotate_keys", json=True, stdout=out, **options)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def tables(told: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {row["table"]: row for row in told["tables"]}


class Planted:
    """A theater that has an encrypted value in every place, all under the old key."""

    def __init__(self) -> None:
        root, director = world.found()
        self.director = director
        self.person = directory.person(by=director, name="Ada", email="ada@home.example", phone="555 0100")
        play = world.production(world.season(root, by=director), by=director, published=True)
        author = world.give("marketing_coordinator", root, by=director)
        self.submission = update_production.submit(
            actor=world.acting(author), production=play, changes={"title": "Otherwise"}
        ).submission
        keep_beside(self.submission, waived={"title_too_long": "It is a quotation."})
        browser = world.client(director)
        answer = world.post(browser, "/api/v1/seasons/", {"name": "Next"}, **{"Idempotency-Key": "once"})
        assert answer.status_code == 201
        self.browser = browser
        self.totp = Authenticator.objects.create(user=director, type="totp", data={"secret": encrypt(SECRET)})
        self.codes = Authenticator.objects.create(
            user=director, type="recovery_codes", data={"seed": encrypt("seed"), "used_mask": 5}
        )


@pytest.fixture
def planted(settings: Any) -> Planted:
    settings.FIELD_KEYS = [OLD]
    made = Planted()
    settings.FIELD_KEYS = [NEW, OLD]
    return made


def all_readable(planted: Planted) -> None:
    """What is in every place is read, by the keys there are."""
    planted.person = Person.objects.get(pk=planted.person.pk)
    assert (planted.person.email, planted.person.phone) == ("ada@home.example", "555 0100")
    assert Submission.objects.get(pk=planted.submission.pk).items[0]["inputs"]["changes"] == {"title": "Otherwise"}
    assert Waiting.objects.get().waived == {"title_too_long": "It is a quotation."}
    assert all(message.body for message in Notification.objects.all())
    assert [json.loads(decrypt(kept.answer))["data"]["name"] for kept in IdempotentAnswer.objects.all()] == ["Next"]
    assert decrypt(Authenticator.objects.get(type="totp").data["secret"]) == SECRET
    codes = Authenticator.objects.get(type="recovery_codes").data
    assert (decrypt(codes["seed"]), codes["used_mask"]) == ("seed", 5)
    for value in AuditValue.objects.exclude(personal=""):
        assert json.loads(decrypt(value.personal)).keys() == {"before", "after"}
    assert planted.browser.get("/api/v1/me/").status_code == 200


def test_after_a_rotation_the_old_key_can_be_removed(planted: Planted, settings: Any) -> None:
    told = run()
    assert told["unreadable"] == 0
    rotated = {name for name, row in tables(told).items() if row["rotated"]}
    assert rotated == {
        "accounts_auditvalue", "accounts_notification", "accounts_submission", "accounts_waiting",
        "core_idempotentanswer", "directory_person", "django_session", "mfa_authenticator",
    }  # fmt: skip
    settings.FIELD_KEYS = [NEW]
    all_readable(planted)
    again = run()
    assert {row["rotated"] for row in again["tables"]} == {0}


def test_a_rotation_changes_no_content_and_audits_its_counts(planted: Planted) -> None:
    before = (Person.objects.get(pk=planted.person.pk).version, AuditChange.objects.count())
    known = set(AuditEntry.objects.values_list("pk", flat=True))
    told = tables(run())
    assert (Person.objects.get(pk=planted.person.pk).version, AuditChange.objects.count()) == before
    (entry,) = AuditEntry.objects.exclude(pk__in=known)
    assert (entry.action, entry.actor_kind, entry.actor_label) == ("keys.rotate", "system", "rotate_keys")
    assert entry.note["counts"]["directory_person"]["rotated"] == told["directory_person"]["rotated"] == 1


def test_the_audit_log_verifies_as_before(planted: Planted) -> None:
    def facts() -> list[tuple[Any, ...]]:
        rows = AuditValue.objects.select_related("change").annotate(
            stored=models.functions.Cast("values", models.TextField())
        )
        return [
            (value.pk, value.salt, value.stored, value.change.digest, decrypt(value.personal) if value.personal else "")
            for value in rows.order_by("pk")
        ]

    before = facts()
    run()
    assert facts() == before
    assert any(personal for *_, personal in before)
    for _, salt, stored, digest, personal in before:
        assert values_digest(salt, stored, personal) == digest


def test_a_preview_counts_and_changes_nothing(planted: Planted) -> None:
    def state() -> list[Any]:
        rows = []
        with connection.cursor() as cursor:
            for sql in ("SELECT email, phone FROM directory_person", "SELECT personal FROM accounts_auditvalue"):
                cursor.execute(sql)
                rows += sorted(map(repr, cursor.fetchall()))
        return rows

    before, entries = state(), AuditEntry.objects.count()
    told = tables(run(preview=True))
    assert told["directory_person"]["rotated"] == 1
    assert state() == before
    assert AuditEntry.objects.count() == entries
    assert tables(run())["directory_person"]["rotated"] == 1


def test_rows_of_a_lost_key_are_reported_and_not_changed(planted: Planted, settings: Any) -> None:
    settings.FIELD_KEYS = [LOST]
    lost = directory.person(by=planted.director, name="Lost", email="lost@home.example")
    settings.FIELD_KEYS = [NEW, OLD]

    def raw() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT email, phone, name FROM directory_person WHERE id = %s", [lost.pk])
            return cursor.fetchone()

    before = raw()
    with pytest.raises(CommandError, match=rf"directory_person .*{lost.pk}.*FIELD_KEYS"):
        run()
    assert raw() == before
    with pytest.raises(Undecryptable, match="FIELD_KEYS"):
        Person.objects.get(pk=lost.pk)
    settings.FIELD_KEYS = [NEW, LOST]
    run()
    settings.FIELD_KEYS = [NEW]
    assert Person.objects.get(pk=lost.pk).email == "lost@home.example"


def test_a_partly_rotated_row_is_completed(planted: Planted) -> None:
    token = encrypt("555 0100")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE directory_person SET phone = %s WHERE id = %s", [token, planted.person.pk])
    assert tables(run())["directory_person"]["rotated"] == 1
    first = Fernet(NEW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT email, phone FROM directory_person WHERE id = %s", [planted.person.pk])
        row = [first.decrypt(value.encode()).decode() for value in cursor.fetchone()]
    assert row == ["ada@home.example", "555 0100"]


def test_a_value_of_a_removed_key_raises(planted: Planted, settings: Any) -> None:
    settings.FIELD_KEYS = [NEW]
    with pytest.raises(Undecryptable, match="Add the key that encrypted it to FIELD_KEYS"):
        Person.objects.get(pk=planted.person.pk)


def test_concurrent_writes_are_not_lost(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between our reading of a row and our writing of it somebody changes it, once."""
    write, changed = rotation._write, []

    def somebody_was_faster(place: rotation.Place, changes: list[Any]) -> int:
        if place.model is Person and not changed:
            changed.append(True)
            update_contact(actor=world.acting(planted.director), person=planted.person, changes={"phone": "555 0177"})
        return write(place, changes)

    monkeypatch.setattr(rotation, "_write", somebody_was_faster)
    told = tables(run())
    person = Person.objects.get(pk=planted.person.pk)
    assert (person.phone, person.email, changed) == ("555 0177", "ada@home.example", [True])
    assert told["directory_person"]["passed_over"] == 0


class _Killed(BaseException):
    pass


def test_a_killed_rotation_can_be_run_again(planted: Planted, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        settings.FIELD_KEYS = [OLD]
        directory.person(by=planted.director, name=f"Person {number}", email=f"p{number}@home.example")
    settings.FIELD_KEYS = [NEW, OLD]
    monkeypatch.setattr(rotation, "BATCH", 3)
    write, written = rotation._write, []

    def dies(place: rotation.Place, changes: list[Any]) -> int:
        if place.model is Person and len(written) == 2:
            raise _Killed
        if place.model is Person:
            written.append(len(changes))
        return write(place, changes)

    monkeypatch.setattr(rotation, "_write", dies)
    with pytest.raises(_Killed):
        run()
    monkeypatch.setattr(rotation, "_write", write)
    assert not AuditEntry.objects.filter(action="keys.rotate").exists()
    told = tables(run())["directory_person"]
    assert (told["rotated"], told["current"]) == (2, 6)
    settings.FIELD_KEYS = [NEW]
    assert {person.email for person in Person.objects.all()} >= {f"p{number}@home.example" for number in range(7)}


def test_the_command_prints_the_counts_as_text(planted: Planted, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rotate_keys")
    assert "directory_person: 1 rotated, 0 current, 0 unreadable" in capsys.readouterr().out


def test_only_the_system_actor_records_a_rotation() -> None:
    from theater_site.core.errors import NotAllowed

    _, director = world.found()
    with pytest.raises(NotAllowed):
        registered()["keys.rotate"](actor=world.acting(director), counts=[])


# --- Every place is known -----------------------------------------------------------------------------------

# Modules that encrypt by hand, and the place that rotation knows of it.
BY_HAND = {
    "accounts/adapters.py": "mfa.authenticator.data",
    "accounts/audit/receivers/recording.py": "accounts.auditvalue.personal",
    "theater_site/api/idempotency.py": "core.idempotentanswer.answer",
    "theater_site/core/sessions.py": "sessions.session.session_data",
}


def test_every_module_that_encrypts_is_covered_by_the_rotation() -> None:
    """A module that calls `encrypt` keeps a token somewhere; a place that no rotation reaches dies with its key."""
    found = set()
    packages = ("theater_site", "accounts", "productions", "directory", "scheduling", "ticketing", "media_library")
    for path in (path for package in packages for path in (ROOT / package).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name == "theater_site/core/encryption.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == "encrypt":
                    found.add(name)
    assert found == BY_HAND.keys()
    known = {f"{place.model._meta.label_lower}.{column}" for place in rotation.places() for column in place.columns}
    assert set(BY_HAND.values()) <= known
    for model in apps.get_models():
        assert not [
            field.name
            for field in model._meta.local_concrete_fields
            if type(field).__name__.startswith("Encrypted") and f"{model._meta.label_lower}.{field.column}" not in known
        ]
