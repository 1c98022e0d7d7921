"""Problem JSON (RFC 9457): every error response of the API is made here.

`type` is a stable URN of the code, `title` the phrase of the HTTP status, `detail` says what is wrong and how to fix it,
`errors` lists the faults of single fields, and `request_id` names the request in the logs.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import set_rollback

from theater_site.core import errors
from theater_site.core.conflicts import conflict_of
from theater_site.core.logs import request_id

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[errors.DomainError], int], ...] = (
    (errors.NotSignedIn, 401),
    (errors.NotAllowed, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Stale, 412),
    (errors.Invalid, 400),
    (errors.VersionRequired, 428),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
)


class ProblemFault(serializers.Serializer[Any]):
    """One fault of the input."""

    field = serializers.CharField(
        help_text="Dotted path of the field; empty if the fault is not in a single field. Example: changes.title"
    )
    code = serializers.CharField(help_text="A stable name of the fault, for programs. Example: max_length")
    message = serializers.CharField(
        help_text="What is wrong and what to do, for people. Example: The text has 95 characters. Shorten it to 80."
    )


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField(help_text="A stable URN of the code. Example: urn:theater:problem:seats_taken")
    title = serializers.CharField(help_text="The phrase of the HTTP status. Example: Conflict")
    status = serializers.IntegerField(help_text="The HTTP status. Example: 409")
    detail = serializers.CharField(
        help_text="What is wrong and what to do, for people. Example: Seat 4 in row 2 is taken. Choose another."
    )
    code = serializers.CharField(help_text="A stable name of the problem, for programs. Example: seats_taken")
    request_id = serializers.CharField(
        help_text="The request in the logs. Quote it when you ask for help. Example: c024995a98ac485fb4107ef19d030ec9"
    )
    errors = ProblemFault(
        many=True, required=False, help_text="The faults of the input, if there are several or if one has a field."
    )  # type: ignore[assignment]
    data = serializers.DictField(
        required=False,  # type: ignore[assignment]
        help_text="Details for programs. Which ones there are depends on `code`.",
    )


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of REST framework. Returns None for a bug, which becomes a 500 that does not name its cause."""
    domain = _as_domain_error(error)
    if domain is None:
        return None
    set_rollback()
    status = status_of(domain)
    response = Response(body(domain, status), status=status, content_type=MEDIA_TYPE)
    if status == 401:
        authenticators = context["view"].get_authenticators()
        response["WWW-Authenticate"] = authenticators[0].authenticate_header(context["request"])
    if "retry_after" in domain.data:
        response["Retry-After"] = str(domain.data["retry_after"])
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


class _HttpError(errors.DomainError):
    """An error of the HTTP request that no service raises, such as a wrong method or media type."""

    def __init__(self, message: str, *, code: str, status: int) -> None:
        super().__init__(message, code=code)
        self.status = status


def status_of(error: errors.DomainError) -> int:
    """The HTTP status of a domain error."""
    if isinstance(error, _HttpError):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def body(error: errors.DomainError, status: int) -> dict[str, Any]:
    """The problem JSON of a domain error, as data."""
    problem: dict[str, Any] = {
        "type": f"urn:theater:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.message,
        "code": error.code,
        "request_id": request_id(),
    }
    faults = error.problems or ((error,) if error.field else ())
    if faults:
        problem["errors"] = [
            {"field": fault.field or "", "code": fault.code, "message": fault.message} for fault in faults
        ]
    if error.data:
        problem["data"] = error.data
    return problem


def _as_domain_error(error: Exception) -> errors.DomainError | None:
    if isinstance(error, errors.DomainError):
        return error
    if isinstance(error, Http404 | exceptions.NotFound):
        return errors.NotFound("Not found, or not visible to you.")
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return errors.NotAllowed("You may not do this.")
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated):
        return errors.NotSignedIn(str(error.detail), code="not_signed_in")
    if isinstance(error, exceptions.ValidationError):
        return _validation_error(error)
    if isinstance(error, exceptions.Throttled):
        wait = int(getattr(error, "wait", None) or 1) + 1
        return errors.TooMany(f"Too many requests. Try again in {wait} seconds.", data={"retry_after": wait})
    if isinstance(error, exceptions.APIException):
        return _HttpError(str(error.detail), code=error.default_code, status=error.status_code)
    if isinstance(error, IntegrityError):
        return conflict_of(error)
    if isinstance(error, OperationalError | InterfaceError):
        log.error("the database did not answer", exc_info=error)
        return errors.Unavailable("The database is busy. Try again in a moment.", data={"retry_after": 2})
    return None


def _validation_error(error: exceptions.ValidationError) -> errors.Invalid:
    faults = list(_flatten(error.detail, ""))
    message = "Several fields are wrong. Fix each field in `errors`."
    if len(faults) == 1:
        message = f"{faults[0].field}: {faults[0].message}" if faults[0].field else faults[0].message
    return errors.Invalid(message, code="invalid", problems=faults)


def _flatten(detail: Any, path: str) -> list[errors.DomainError]:
    """The errors in a nested `detail` of REST framework, each with the dotted path of its field."""
    if isinstance(detail, dict):
        items = [(str(name), inner) for name, inner in detail.items()]
    elif isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        items = [(str(position), inner) for position, inner in enumerate(detail) if inner]
    elif isinstance(detail, list):
        return [fault for inner in detail for fault in _flatten(inner, path)]
    else:
        return [errors.Invalid(str(detail), code=getattr(detail, "code", None) or "invalid", field=path)]
    faults: list[errors.DomainError] = []
    for name, inner in items:
        # REST framework's name for the errors of the whole object.
        inner_path = path if name == "non_field_errors" else f"{path}.{name}" if path else name
        faults += _flatten(inner, inner_path)
    return faults


def _plain(error: errors.DomainError, status: int) -> HttpResponse:
    import orjson

    return HttpResponse(orjson.dumps(body(error, status)), status=status, content_type=MEDIA_TYPE)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404: no address matches."""
    return _plain(errors.NotFound("There is nothing at this address."), 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: a host that is not in ALLOWED_HOSTS, a body that is too large."""
    return _plain(errors.Invalid("This request is malformed, too large or for another host.", code="bad_request"), 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return _plain(errors.NotAllowed("You may not do this."), 403)


def broken(request: HttpRequest) -> HttpResponse:
    """handler500: a bug. The response contains nothing about its cause but the request id."""
    fault = errors.DomainError(
        "The server failed, and the failure was logged. Quote the request id when you report it.", code="internal_error"
    )
    return _plain(fault, 500)
