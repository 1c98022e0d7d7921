"""Personal values encrypted at rest, and found again without being decrypted.
 `settings.FIELD_KEYS` are Fernet keys (AES-128-CBC with HMAC-SHA256): the first encrypts, all of them
decrypt. To rotate, put a new key first, re-encrypt with `manage.py rotate_keys`, then drop the old one.
`settings.INDEX_KEY` keys the blind indexes. It is a secret of its own, because an index is compared and never
decrypted: derived from the first field key, every rotation would make every e-mail unfindable until all rows
are rewritten.
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
    """A stored value cannot be read with any of the keys: a key was lost, or the value was tampered with."""

    code = "undecryptable"


@functools.lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _current() -> MultiFernet:
    return _cipher(tuple(settings.FIELD_KEYS))


def encrypt(text: str) -> str:
    """A token that `decrypt` reads; the same text gives another token each time."""
    return _current().encrypt(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """The text behind `token`. Raises Undecryptable, never gives the token back as if it were the text."""
    try:
        return _current().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Undecryptable(
            "A stored value cannot be decrypted. Put the key that wrote it back into FIELD_KEYS."
        ) from error


def rotated(token: str) -> str:
    """The same text under the first key. Raises Undecryptable."""
    return encrypt(decrypt(token))


def blind_index(value: str) -> str:
    """What a BlindIndexField stores for `value`: equal for values that differ only in case, outer space or
    the way their accents are composed; 64 hexadecimal digits that say nothing without INDEX_KEY."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).strip().casefold())
    key = hmac.digest(settings.INDEX_KEY.encode(), b"theater_site.core.encryption.blind_index", "sha256")
    return hmac.new(key, folded.encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(models.TextField):
    """Text that only the application can read.

    NULL stays NULL; everything else, the empty string included, is encrypted. `isnull` is the one lookup;
    others raise FieldError, as does an expression that would write another column's plain text here. The
    column cannot be unique.
    """

    description = "Encrypted text"

    def dumps(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes text, not {type(value).__name__}.")
        return value

    def loads(self, text: str) -> Any:
        return text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else self.loads(decrypt(value))

    def get_prep_value(self, value: Any) -> Any:
        return value  # TextField would turn what is no text into text

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> str | None:
        return None if value is None else encrypt(self.dumps(value))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if hasattr(value, "as_sql") and not isinstance(value.output_field, EncryptedTextField):
            raise FieldError(f"{self.name} is encrypted and takes values, not expressions.")
        return super().get_db_prep_save(value, connection)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(
            f"{self.name} is encrypted and each token differs, so `{lookup_name}` cannot find it. "
            "Look it up by a BlindIndexField beside it."
        )

    def get_transform(self, lookup_name: str) -> Any:
        return self.get_lookup(lookup_name)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        errors = super().check(**kwargs)
        if self.unique or self.primary_key or self.deconstruct()[3].get("db_index"):
            errors.append(checks.Error("An index over encrypted values finds nothing.", obj=self, id="core.E001"))
        return errors


class EncryptedJSONField(EncryptedTextField):
    """What JSON can say, encrypted as one text. None is SQL NULL; dates and Decimals must be text already."""

    # For the type checker: in Python this is data, not the text of its parent.
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
    """The blind index of the field `source` beside it: `filter(email_index=blind_index("Ann@x.org"))`.

    Computed whenever a row is saved or bulk-created; NULL where the source is None or empty. Saving the
    source by `update_fields` without the index is refused with FieldError. `QuerySet.update` and
    `bulk_update` compute nothing: give them both, the index as `blind_index(value)`.
    """

    description = "Keyed digest of another field"

    def __init__(self, source: str, **kwargs: Any) -> None:
        self.source = source
        kwargs.update(max_length=64, null=True, blank=True, editable=False, default=None)
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for settled in ("max_length", "null", "blank", "editable", "default"):
            kwargs.pop(settled, None)
        return name, path, [self.source, *args], kwargs

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            models.signals.pre_save.connect(self._refuse_half_a_save, sender=cls, weak=False)

    def _refuse_half_a_save(self, update_fields: Collection[str] | None = None, **kwargs: Any) -> None:
        if update_fields is not None and self.source in update_fields and self.name not in update_fields:
            raise FieldError(f"Save {self.name} together with {self.source}, or it keeps finding the old value.")

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:
        value = getattr(model_instance, self.source)
        index = blind_index(value) if value else None
        setattr(model_instance, self.attname, index)
        return index
