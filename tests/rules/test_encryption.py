"""Personal values are unreadable where they are kept, found by their index, and never lost in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.db import connection, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.db.models import F, Value
from django.test import override_settings
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import strategies as st

from theater_site.core.encryption import (
    BlindIndexField,
    EncryptedJSONField,
    EncryptedTextField,
    Undecryptable,
    blind_index,
    decrypt,
    encrypt,
    rotated,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
# Unpaired surrogates are no text: they cannot be written as UTF-8 anywhere.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_an_encrypted_text_is_decrypted_and_its_token_differs_each_time(text: str) -> None:
    first, second = encrypt(text), encrypt(text)
    assert first != second
    assert decrypt(first) == decrypt(second) == text


@given(TEXT.filter(lambda text: len(text) > 3))
def test_neither_token_nor_index_contains_the_text(text: str) -> None:
    assert text not in encrypt(text)
    assert text not in blind_index(text)


def test_rotation_reads_old_values_and_writes_under_the_new_key() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    with override_settings(FIELD_KEYS=[old]):
        token = encrypt("Nora Helmer")
    with override_settings(FIELD_KEYS=[new, old]):
        assert decrypt(token) == "Nora Helmer"
        fresh = rotated(token)
    with override_settings(FIELD_KEYS=[new]):
        assert decrypt(fresh) == "Nora Helmer"
        with pytest.raises(Undecryptable, match="FIELD_KEYS"):
            decrypt(token)


@pytest.mark.parametrize("token", ["", "Nora Helmer", "gAAAAA", "gAAAAABrBGLzaE0rk3yo9IjzVOXMcngT\u00e9"])
def test_an_invalid_token_is_never_returned_as_text(token: str) -> None:
    with pytest.raises(Undecryptable) as caught:
        decrypt(token)
    assert caught.value.code == "undecryptable"


def test_a_changed_token_is_refused() -> None:
    token = encrypt("Nora Helmer")
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    with pytest.raises(Undecryptable):
        decrypt(changed)


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_an_index_ignores_case_and_outer_spaces(text: str) -> None:
    assert blind_index(f"  {text.upper()} ") == blind_index(text.lower())


def test_an_index_normalizes_accents_and_distinguishes_words() -> None:
    assert blind_index("Jos\u00e9") == blind_index("JOSE\u0301")
    assert blind_index("Jos\u00e9") != blind_index("Jose")


def test_an_index_survives_a_rotation_and_depends_on_its_own_key() -> None:
    before = blind_index("ann@example.org")
    with override_settings(FIELD_KEYS=[Fernet.generate_key().decode()]):
        assert blind_index("ann@example.org") == before
    with override_settings(INDEX_KEY="another-key-of-more-than-32-characters"):
        assert blind_index("ann@example.org") != before


# --- The fields, on a table of their own --------------------------------------------------------------------


@pytest.fixture
def contact(db: None) -> Iterator[Any]:
    with isolate_apps("theater_site.core"):

        class Contact(models.Model):
            email = EncryptedTextField(null=True)
            plain = models.TextField(default="plain words")
            notes = EncryptedJSONField(null=True)
            email_index = BlindIndexField("email", unique=True)

            class Meta:
                app_label = "core"
                db_table = "core_test_contact"

        # Not by entering the schema editor: on SQLite that refuses to work inside a test's transaction.
        create, parameters = connection.schema_editor().table_sql(Contact)
        with connection.cursor() as cursor:
            cursor.execute(create, parameters)
        yield Contact


def stored(column: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM core_test_contact ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_a_field_reads_back_what_was_saved_and_stores_only_tokens(contact: Any) -> None:
    notes = {"allergies": ["nuts"], "phone": "555-0100", "age": 41}
    contact.objects.create(email="Ann@Example.org", notes=notes)
    read = contact.objects.get()
    assert (read.email, read.notes) == ("Ann@Example.org", notes)
    raw = "".join(stored("email") + stored("notes") + stored("email_index"))
    # Longer than what chance spells in a token now and then.
    for secret in ("Ann@", "ann@", "allergies", "nuts", "555-0100"):
        assert secret not in raw
    assert decrypt(stored("email")[0]) == "Ann@Example.org"


@pytest.mark.parametrize("value", [None, "", "x"])
def test_null_stays_null_and_empty_stays_empty(contact: Any, value: str | None) -> None:
    contact.objects.create(email=value)
    assert contact.objects.get().email == value
    assert contact.objects.filter(email__isnull=True).exists() is (value is None)
    assert (stored("email")[0] is None) is (value is None)


def test_a_row_is_found_by_its_index_in_any_spelling(contact: Any) -> None:
    contact.objects.create(email="one@example.org")
    contact.objects.bulk_create([contact(email="Two@Example.org"), contact(email=None), contact(email=None)])
    for address in ("ONE@example.org", " two@example.org"):
        assert contact.objects.filter(email_index=blind_index(address)).count() == 1
    moved = contact.objects.get(email_index=blind_index("one@example.org"))
    moved.email = "three@example.org"
    moved.save()
    assert not contact.objects.filter(email_index=blind_index("one@example.org")).exists()
    assert contact.objects.filter(email_index=blind_index("three@example.org")).count() == 1


def test_update_and_bulk_update_encrypt_too(contact: Any) -> None:
    row = contact.objects.create(email="one@example.org")
    contact.objects.update(email="two@example.org", email_index=blind_index("two@example.org"))
    row.refresh_from_db()
    assert row.email == "two@example.org"
    row.email = "three@example.org"
    contact.objects.bulk_update([row], ["email"])
    assert contact.objects.get().email == "three@example.org"
    assert decrypt(stored("email")[0]) == "three@example.org"


def test_saving_a_source_without_its_index_is_refused(contact: Any) -> None:
    row = contact.objects.create(email="one@example.org")
    row.email = "two@example.org"
    with pytest.raises(FieldError, match="email_index"):
        row.save(update_fields=["email"])
    row.save(update_fields=["email", "email_index"])
    assert contact.objects.filter(email_index=blind_index("two@example.org")).exists()


@pytest.mark.parametrize(
    "lookup", ["email", "email__exact", "email__icontains", "email__in", "notes__phone", "email__gt"]
)
def test_every_lookup_but_isnull_is_refused(contact: Any, lookup: str) -> None:
    value = ["x"] if lookup.endswith("__in") else "x"
    with pytest.raises(FieldError):
        contact.objects.filter(**{lookup: value})


@pytest.mark.parametrize("expression", [F("plain"), Value("words")], ids=["column", "value"])
def test_an_expression_cannot_store_plain_text(contact: Any, expression: Any) -> None:
    contact.objects.create(email="one@example.org")
    with pytest.raises(FieldError), transaction.atomic():
        contact.objects.update(email=expression)
    assert contact.objects.get().email == "one@example.org"


def test_values_other_than_text_are_refused(contact: Any) -> None:
    with pytest.raises(TypeError, match="email takes text"):
        contact.objects.create(email=12)


def test_a_lost_key_raises_instead_of_returning_the_token(contact: Any) -> None:
    contact.objects.create(email="one@example.org", notes={"a": 1})
    with override_settings(FIELD_KEYS=[Fernet.generate_key().decode()]):
        with pytest.raises(Undecryptable):
            contact.objects.get()
        with pytest.raises(Undecryptable):
            list(contact.objects.values_list("notes", flat=True))


@given(value=JSON)
def test_json_is_read_back_unchanged(value: Any) -> None:
    field = EncryptedJSONField()
    assert field.loads(field.dumps(value)) == value


def test_a_database_index_on_encrypted_values_fails_the_model_check() -> None:
    with isolate_apps("theater_site.core"):

        class Wrong(models.Model):
            email = EncryptedTextField(unique=True)

            class Meta:
                app_label = "core"

        assert "core.E001" in [found.id for found in Wrong.check()]


@pytest.mark.parametrize(
    "field", [EncryptedTextField(null=True), EncryptedJSONField(), BlindIndexField("email", unique=True)]
)
def test_migrations_can_serialize_the_fields(field: models.Field[Any, Any]) -> None:
    written, imports = MigrationWriter.serialize(field)
    names: dict[str, Any] = {}
    exec("\n".join(imports), names)
    again = eval(written, names)
    assert again.deconstruct()[1:] == field.deconstruct()[1:]
