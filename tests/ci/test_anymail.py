"""`manage.py work` through django-anymail, to a provider's API that takes, refuses, or does not answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Notification, User
from accounts.notifications.services.outbox import deliver_due
from tests.worlds.notifications import tell
from theater_site.core.errors import Unavailable

pytestmark = pytest.mark.django_db
KEY = "permission"
# Postmark's words, since django-anymail reads the addresses out of them.
_INACTIVE = (
    "You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: {}. Inactive recipients "
    "are ones that have generated a hard bounce, a spam complaint, or a manual suppression."
)


class Provider(ThreadingHTTPServer):
    """Postmark's API as far as one mail needs it; keeps what it took. The first word of the address says how it goes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.taken: list[dict[str, Any]] = []
        self.busy = True

    def answer(self, mail: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
        if key != KEY:
            return 401, {"ErrorCode": 10, "Message": "Bad or missing Server API token."}
        if mail["To"].startswith("gone"):
            return 422, {"ErrorCode": 406, "Message": _INACTIVE.format(mail["To"])}
        if mail["To"].startswith("busy") and self.busy:
            self.busy = False
            return 500, {"ErrorCode": 100, "Message": "Maintenance"}
        self.taken.append(mail)
        return 200, {"ErrorCode": 0, "Message": "OK", "MessageID": str(len(self.taken)), "To": mail["To"]}


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        mail = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.server.answer(mail, self.headers["X-Postmark-Server-Token"])
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with Provider() as provider:
        Thread(target=provider.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {
            "POSTMARK_SERVER_TOKEN": KEY,
            "POSTMARK_API_URL": f"http://127.0.0.1:{provider.server_port}/",
        }
        yield provider
        provider.shutdown()


def told(*names: str) -> None:
    people = [User.objects.create_user(f"{name}@theater.example") for name in names]
    tell("submission_arrived", *people, thread="submission:7")


def outcomes() -> dict[str, tuple[bool, bool, int, str]]:
    """By the first word of the address: delivered, given up, attempts, the last error."""
    rows = Notification.objects.select_related("recipient").order_by("pk")
    return {
        row.recipient.email.split("@")[0]: (row.delivered_at is not None, row.failed, row.attempts, row.last_error)
        for row in rows
    }


def test_a_provider_accepts_and_refuses_messages(provider: Provider) -> None:
    told("anna", "gone", "busy")
    call_command("work", once=True)
    assert outcomes() == {
        "anna": (True, False, 1, ""),
        "gone": (False, True, 1, "AnymailRecipientsRefused"),
        "busy": (False, False, 1, "AnymailRequestsAPIError 500"),
    }
    assert User.objects.get(email="gone@theater.example").refused_index
    deliver_due(timezone.now() + timedelta(minutes=5))
    assert outcomes()["busy"] == (True, False, 2, "")

    assert [mail["To"].split("@")[0] for mail in provider.taken] == ["anna", "busy"]
    first = provider.taken[0]
    assert first["TextBody"].strip()
    assert "<p" in first["HtmlBody"]
    headers = {header["Name"]: header["Value"] for header in first["Headers"]}
    assert headers["Message-ID"].startswith("<notification.")
    assert headers["References"] == headers["In-Reply-To"] == "<thread.submission.7@localhost>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].startswith("<http")


@pytest.mark.parametrize("away", [{"POSTMARK_SERVER_TOKEN": "wrong"}, {"POSTMARK_API_URL": "http://127.0.0.1:9/"}])
def test_an_unavailable_provider_counts_against_no_message(
    provider: Provider, settings: Any, away: dict[str, str]
) -> None:
    told("anna", "bert")
    permission = settings.ANYMAIL
    settings.ANYMAIL = {**permission, **away}
    for minutes in range(0, 20, 2):
        with pytest.raises(Unavailable, match="see ANYMAIL"):
            deliver_due(timezone.now() + timedelta(minutes=minutes))
    assert [row[:3] for row in outcomes().values()] == [(False, False, 0)] * 2
    assert outcomes()["anna"][3].startswith("AnymailRequestsAPIError")

    settings.ANYMAIL = permission
    deliver_due(timezone.now() + timedelta(hours=1))
    assert outcomes() == dict.fromkeys(("anna", "bert"), (True, False, 1, ""))
    assert len(provider.taken) == 2
