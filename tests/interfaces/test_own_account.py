"""Everybody edits their own name, language and zone; without a name they are shown by the part of the address before the @."""

from __future__ import annotations

import socket

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry, Notification, User
from tests import world
from tests.laws.scenes import Theater

pytestmark = pytest.mark.django_db
ME = "/api/v1/me/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


def test_users_edit_their_own_name_language_and_zone(theater):
    ann = world.user("")
    browser = world.client(ann)
    changed = browser.patch(
        ME, {"name": "  Ann   Bell ", "language": "de", "timezone": "Europe/Berlin"}, content_type="application/json"
    )
    assert changed.status_code == 200, changed.json()
    assert browser.get(ME).json() == changed.json()
    assert [changed.json()[name] for name in ("name", "language", "timezone")] == ["Ann Bell", "de", "Europe/Berlin"]
    assert AuditEntry.objects.filter(action="user.update_self", actor=ann).count() == 1
    for body, field, code in (
        ({"name": "A\nB"}, "name", "control_character"), ({"name": "x" * 201}, "name", "max_length"),
        ({"language": "tlh"}, "language", "unknown_language"), ({"timezone": "Mars/Base"}, "timezone", "unknown_timezone"),
        ({"email": "x@home.example"}, "email", "unknown_field"),
    ):  # fmt: skip
        wrong = browser.patch(ME, body, content_type="application/json")
        error = wrong.json()["errors"][0]
        assert (wrong.status_code, error["field"], error["code"]) == (400, field, code)
    assert world.client().patch(ME, {"name": "X"}, content_type="application/json").status_code == 401
    assert browser.patch(ME, {"name": ""}, content_type="application/json").json()["name"] == ""


def test_a_user_without_a_name_is_shown_by_their_address(theater):
    nameless = User.objects.create_user("nora.nameless@home.example")
    world.give("director", theater.root, by=theater.director, to=nameless)
    boss = world.client(theater.director)
    rows = boss.get(f"/api/v1/sections/{theater.root.pk}/members/").json()["results"]
    names = {str(row) for row in rows}
    assert any("nora.nameless" in text and "home.example" not in text for text in names)
    helper = world.give("viewer", theater.root, by=nameless)
    mail = Notification.objects.filter(recipient=helper, kind="role_given").latest("pk")
    assert "nora.nameless" in mail.body
    assert "home.example" not in mail.body


def test_the_demo_refuses_a_taken_port_before_it_builds(monkeypatch):
    from theater_site.management.commands import demo

    monkeypatch.setattr(demo, "call_command", lambda *_, **__: pytest.fail("it began to build"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is taken.*--port 0"):
            call_command("demo", port=port)
    assert 1 <= demo._free_port(0) <= 65535
    with pytest.raises(CommandError, match="--port takes"):
        call_command("demo", port=70_000)


def test_explain_lists_the_available_sections(theater, capsys):
    with pytest.raises(CommandError, match=r"(?s)Give the id or the name of one of these:.*\(organization\)"):
        call_command("explain", theater.director.email, "edit_details", "nowhere")
    call_command("explain", theater.director.email, "edit_details", theater.root.name)
    assert "edit_details" in capsys.readouterr().out
