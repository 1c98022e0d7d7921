"""Whatever a client sends, each route answers with what the OpenAPI schema says, and never breaks.

Every operation of the schema is called many times as a stranger and as the director, over a season whose rows exist.
The inputs come from schemathesis: such as the schema allows, and such as it does not. They are the same in every run;
`HYPOTHESIS_PROFILE=explore` looks for others. Each call is rolled back, so that every one meets the same rows, after
the constraints are checked that a commit would have checked.

Of schemathesis's checks these run: no answer is a 5xx, its status is declared, its media type is declared, and its body
and headers are as declared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.users.services.login_tokens import issue_session_token
from productions.services.productions import update_production
from tests import world
from tests.laws.test_routes import ROUTES
from tests.worlds import directory, media_library, scheduling, ticketing

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# The transport does not close the answers that it reads, so streamed files are closed by the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
)

# Calls in one run of this file, shared out among all operations; .ci/run has one on each database.
CALLS = 1_500
FEWEST = 4

_DOCUMENT = json.loads(OpenApiJsonRenderer().render(SchemaGenerator().get_schema(request=None, public=True)))
_SCHEMA = schemathesis.openapi.from_dict(_DOCUMENT)
_SCHEMA.app = get_wsgi_application()
_OPERATIONS = {found.ok().label: found.ok() for found in _SCHEMA.get_all_operations()}
_EXAMPLES = max(FEWEST, CALLS // (2 * len(_OPERATIONS)))


@pytest.fixture
def director(db: None) -> str:
    """The session token of the director of a theater that has something of everything."""
    root, director, on_sale, seats, floor = ticketing.house(standing=20)
    play = on_sale.production
    ticketing.order(ticketing.hold(on_sale, seats[:2]), paid_to=director)
    ticketing.hold(on_sale, area=floor, quantity=3)
    scheduling.series(play, by=director)
    scheduling.occurrence(root, by=director)
    ann = directory.person(by=director, published=True)
    directory.alias(ann, "Ann Other", by=director)
    directory.credit(play, ann, "Lead", by=director)
    media_library.asset(play, by=director, published=True)
    author = world.give("marketing_coordinator", root, by=director)
    update_production.submit(actor=world.acting(author), production=play, changes={"subtitle": "Submitted"})
    return issue_session_token(director)


def test_the_served_schema_equals_the_generated_one(db: None) -> None:
    answer = Client().get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert answer.status_code == 200
    assert json.loads(answer.content)["paths"] == _DOCUMENT["paths"]


def test_every_routed_operation_is_in_the_schema() -> None:
    assert len(_OPERATIONS) == sum(len(_methods(path)) for path in _DOCUMENT["paths"].values())
    # A view that the schema leaves out would never be called here; the schema's own address is the one exception.
    assert len(_OPERATIONS) == len([route for route in ROUTES if route != "GET schema"])


@pytest.mark.parametrize("label", _OPERATIONS)
def test_no_operation_breaks_for_a_stranger(label: str, director: str) -> None:
    _call_often(label, token=None, ids_seen_by=director)


@pytest.mark.parametrize("label", _OPERATIONS)
def test_no_operation_breaks_for_the_director(label: str, director: str) -> None:
    _call_often(label, token=director, ids_seen_by=director)


def _call_often(label: str, *, token: str | None, ids_seen_by: str) -> None:
    operation = _OPERATIONS[label]
    ids = _ids_of(operation.path, ids_seen_by)
    modes = schemathesis.GenerationMode
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in (modes.POSITIVE, modes.NEGATIVE)))

    @settings(
        max_examples=_EXAMPLES,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, data=st.data())
    def call(case: schemathesis.Case, data: st.DataObject) -> None:
        # Made-up ids and versions would meet nothing but 404 and 412.
        if ids and data.draw(st.integers(0, 3), label="an id that exists, three times of four"):
            case.path_parameters = {name: data.draw(st.sampled_from(ids)) for name in case.path_parameters}
        headers = dict.fromkeys(["X-Session-Token"], token) if token else {}
        if "If-Match" in (case.headers or {}) and data.draw(st.booleans(), label="any version"):
            headers["If-Match"] = "*"
        with _taken_back():
            answer = case.call(headers=headers)
            # What the commit would find out: references to rows that do not exist.
            connection.check_constraints()
            case.validate_response(answer, checks=CHECKS)

    try:
        call()
    finally:
        for end in (request_started, request_finished):
            end.connect(close_old_connections)


@contextmanager
def _taken_back() -> Iterator[None]:
    """A transaction that ends as if nothing had been."""
    # Each request would close the connection at its ends, and the transaction with it. Django's test client connects
    # these again after every call.
    for end in (request_started, request_finished):
        end.disconnect(close_old_connections)
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def _ids_of(path: str, token: str) -> list[Any]:
    """Ids that exist on the list above an object's address."""
    if "{" not in path:
        return []
    above = path.split("{", 1)[0].removesuffix("by-reference/")
    answer = Client(headers={"X-Session-Token": token}).get(above)
    if answer.status_code != 200:
        return []
    # Its buyer reads an order by its secret reference, the box office by its number.
    key = "reference" if "{reference}" in path else "id"
    return [row[key] for row in answer.json()["results"]]


def _methods(path: dict[str, Any]) -> Iterator[str]:
    return [name for name in path if name in ("get", "put", "post", "patch", "delete", "head", "options")]
