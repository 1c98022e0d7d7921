"""A real SMTP server that refuses, delays, accepts and hangs up, and workers killed by signal 9: nobody gets a mail never,
and nobody twice but where SMTP cannot tell (docs/decisions/mail-goes-through-an-outbox.md)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from email import message_from_bytes
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from tests.installations import Postbox, mail_server, manage, python, until, worker

# How the server treats whom: by the first word of the address, and how many of each there are.
PLAIN, COUNTS = 60, {"busy": 3, "full": 3, "lost": 3, "leaving": 3, "unknown": 3, "spam": 2}
KILLS = 4


class Moody(Postbox):
    """Refuses, delays, accepts, and hangs up before or after it said so; remembers all that it kept."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.kept: list[tuple[str, str]] = []

    def first_time(self, whom: str) -> bool:
        return whom not in self.seen and not self.seen.add(whom)  # type: ignore[func-returns-value]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("unknown"):
            return f"550 5.1.1 <{address}> is nobody here"
        if address.startswith("busy") and self.first_time(address):
            return f"451 4.3.0 come back later, <{address}>"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        (whom,) = envelope.rcpt_tos
        if whom.startswith("spam"):
            return "554 5.7.1 not in this house"
        if whom.startswith("full") and self.first_time(whom):
            return "452 4.2.2 mailbox full"
        message = message_from_bytes(envelope.content)
        self.kept.append((whom, str(message["Message-ID"])))
        if whom.startswith("lost") and self.first_time(whom):
            server.transport.abort()  # kept, and nobody was told
        elif whom.startswith("leaving"):
            asyncio.get_running_loop().call_later(0.005, server.transport.close)  # just after the yes
        else:
            await asyncio.sleep(0.03)  # time to be killed in: kept, and not yet told
        return "250 OK"


_PEOPLE = """
from accounts.models import User
from tests.worlds.notifications import tell
names = {names}
tell("submission_arrived", *[User.objects.create_user(f"{{name}}@theater.example") for name in names])
"""
# Some minutes later: what is pending for its next attempt, or was in a killed worker's hands, is due. No worker runs meanwhile.
_LATER = """
from django.core.management import call_command
from django.utils import timezone
from accounts.models import Notification
Notification.objects.exclude(next_attempt_at=None).update(next_attempt_at=timezone.now())
"""
_ROUNDS = 4
_WORK = f"for _ in range({_ROUNDS}):\n" + indent(_LATER + "call_command('work', once=True, json=True)\n", "    ")
_OUTCOMES = """
import json
from accounts.models import Notification
rows = Notification.objects.select_related("recipient").order_by("pk")
print(json.dumps([[r.recipient.email, r.delivered_at is not None, r.failed, r.attempts, r.last_error] for r in rows]))
"""


@pytest.mark.django_db
def test_every_mail_arrives_once_although_workers_are_killed(installation: dict[str, str], tmp_path: Path) -> None:
    names = [f"plain{n}" for n in range(PLAIN)] + [f"{mood}{n}" for mood, count in COUNTS.items() for n in range(count)]
    python(installation, _PEOPLE.format(names=names))
    box = Moody()
    with mail_server(box) as address:
        here = {**installation, "EMAIL_URL": address}
        for round_ in range(KILLS // 2):
            with worker(here, tmp_path / "one.log") as one, worker(here, tmp_path / "two.log") as two:
                sent, enough = len(box.kept), 15
                until(lambda: len(box.kept) >= sent + enough)
                one.kill()
                two.kill()
            assert len(box.kept) < PLAIN + 10, f"round {round_}: they were killed in the midst of it"
            python(installation, _LATER)
        python(here, _WORK)
    outcomes = {row[0]: row[1:] for row in json.loads(python(installation, _OUTCOMES))}
    arrived: dict[str, list[str]] = {}
    for whom, message_id in box.kept:
        arrived.setdefault(whom, []).append(message_id)

    for whom, (delivered, failed, attempts, error) in outcomes.items():
        if whom.startswith(("unknown", "spam")):
            assert (delivered, failed) == (False, True), whom
            assert attempts <= 1 + KILLS, "given up at once, not after eight attempts"
            assert error.startswith("SMTPRecipientsRefused 550 5.1.1" if whom[0] == "u" else "SMTPDataError 554 5.7.1")
            assert "@" not in error
            assert whom not in arrived
        else:
            assert (delivered, failed, error) == (True, False, ""), whom
            assert whom in arrived, f"{whom} never got it"
            assert len(set(arrived[whom])) == 1, "whatever arrives twice has one Message-ID"
    twice = Counter({whom: len(ids) - 1 for whom, ids in arrived.items() if len(ids) > 1})
    hung_up = {whom for whom in twice if whom.startswith("lost")}
    assert hung_up == {f"lost{n}@theater.example" for n in range(COUNTS["lost"])}, "SMTP cannot tell these"
    assert sum(count for whom, count in twice.items() if whom not in hung_up) <= KILLS, "one a killed worker, at most"
    told = json.loads(manage(installation, "mail_queue", "--json").stdout)
    assert (told["waiting"], told["failed"]) == (0, COUNTS["unknown"] + COUNTS["spam"])
    assert "@" not in json.dumps(told)
