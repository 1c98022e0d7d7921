"""Problem JSON below `/api/auth/` where allauth's own response says too little: limits, broken bodies, failed mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from theater_site.api.problems import MEDIA_TYPE, body, status_of
from theater_site.core.errors import DomainError, Invalid, TooMany, Unavailable

# Seconds. allauth does not say when its limit ends: after five minutes for failed sign-ins, for most others after one.
_WAIT = {"too_many_login_attempts": 300}
_DEFAULT_WAIT = 60


class MailNotSent(Exception):
    """The mail server refused a mail that the request is about, such as a code for signing in."""


class SignInProblems:
    """Middleware for `/api/auth/`. Responses that allauth specifies are unchanged, except:

    - 429 keeps allauth's `errors`, and gets the members of a problem and `Retry-After`.
    - 401 without a way to authenticate says what to do.
    - 400 without a body, and a mail that could not be sent, become problems.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith("/api/auth/"):
            return response
        if response.status_code == 429:
            return _limited(response)
        if response.status_code == 401:
            return _with_next_step(response)
        if response.status_code == 400 and not response.content:
            return _problem(Invalid("The body must be one JSON object.", code="parse_error"))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, MailNotSent):
            return None
        return _problem(
            Unavailable(
                "The mail could not be sent, so nothing was done. Try again in a few minutes.",
                code="mail_not_sent",
                data={"retry_after": _DEFAULT_WAIT},
            )
        )


def _with_next_step(response: HttpResponse) -> HttpResponse:
    """Add an error that says what to do to a 401 that asks a signed-in user to authenticate again, but offers no way.

    The account has no password and no verified address, as a founder's before the mailed link was used.
    """
    if not response.get("Content-Type", "").startswith("application/json"):
        return response
    answer = orjson.loads(response.content)
    if answer.get("meta", {}).get("is_authenticated") and answer.get("data", {}).get("flows") == []:
        message = (
            "This account has no password and no verified address yet. POST its address to"
            " /api/auth/app/v1/auth/password/request, and set a password through the link in the mail."
        )
        answer["errors"] = [{"code": "set_password_by_mail", "message": message}]
        response.content = orjson.dumps(answer)
    return response


def _limited(response: HttpResponse) -> HttpResponse:
    errors: list[Any] = []
    if response.get("Content-Type", "").startswith("application/json"):
        errors = orjson.loads(response.content).get("errors", [])
    code = errors[0]["code"] if errors else "too_many"
    wait = _WAIT.get(code, _DEFAULT_WAIT)
    message = errors[0]["message"] if errors else f"Too many requests. Try again in {wait} seconds."
    return _problem(TooMany(message, code=code, data={"retry_after": wait}), errors=errors)


def _problem(error: DomainError, **members: Any) -> HttpResponse:
    status = status_of(error)
    response = HttpResponse(
        orjson.dumps({**body(error, status), **members}),
        status=status,
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store"},
    )
    if "retry_after" in error.data:
        response["Retry-After"] = str(error.data["retry_after"])
    return response
