"""A JSON field that returns exactly the text that was written."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import models


def exact(value: Any) -> str:
    """`value` as its canonical JSON text: sorted keys, no spaces. Values that JSON lacks are written as their `str`."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS).decode()


class ExactJSONField(models.TextField):
    """JSON stored as text, because it is hashed: PostgreSQL's jsonb would change numbers and the order of keys. Cannot be
    searched by its content."""

    description = "JSON as its exact text"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else orjson.loads(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else exact(value)

    def value_to_string(self, obj: models.Model) -> str:
        return exact(self.value_from_object(obj))
