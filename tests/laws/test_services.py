"""For every action: a stranger is refused and nothing changes; who may do it leaves one entry; a failure leaves nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models, transaction

from accounts.models import AuditEntry, SubmissionState
from tests import world
from tests.laws.scenes import Scene, Theater, changed, load_services, state, table
from theater_site.core import changes, judges, runs
from theater_site.core.actions import OpenTo, Submitted, registered
from theater_site.core.actors import Public
from theater_site.core.errors import Conflict, Invalid, NotAllowed, NotSignedIn
from theater_site.core.logs import bind_request_id
from theater_site.core.signals import action_done

pytestmark = pytest.mark.django_db

# Anybody who adds to these opens a door; the action must guard itself.
OPEN = {
    OpenTo.PUBLIC: {
        "hold.take",
        "hold.release",
        "order.place",
        "order.cancel_unpaid",
        "waiting_list.join",
        "waiting_list.leave",
    },
    OpenTo.SIGNED_IN: {
        "consent.give",
        "consent.withdraw",
        "file.stage",
        "invitation.accept",
        "person.describe_self",
        "headshot.give",
        "person.update_contact",
        "role.hand_over",
        "session.revoke",
        "submission.withdraw",
        "unavailability.add",
        "unavailability.remove",
        "unavailability.update",
        "user.update_self",
    },
    OpenTo.SYSTEM: {
        "event.follow_zones",
        "file.discard",
        "keys.rotate",
        "order.expire",
        "organization.found",
        "waiting_list.offer",
    },
}
for _kind, _names in table("OPEN").items():
    OPEN[_kind] |= _names
# Actions whose arguments alone let them through (a secret in the input): a stranger with it may.
BY_SECRET: set[str] = table("BY_SECRET").keys() | set()

load_services()
ACTIONS = registered()
# The founding can be done once only, and every theater here is founded already; see test_the_founding_is_one_entry.
REPEATABLE = sorted(ACTIONS.keys() - {"organization.found"})
SUBMITTABLE = [name for name, action in ACTIONS.items() if action.submittable]
CLOSED = [name for name, action in ACTIONS.items() if action.open_to is not OpenTo.PUBLIC and name not in BY_SECRET]


def scene(name: str, theater: Theater) -> Scene:
    scenes = table("ACTIONS")
    assert name in scenes, (
        f"{name} has no scene: add it to tests/laws/scenes/{ACTIONS[name].function.__module__.split('.')[0]}.py"
    )
    made = scenes[name](theater)
    made.actor = made.actor or theater.acting(made.who)
    return made


@pytest.fixture
def theater() -> Theater:
    return Theater()


def test_every_action_has_a_scene_and_every_scene_an_action() -> None:
    assert ACTIONS.keys() - table("ACTIONS").keys() == set()
    assert table("ACTIONS").keys() - ACTIONS.keys() == set()


def test_public_actions_are_exactly_those_listed() -> None:
    for kind, names in OPEN.items():
        assert {name for name, action in ACTIONS.items() if action.open_to is kind} == names


@pytest.mark.parametrize("name", CLOSED)
def test_strangers_and_the_public_are_refused_and_nothing_changes(name: str, theater: Theater) -> None:
    given = scene(name, theater).given
    before = state()
    with pytest.raises(NotAllowed), transaction.atomic():
        ACTIONS[name](actor=world.acting(theater.stranger), **given)
    with pytest.raises(NotSignedIn), transaction.atomic():
        ACTIONS[name](actor=Public(), **given)
    for entry in (ACTIONS[name].submit, ACTIONS[name].preview):
        with pytest.raises(NotAllowed), transaction.atomic():
            entry(actor=world.acting(theater.stranger), **given)
    assert changed(before) == []


@pytest.mark.parametrize("name", REPEATABLE)
def test_an_action_writes_one_audit_entry_with_actor_and_request_id(name: str, theater: Theater) -> None:
    made = scene(name, theater)
    known = set(AuditEntry.objects.values_list("pk", flat=True))
    with bind_request_id("law-7"):
        ACTIONS[name](actor=made.actor, **made.given)
    entries = list(AuditEntry.objects.exclude(pk__in=known).order_by("at", "id"))
    own = [entry for entry in entries if entry.action == name and entry.cause is None]
    assert len(own) == 1, [entry.action for entry in entries]
    assert {entry.request_id for entry in entries} == {"law-7"}
    assert {entry.actor_id for entry in entries} == {made.actor.user_id}
    causes = {entry.pk for entry in entries}
    assert all(entry.cause in causes for entry in entries if entry.pk != own[0].pk), "a consequence names its cause"
    assert not [entry for entry in entries if entry.action == "unattributed"]
    assert len({entry.at for entry in entries}) == 1


def test_found_writes_one_audit_entry(db: None) -> None:
    world.found()
    entries = {entry.action: entry for entry in AuditEntry.objects.all()}
    assert entries.keys() == {"organization.found", "role.assign"}
    assert entries["organization.found"].actor_kind == "system"
    assert entries["role.assign"].cause == entries["organization.found"].pk


@pytest.mark.parametrize("name", REPEATABLE)
def test_a_preview_changes_nothing(name: str, theater: Theater) -> None:
    made = scene(name, theater)
    before = state()
    seen = ACTIONS[name].preview(actor=made.actor, **made.given)
    assert changed(before) == []
    assert len(seen.digest) == 64
    assert ACTIONS[name].preview(actor=made.actor, **made.given).digest == seen.digest, "the digest is of what is done"


@pytest.mark.parametrize("name", SUBMITTABLE)
def test_whatever_can_be_submitted_can_be_approved(name: str, theater: Theater) -> None:
    """By somebody else, later, from what was kept of it; and it does exactly what was seen."""
    made, submitted = scene(name, theater), ACTIONS[name]
    ((permission, _),) = submitted.scopes(made.given)
    author = theater.proposer(permission.split("_", 1)[1])
    before = state()
    done = submitted.submit(actor=world.acting(author), **made.given)
    assert isinstance(done, Submitted)
    assert [row for row in changed(before) if not row.startswith("accounts_")] == []
    approve = ACTIONS["submission.approve"]
    decided = approve(
        actor=world.acting(theater.director), submission=done.submission, comment="", digest=done.submission.token()
    )
    assert decided.state == SubmissionState.APPLIED
    (entry,) = AuditEntry.objects.filter(action=name, cause__isnull=False).order_by("id")
    assert (entry.actor_id, entry.on_behalf_of_id) == (theater.director.pk, author.pk)
    assert changed(before) != []


class _Broken(Exception):
    pass


@pytest.mark.parametrize("name", REPEATABLE)
def test_a_failing_receiver_rolls_back_the_action(name: str, theater: Theater) -> None:
    made = scene(name, theater)

    def breaks(run: Any, **_: Any) -> None:
        if run.name == name:
            raise _Broken

    before = state()
    action_done.connect(breaks)
    try:
        with pytest.raises(_Broken):
            ACTIONS[name](actor=made.actor, **made.given)
    finally:
        action_done.disconnect(breaks)
    assert changed(before) == []


@pytest.mark.parametrize("name", REPEATABLE)
def test_a_failing_body_rolls_back_the_action(name: str, theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    made, action = scene(name, theater), ACTIONS[name]
    body = action.function

    def breaks_at_its_end(**given: Any) -> None:
        body(**given)
        raise _Broken

    monkeypatch.setattr(action, "function", breaks_at_its_end)
    before = state()
    with pytest.raises(_Broken):
        action(actor=made.actor, **made.given)
    assert changed(before) == []
    assert runs.running.get() is None


@pytest.mark.parametrize("name", REPEATABLE)
def test_an_error_of_a_judge_rolls_back_the_action(
    name: str, theater: Theater, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene(name, theater)
    probe = ACTIONS[name].preview(actor=made.actor, **made.given)
    if not probe.changes:
        return  # It writes no content, so there is nothing to judge.

    def strict(changes: Any) -> list[judges.Finding]:
        return [judges.Finding("no_change", judges.Severity.ERROR, "No.", "Leave it.", "x", "1")]

    monkeypatch.setattr(judges, "_judges", [(frozenset({change.model for change in probe.changes}), strict)])
    before = state()
    with pytest.raises(Invalid) as refused:
        ACTIONS[name](actor=made.actor, **made.given)
    assert refused.value.code == "rules_broken"
    assert changed(before) == []
    # A preview tells what the judges find, of consequences too, instead of refusing.
    assert "no_change" in {finding.rule for finding in ACTIONS[name].preview(actor=made.actor, **made.given).findings}
    assert changed(before) == []


def test_a_changed_value_is_detected_by_these_tests(theater: Theater) -> None:
    """A law that cannot fail is none: one changed value is noticed."""
    before = state()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_section SET name = 'Otherwise' WHERE id = %s", [theater.root.pk])
    assert changed(before) == ["accounts_section"]


EXPOSING = [name for name, action in ACTIONS.items() if action.exposes]


def test_publishing_actions_expose_their_subject() -> None:
    assert {name for name in ACTIONS if name.endswith(".publish")} == set(EXPOSING)


@pytest.mark.parametrize("name", EXPOSING)
def test_text_written_after_submitting_a_publication_is_not_published(name: str, theater: Theater) -> None:
    """Anybody who writes it, and whichever way: approval is of what stood there."""
    made, publish = scene(name, theater), ACTIONS[name]
    ((permission, _),) = publish.scopes(made.given)
    author = theater.proposer(permission.split("_", 1)[1])
    subject = made.given[publish.subject]
    texts = [f for f in subject._meta.concrete_fields if isinstance(f, models.CharField | models.TextField)]
    text = next(f.attname for f in texts if not f.choices and f.attname in changes.tracked(type(subject)))
    approve = ACTIONS["submission.approve"]

    def submitted() -> Any:
        done = publish.submit(actor=world.acting(author), **made.given)
        assert isinstance(done, Submitted)
        return done.submission

    def approved(waiting: Any) -> Any:
        return approve(actor=theater.acting(), submission=waiting, comment="", digest=waiting.token())

    first, rows = submitted(), type(subject).objects.filter(pk=subject.pk)
    rows.update(**{text: "Nobody saw"})
    before = rows.values().get()
    with pytest.raises(Conflict) as refusal:
        approved(first)
    assert refusal.value.code == "digest_outdated"
    assert rows.values().get() == before
    decided = approved(submitted())
    assert decided.state == SubmissionState.APPLIED, "what is submitted again is"
