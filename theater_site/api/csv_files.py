"""CSV tables as request bodies and as responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from django.http import StreamingHttpResponse
from rest_framework.parsers import BaseParser

from theater_site.core.table_import import refused
from theater_site.core.tables import LARGEST_BYTES, Column, csv_bytes, read_table


class CSVParser(BaseParser):
    """Returns the raw body, up to the size limit of tables."""

    media_type = "text/csv"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        # One byte more than allowed, so that `read_table` reports the size.
        return stream.read(LARGEST_BYTES + 1)


class BytesParser(CSVParser):
    """The same for generated clients that cannot send `text/csv`."""

    media_type = "application/octet-stream"


def rows_sent(data: Any, columns: Sequence[Column]) -> list[dict[str, Any]]:
    """The rows of a body that `CSVParser` read, each with its `line`. Raises Invalid `table_refused` with all faults."""
    table = read_table(data or b"", columns)
    if table.faults:
        raise refused(table.faults)
    return table.inputs()


def csv_file(name: str, columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> StreamingHttpResponse:
    """A streamed response with the rows as the file `<name>.csv`, which caches must not store."""
    answer = StreamingHttpResponse(csv_bytes(columns, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer
