"""The parser of JSON bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """Parses with orjson, which refuses two bodies that make REST framework's parser fail with a 500.

    These are halves of a surrogate pair, which cannot be encoded in a response, and arrays nested so deeply that parsing
    ends in a RecursionError.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
