"""Fields for personal values: encrypted at rest, and found by a blind index without decryption.

`settings.FIELD_KEYS` are Fernet keys (AES-128-CBC with HMAC-SHA256). The first encrypts, all of them decrypt. To rotate,
put a new key first, run `manage.py rotate_keys`, then remove the old key.

`settings.INDEX_KEY` is the key of the blind indexes. It is separate from FIELD_KEYS: with the first field key, no e-mail
address could be found between a rotation and the rewrite of all rows.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Collection
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldError
from django.db import models

from theater_site.core.errors import DomainError


class Undecryptable(DomainError):
    """No key decrypts a stored value: a key was lost, or somebody changed the value."""

    code = "undecryptable"


@functools.lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current() -> MultiFernet:
    return _cipher(tuple(settings.FIELD_KEYS))


def encrypt(text: str) -> str:
    """A token that `decrypt` reads. The same text gives a different token each time."""
    return _current().encrypt(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """The text of `token`. Raises Undecryptable if no key decrypts it; never returns the token itself."""
    try:
        return _current().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Undecryptable(
            "A stored value cannot be decrypted. Add the key that encrypted it to FIELD_KEYS."
        ) from error


def rotated(token: str) -> str:
    """A new token of the same text, encrypted with the first key. Raises Undecryptable."""
    return encrypt(decrypt(token))


def blind_index(value: str) -> str:
    """The digest that a BlindIndexField stores for `value`: 64 hexadecimal digits, useless without INDEX_KEY.

    It is equal for values that differ only in letter case, surrounding spaces or the Unicode composition of accents.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).strip().casefold())
    key = hmac.digest(settings.INDEX_KEY.encode(), b"theater_site.core.encryption.blind_index", "sha256")
    return hmac.new(key, folded.encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(models.TextField):
    """Text that only the application can read.

    Everything but NULL is encrypted, the empty string included. The only lookup is `isnull`. Other lookups raise FieldError,
    and so does saving an expression, which could copy another column's plain text. The column cannot be unique.
    """

    description = "Encrypted text"

    def __init__(self, *args: Any, one_line: bool = False, **kwargs: Any) -> None:
        """`one_line`: saving refuses line breaks and other control characters."""
        super().__init__(*args, **kwargs)
        self.one_line = one_line

    def dumps(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes text, not {type(value).__name__}.")
        return value

    def loads(self, text: str) -> Any:
        return text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else self.loads(decrypt(value))

    def get_prep_value(self, value: Any) -> Any:
        return value  # TextField would convert other types to text

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> str | None:
        return None if value is None else encrypt(self.dumps(value))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if hasattr(value, "as_sql") and not isinstance(value.output_field, EncryptedTextField):
            raise FieldError(f"{self.name} is encrypted. Save a value, not an expression.")
        return super().get_db_prep_save(value, connection)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(
            f"{self.name} is encrypted and each token differs, so `{lookup_name}` finds nothing. "
            "Add a BlindIndexField for it and look that up."
        )

    def get_transform(self, lookup_name: str) -> Any:
        return self.get_lookup(lookup_name)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        errors = super().check(**kwargs)
        if self.unique or self.primary_key or self.deconstruct()[3].get("db_index"):
            errors.append(checks.Error("An index on encrypted values finds nothing.", obj=self, id="core.E001"))
        return errors


class EncryptedJSONField(EncryptedTextField):
    """A JSON value, encrypted as one text. None is SQL NULL. Convert dates and Decimals to text before saving."""

    # For the type checker: the Python value is JSON data, not text as in the parent class.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    description = "Encrypted JSON"

    def dumps(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def loads(self, text: str) -> Any:
        return json.loads(text)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> Any:
        return self.value_from_object(obj)


class BlindIndexField(models.CharField):
    """The blind index of the field `source` in the same model: `filter(email_index=blind_index("Ann@x.org"))`.

    Computed when a row is saved or bulk-created; NULL if the source is None or empty. Saving the source with
    `update_fields` without the index raises FieldError. `QuerySet.update` and `bulk_update` do not compute it: pass them
    both columns, the index as `blind_index(value)`.
    """

    description = "Keyed digest of another field"

    def __init__(self, source: str, **kwargs: Any) -> None:
        self.source = source
        kwargs.update(max_length=64, null=True, blank=True, editable=False, default=None)
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "null", "blank", "editable", "default"):
            kwargs.pop(fixed, None)
        return name, path, [self.source, *args], kwargs

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            models.signals.pre_save.connect(self._require_both_fields, sender=cls, weak=False)

    def _require_both_fields(self, update_fields: Collection[str] | None = None, **kwargs: Any) -> None:
        if update_fields is not None and self.source in update_fields and self.name not in update_fields:
            raise FieldError(f"Save {self.name} together with {self.source}. Otherwise a search finds the old value.")

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:
        value = getattr(model_instance, self.source)
        index = blind_index(value) if value else None
        setattr(model_instance, self.attname, index)
        return index
