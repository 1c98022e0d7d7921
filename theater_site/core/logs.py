"""Logs with the id of the request, and without personal values.

The request id comes from `X-Request-ID` or is generated. It is returned in the same header, stored in the audit entry, and
available as `request_id()`. Tracebacks contain code locations and exception types but not the exceptions' texts, since a
database error quotes the value that broke a constraint, such as an e-mail address. `exception_texts` in LOGGING turns the
texts on. Log messages name objects by id, never by name or address.
"""

from __future__ import annotations

import logging
import re
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTED = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}", re.ASCII)
_META_KEY = "theater_site.request_id"
_QUERY = re.compile(r"\?\S*")

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def request_id() -> str:
    """The id of the current request or command; empty outside of one."""
    return _request_id.get()


@contextmanager
def bind_request_id(value: str = "") -> Iterator[str]:
    """Set the request id inside the context to `value`, or to a new id.

    A value that is not 1 to 128 letters, digits or `._:/+=-` is replaced by a new id: it could forge lines of the log.
    """
    bound = value if _ACCEPTED.fullmatch(value) else uuid.uuid4().hex
    token = _request_id.set(bound)
    try:
        yield bound
    finally:
        _request_id.reset(token)


class RequestId:
    """The outermost middleware: sets the id for the whole request and returns it as `X-Request-ID`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with bind_request_id(request.headers.get("X-Request-ID", "")) as bound:
            request.META[_META_KEY] = bound  # Django logs 4xx responses after the outermost middleware has returned
            response = self.get_response(request)
            response["X-Request-ID"] = bound
            return response


class RequestContext(logging.Filter):
    """Adds the request id to every record, and removes query strings from the lines of Django's development server."""

    def filter(self, record: logging.LogRecord) -> bool:
        meta = getattr(getattr(record, "request", None), "META", {})
        record.request_id = request_id() or meta.get(_META_KEY) or "-"
        if record.name == "django.server" and isinstance(record.args, tuple):
            record.args = tuple(_QUERY.sub("", arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


def exception_places(error: BaseException) -> str:
    """The traceback of `error` and of its causes, without the exceptions' texts and without local values."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = type(current)
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{frames}{kind.__module__}.{kind.__qualname__}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nraised while handling, or because of:\n".join(parts)


class _WithoutValues:
    """Formats exceptions by `exception_places`, or with their texts if `exception_texts` is set."""

    def __init__(self, *args: Any, exception_texts: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exception_texts = exception_texts

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 (the name is logging's)
        if self.exception_texts or ei[1] is None:
            return super().formatException(ei)  # type: ignore[misc]
        return exception_places(ei[1])

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have kept a traceback with values here
        try:
            return super().format(record)  # type: ignore[misc]
        finally:
            record.exc_text = None


class LineFormatter(_WithoutValues, logging.Formatter):
    """One line per record, for a terminal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s", *args, **kwargs)


class JSONFormatter(_WithoutValues, JsonFormatter):
    """One JSON object per record: timestamp, level, logger, request_id, message, and the keys of `extra`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            "{levelname}{name}{request_id}{message}",
            *args,
            style="{",
            timestamp=True,
            rename_fields={"levelname": "level", "name": "logger"},
            # Django adds the request, whose text contains the query string, and the server's time.
            reserved_attrs=[*RESERVED_ATTRS, "request", "server_time"],
            **kwargs,
        )
