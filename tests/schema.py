"""Answers checked against the OpenAPI schema: every one that the test client is given, in every test.

What is declared must be what is sent: the status, the media type, the body without a field more, and of what was sent and
taken the body of the action that ran. `checked` is the one switch; the fixture in tests/conftest.py turns it on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson
from django.http import HttpResponseBase
from django.test import Client
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from theater_site.api.documents import document
from theater_site.api.error_codes import EVERYWHERE
from theater_site.api.resources import ActingView

# Of the protocol, not of an operation: no method, nothing acceptable, too large, no such media type, our fault, busy.
_OF_HTTP = {405, 406, 413, 415, 500, 503}
# They answer with the errors of the actions that they run.
_RUN_OTHERS = {"submission.approve", "submission.submit"}
_OF_SEVERAL = {"rules_broken", "waiver_required", "submission_incomplete", "not_applicable"}
_SEND, _PERFORM = Client.request, ActingView.perform
_METHODS = ("get", "put", "post", "patch", "delete")
_HOME = "urn:openapi"
# What a body is that no action reads.
_OTHER_BODIES = {"text/csv", "multipart/form-data", "application/octet-stream"}


@contextmanager
def checked() -> Iterator[None]:
    """Let the test client fail where an answer is not as the schema says."""
    send, perform = Client.request, ActingView.perform

    def perform_and_note(view: ActingView, request: Any, action: Any, answer: Any, **given: Any) -> Any:
        request._request.ran = given.get("body")
        return perform(view, request, action, answer, **given)

    def send_and_check(browser: Client, **request: Any) -> Any:
        response: Any = send(browser, **request)
        faults = faults_of(response)
        assert not faults, "\n".join(faults)
        return response

    Client.request = send_and_check  # type: ignore[method-assign]
    ActingView.perform = perform_and_note  # type: ignore[method-assign]
    try:
        yield
    finally:
        Client.request, ActingView.perform = send, perform  # type: ignore[method-assign]


@contextmanager
def unchecked() -> Iterator[None]:
    """Without the check, whose time is not the product's: for tests with a limit in seconds."""
    send, perform = Client.request, ActingView.perform
    Client.request, ActingView.perform = _SEND, _PERFORM  # type: ignore[method-assign]
    try:
        yield
    finally:
        Client.request, ActingView.perform = send, perform  # type: ignore[method-assign]


def faults_of(response: Any) -> list[str]:
    """In what an answer, and what was sent for it, differ from what the schema declares."""
    request = response.wsgi_request
    # Not the answer's own, which is looked up now and fails where there was nothing.
    route = request.resolver_match
    method = request.method.lower()
    if route is None or method not in _METHODS or not request.path.startswith("/api/v1/") or route.url_name == "schema":
        return []
    found = operation_at(method, route.route, request.path)
    if found is None:
        return [] if response.status_code >= 400 else [f"{method} {request.path} is not in the schema"]
    where = f"{method.upper()} {found} answered {response.status_code}"
    if response.status_code in _OF_HTTP:
        return []
    faults = [f"{where}: {fault}" for fault in _answer_faults(method, found, response)]
    if response.status_code >= 400:
        faults += [f"{where}: {fault}" for fault in _code_faults(operations()[method, found], response)]
    if response.status_code < 300:
        faults += [f"{where}: {fault}" for fault in _request_faults(method, found, request)]
    return faults


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation by its method and path, with shared parameters and answers written out."""
    return {
        (method, path): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS
    }


def resolved(part: Any) -> Any:
    """What a reference names; anything else itself."""
    while isinstance(part, dict) and "$ref" in part:
        _, *steps = part["$ref"].split("/")
        part = document()
        for step in steps:
            part = part[step]
    return part


@cache
def operation_at(method: str, route: str, path: str) -> str | None:
    """The path of the schema that this address is of: of several, the one with the fewest parameters."""
    fitting = [known for (verb, known), pattern in _patterns().items() if verb == method and pattern.fullmatch(path)]
    return min(fitting, key=lambda known: known.count("{"), default=None)


@cache
def _patterns() -> dict[tuple[str, str], re.Pattern[str]]:
    return {
        (method, path): re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))) for method, path in operations()
    }


def _answer_faults(method: str, path: str, response: HttpResponseBase) -> Iterator[str]:
    declared = resolved(operations()[method, path]["responses"].get(str(response.status_code)))
    if declared is None:
        known = ", ".join(operations()[method, path]["responses"])
        yield f"the status is not declared; there are {known}"
        return
    content = declared.get("content", {})
    kind = response.headers.get("Content-Type", "").split(";")[0]
    body = b"" if response.streaming else response.content  # type: ignore[attr-defined]
    if not content:
        if body:
            yield "an answer without a body is declared"
        return
    known = next((name for name in (kind, f"{kind.split('/')[0]}/*") if name in content), None)
    if known is None:
        yield f"{kind} is not declared; there are {', '.join(content)}"
    elif kind.endswith("json") and not response.streaming:
        yield from _judged(content[known]["schema"], orjson.loads(body))


def _code_faults(operation: dict[str, Any], response: Any) -> Iterator[str]:
    """The error codes of an answer that the operation's action does not name."""
    if (
        operation.get("x-action") in {None, *_RUN_OTHERS}
        or response.streaming
        or not response["Content-Type"].endswith("json")
    ):
        return
    problem = orjson.loads(response.content)
    codes = {problem.get("code")}
    # The others are of rules that judges keep, or of the items of a submission.
    if problem.get("code") not in _OF_SEVERAL:
        codes |= {error["code"] for error in problem.get("errors", [])}
    for code in sorted(codes - {None} - EVERYWHERE.keys() - set(operation["x-error-codes"])):
        yield f"the error {code} is not named in the docstring of {operation['x-action']}"


def _request_faults(method: str, path: str, request: Any) -> Iterator[str]:
    if not hasattr(request, "ran"):
        return
    declared = resolved(operations()[method, path].get("requestBody", {})).get("content", {})
    ran = request.ran
    if ran is None:
        if declared.keys() - _OTHER_BODIES:
            yield f"a body is declared ({', '.join(declared)}), and none is read"
        return
    names = [media["schema"].get("$ref", "").rsplit("/", 1)[-1] for media in declared.values()]
    expected = {f"{ran.__name__}Request", f"Patched{ran.__name__}Request"}
    if list(declared) != ["application/json"] or names[0] not in expected:
        yield f"the body {ran.__name__} is read, and {names} as {list(declared)} declared"


def _judged(schema: Any, value: Any) -> Iterator[str]:
    key = orjson.dumps(schema)
    for error in _validator(key).iter_errors(value):
        yield f"{error.json_path}: {error.message[:300]}"


@cache
def _validator(key: bytes) -> Draft202012Validator:
    return Draft202012Validator(_strict(orjson.loads(key)), registry=_registry())


@cache
def _registry() -> Registry[Any]:
    whole = {"components": {"schemas": {n: _strict(s) for n, s in document()["components"]["schemas"].items()}}}
    return Registry().with_resource(_HOME, DRAFT202012.create_resource(whole))


def _strict(schema: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` as a type; an object has its properties and no others."""
    if isinstance(schema, list):
        return [_strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#", f"{_HOME}#", 1)}
    made = {name: _strict(inner) for name, inner in schema.items() if name not in ("nullable", "example", "format")}
    if isinstance(schema.get("properties"), dict):
        made["properties"] = {name: _strict(inner) for name, inner in schema["properties"].items()}
        made.setdefault("additionalProperties", False)
    if schema.get("nullable"):
        return {"anyOf": [made, {"type": "null"}]}
    return made
