"""A Python client generated from the schema sells a ticket, against the API as it is served.

Run by .ci/run, since openapi-python-client is in the dev group. It needs no network: the schema is a file, and what it made
is not formatted.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import orjson
import pytest
from django.core.wsgi import get_wsgi_application

from accounts.models import User
from accounts.users.services.login_tokens import issue_session_token
from tests import world
from tests.worlds import media_library, ticketing
from theater_site.api.documents import document

PACKAGE = "generated_theater_client"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Generates the package `PACKAGE` and makes it importable; what the generator said."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "schema.json").write_bytes(orjson.dumps(document()))
    (folder / "config.json").write_text('{"post_hooks": []}')
    options = ["--path", "schema.json", "--config", "config.json", "--meta", "none", "--output-path", PACKAGE]
    done = subprocess.run(
        [Path(sys.executable).with_name("openapi-python-client"), "generate", *options],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield done.stdout + done.stderr
    sys.path.remove(str(folder))


def call(name: str) -> Any:
    """The generated function of an operation, which answers the parsed body with its status."""
    tag, operation = name.split(".")
    return import_module(f"{PACKAGE}.api.{tag}.{operation}").sync_detailed


def model(name: str) -> Any:
    return getattr(import_module(f"{PACKAGE}.models"), name)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def served(real_database: None) -> Iterator[str]:
    """The address of the API, served over HTTP by a thread with a connection of its own."""
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def clients(url: str, director: User) -> Iterator[tuple[Any, Any]]:
    """A buyer's client, and one of the box office's desk."""
    kinds = import_module(f"{PACKAGE}.client")
    token = issue_session_token(director)
    signed_in = kinds.AuthenticatedClient(url, token=token, auth_header_name="X-Session-Token", prefix="")
    with kinds.Client(url) as buyer, signed_in as desk:
        yield buyer, desk


def test_the_generator_drops_no_operation(told: str) -> None:
    # A table can be sent as text/csv too, which this generator does not write.
    assert told.count("WARNING") == 1, told
    assert "Unsupported content type text/csv" in told
    made = {path.stem for path in (Path(sys.path[0]) / PACKAGE / "api").rglob("*.py")}
    declared = {operation["operationId"] for path in document()["paths"].values() for operation in path.values()}
    assert declared - made == set()


def test_three_calls_sell_a_ticket(told: str, served: str) -> None:
    _, director, evening, seats, _ = ticketing.house()
    hold, place = call("performances.performances_holds_create"), call("orders.orders_create")
    pay, check_in = call("orders.orders_pay_create"), call("performances.performances_check_ins_create")
    with clients(served, director) as (buyer, desk):
        wanted = model("HoldTakeInputRequest")(seats=[seats[0].pk, seats[1].pk])
        held = hold(evening.pk, client=buyer, body=wanted)
        assert (held.status_code, held.parsed.total, held.parsed.currency) == (201, "50.00", "EUR")

        address = {"buyer_name": "Bea Buyer", "buyer_email": "bea@home.example"}
        order = place(client=buyer, body=model("OrderPlaceInputRequest")(hold=held.parsed.token, **address))
        assert order.status_code == 201, order.content

        paid = pay(order.parsed.id, client=desk, body=model("OrderPayInputRequest")(method="cash"))
        assert (paid.status_code, paid.parsed.state.value) == (200, "paid")

        codes = [model("TicketCheckInInputRequest")(code=line.code) for line in paid.parsed.lines]
        assert [check_in(evening.pk, client=desk, body=code).status_code for code in codes] == [201, 201]
        again = check_in(evening.pk, client=desk, body=codes[0])
        assert (again.status_code, again.parsed.code) == (409, "already_checked_in")


def test_pictures_and_tables_are_downloaded_complete(told: str, served: str) -> None:
    root, director = world.found()
    play = world.production(world.season(root, by=director), by=director, published=True)
    picture = media_library.asset(play, by=director, published=True)
    with clients(served, director) as (_, desk):
        got = call("assets.assets_file_retrieve")(picture.pk, client=desk)
        assert (got.status_code, len(got.parsed.payload.read())) == (200, picture.byte_size)
        table = call("productions.productions_export_retrieve")(client=desk)
        assert play.title in table.parsed
        file = import_module(f"{PACKAGE}.types").File(payload=table.content)
        taken = call("productions.productions_import_create")(client=desk, body=file)
        assert taken.status_code == 200, taken.content
