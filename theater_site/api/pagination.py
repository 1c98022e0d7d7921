"""Keyset pagination: every page costs the same, and no row appears twice or is missed while rows are added."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from theater_site.api.previews import ASKED_BY, asked_for
from theater_site.core.errors import Invalid

DEFAULT_SIZE, LARGEST_SIZE = 50, 200


class Pages(NamedTuple):
    """A list that is not a queryset.

    `page` takes the ordering values of the last row seen (None for the first page) and the number of rows, and returns rows.
    """

    model: type[Model]
    page: Callable[[list[Any] | None, int], list[Any]]


class KeysetPagination(BasePagination):
    """Pages that continue after the values of the last row, instead of counting rows.

    The view sets `ordering`: field names, "-" for descending, not nullable, the last one unique. `orderings` offers others
    by name (`?ordering=title`). The response is {"results": [...], "next": url or null}. The cursor in `next` is valid for
    the same ordering only.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.name, self.ordering = _ordering(request, view)
        self.size = _size(request)
        cursor = request.query_params.get("cursor")
        after = self._values(cursor, queryset) if cursor else None
        if isinstance(queryset, Pages):
            found = queryset.page(after, self.size + 1)
        else:
            rows = queryset.order_by(*self.ordering)
            found = list((rows if after is None else rows.filter(_after(self.ordering, after)))[: self.size + 1])
        self.last = found[self.size - 1] if len(found) > self.size else None
        return found[: self.size]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._next()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "description": "One page of a list. Follow `next` until it is null.",
            "required": ["results", "next"],
            "properties": {
                "results": {**schema, "description": "The objects of this page, in the order of the list."},
                "next": {
                    "type": "string",
                    "format": "uri",
                    "nullable": True,
                    "description": "The address of the next page; null on the last one.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters = [
            _parameter(
                "cursor",
                {"type": "string"},
                "Where to continue: the cursor in `next`, valid for the same ordering only.",
            ),
            _parameter(
                "page_size",
                {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE},
                f"The number of objects on a page, at most {LARGEST_SIZE}. Example: 20",
            ),
        ]
        if names := list(getattr(view, "orderings", {})):
            parameters.append(
                _parameter(
                    "ordering", {"type": "string", "enum": names}, "The order of the list, if not the default one."
                )
            )
        return parameters

    def _next(self) -> str | None:
        if self.last is None:
            return None
        values = [_value(self.last, name.lstrip("-")) for name in self.ordering]
        cursor = base64.urlsafe_b64encode(orjson.dumps([self.name, *values], default=str)).decode().rstrip("=")
        query = self.request.query_params.copy()
        query["cursor"] = cursor
        if (previewed := asked_for(self.request)) is not None:
            query[ASKED_BY] = previewed
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")

    def _values(self, cursor: str, queryset: QuerySet[Any] | Pages) -> list[Any]:
        wrong = Invalid(
            "This cursor does not belong to this list. Start from the first page.", code="bad_cursor", field="cursor"
        )
        try:
            name, *values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if name != self.name or len(values) != len(self.ordering) or not all(map(_possible, values)):
                raise wrong
            parsed = [
                _field(queryset, field.lstrip("-")).to_python(value)
                for field, value in zip(self.ordering, values, strict=True)
            ]
            if any(isinstance(value, int) and abs(value) >= 2**63 for value in parsed):
                raise wrong
            return parsed
        except (ValueError, TypeError, binascii.Error, ValidationError, OverflowError) as error:
            raise wrong from error


def _ordering(request: Request, view: Any) -> tuple[str, Sequence[str]]:
    """The name of the requested ordering and its fields. Raises Invalid `unknown_ordering`."""
    offered: dict[str, Sequence[str]] = getattr(view, "orderings", {})
    name = request.query_params.get("ordering", "")
    if not name:
        return "", view.ordering
    if name not in offered:
        raise Invalid(f"Choose one of: {', '.join(offered) or 'none'}.", code="unknown_ordering", field="ordering")
    return name, offered[name]


def _size(request: Request) -> int:
    raw = request.query_params.get("page_size", str(DEFAULT_SIZE))
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 4 and 1 <= int(raw) <= LARGEST_SIZE):
        raise Invalid(f"Choose a page size from 1 to {LARGEST_SIZE}.", code="bad_page_size", field="page_size")
    return int(raw)


def _possible(value: Any) -> bool:
    """Whether a cursor made by this server can contain the value."""
    if isinstance(value, str):
        return "\x00" not in value
    return isinstance(value, int | float) and not isinstance(value, bool)


def _after(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    """The rows after `values`: (a, b) > (x, y) as a >= x AND (a > x OR (a = x AND b > y)). The index serves `a >= x`."""
    beyond = Q()
    equal = Q()
    for name, value in zip(ordering, values, strict=True):
        bare, operator = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        beyond |= equal & Q(**{f"{bare}__{operator}": value})
        equal &= Q(**{bare: value})
    first = ordering[0]
    return Q(**{f"{first.lstrip('-')}__{'lte' if first.startswith('-') else 'gte'}": values[0]}) & beyond


def _value(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = row[step] if isinstance(row, dict) else getattr(row, step)
    return row


def _field(queryset: QuerySet[Any] | Pages, path: str) -> Field[Any, Any]:
    if isinstance(queryset, QuerySet) and (computed := queryset.query.annotations.get(path)) is not None:
        return computed.output_field
    model: Any = queryset.model
    *relations, last = path.split("__")
    for step in relations:
        model = model._meta.get_field(step).related_model
    return model._meta.pk if last == "pk" else model._meta.get_field(last)


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
