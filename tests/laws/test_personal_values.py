"""A personal value that is planted is found nowhere in the raw database outside of its own column, nor in the logs."""

from __future__ import annotations

import logging

import pytest
from django.db import connection

from accounts.models import Submission, User
from tests import world
from tests.laws.scenes import Theater
from theater_site.core.actions import registered

pytestmark = pytest.mark.django_db

MARK = "Xq7Zebediah"
MAIL = "xq7.zebediah@theater.example"
# Where each planted value has its home.
HOMES = {
    MARK: {("accounts_user", "name")},
    MAIL: {("accounts_user", "email"), ("account_emailaddress", "email")},
    "Xq7Title": set[tuple[str, str]](),
    "Xq7Comment": {("accounts_submission", "comment")},
}


def found(text: str) -> set[tuple[str, str]]:
    """Every column of every table in whose raw values `text` is, whatever its case."""
    places = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description or ()]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    raw = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                    if text.lower() in raw.lower():
                        places.add((table, column))
    return places


def test_planted_values_are_in_their_own_columns_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    theater = Theater()
    author = User.objects.create_user(MAIL, name=MARK)
    world.give("marketing_coordinator", theater.root, by=theater.director, to=author)
    browser = world.client(author)
    production = theater.production
    path = f"/api/v1/productions/{production.pk}/"
    answer = world.patch(browser, path, {"title": "Xq7Title"}, production.version)
    assert answer.status_code == 202
    world.post(browser, f"/api/v1/productions/{production.pk}/unpublish/", {}, **{"Idempotency-Key": MARK})
    world.client(theater.director).get("/api/v1/audit/")
    browser.get("/api/v1/productions/", {"title": MAIL})
    world.post(browser, "/api/v1/productions/", {"season": theater.season.pk, "title": "", MAIL: MARK})
    registered()["submission.reject"](
        actor=theater.acting(), submission=Submission.objects.get(pk=answer.json()["id"]), comment="Xq7Comment"
    )
    assert {text: found(text) - homes for text, homes in HOMES.items()} == {text: set() for text in HOMES}
    assert found(MARK), "the search finds what is there"
    for record in caplog.records:
        told = f"{record.getMessage()} {record.args}"
        assert not [text for text in HOMES if text.lower() in told.lower()], told
