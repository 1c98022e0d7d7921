"""A warning is waived for one object for a while: who, why, until when; and it counts again by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.approvals.services.waivers import give_waiver, revoke_waiver
from accounts.audit.selectors.history import reasons_in
from accounts.models import AuditEntry, AuditValue, User, Waiver
from accounts.permissions.selectors.sections import area
from directory.services.personal_data import erase_personal_data
from productions.models import Production
from productions.services.brand import create_brand_kit
from productions.services.productions import update_production
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import approvals
from theater_site.core.errors import Conflict, Invalid, NotAllowed

pytestmark = pytest.mark.django_db
LONG = "A subtitle that is longer than it may be"


@pytest.fixture
def theater() -> Theater:
    made = Theater()
    assert made.production
    create_brand_kit(
        actor=made.acting(),
        section=made.root,
        fields={"subtitle_max_length": 10, "title_max_length": 30, "only_warn": ["subtitle_too_long"]},
    )
    return made


def subtitle(theater: Theater, text: str = LONG) -> Production:
    play = Production.objects.get(pk=theater.production.pk)
    made: Production = update_production(actor=theater.acting(), production=play, changes={"subtitle": text})
    return made


def test_a_waiver_applies_until_its_end_and_is_audited(theater: Theater) -> None:
    with pytest.raises(Conflict) as refused:
        subtitle(theater)
    (finding,) = refused.value.data["findings"]
    assert {"field", "rule", "severity", "message", "hint", "object_type", "object_id"} <= finding.keys()
    body = {
        "section": theater.production.section.pk,
        "object_type": finding["object_type"],
        "object_id": finding["object_id"],
        "rule": finding["rule"],
        "reason": "The author insists.",
        "until": approvals.in_days(30).isoformat(),
    }
    made = world.post(world.client(theater.director), "/api/v1/waivers/", body)
    assert made.status_code == 201, made.content
    assert (made.json()["by"], made.json()["reason"]) == (theater.director.pk, "The author insists.")
    assert subtitle(theater).subtitle == LONG
    assert AuditEntry.objects.filter(action="production.update").latest("at").note["waivers"] == [made.json()["id"]]
    assert AuditEntry.objects.filter(action="waiver.give", actor=theater.director).count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=True), pytest.raises(Conflict):
        subtitle(theater, LONG + "!")


def test_a_waiver_is_for_one_object_and_one_rule_and_not_for_errors(theater: Theater) -> None:
    approvals.waiver(theater.production, "subtitle_too_long", by=theater.director)
    approvals.waiver(theater.production, "title_too_long", by=theater.director)
    other = world.production(theater.season, by=theater.director)
    with pytest.raises(Conflict):
        update_production(actor=theater.acting(), production=other, changes={"subtitle": LONG})
    play = Production.objects.get(pk=theater.production.pk)
    with pytest.raises(Invalid) as refused:
        update_production(actor=theater.acting(), production=play, changes={"title": LONG})
    assert refused.value.code == "rules_broken"
    subtitle(theater)


@pytest.mark.parametrize(
    ("object_type", "object_id"), [("productions.Production", "{pk}"), ("productions.production", " 0{pk} ")]
)
def test_a_waiver_accepts_every_spelling_of_its_object(object_type: str, object_id: str, theater: Theater) -> None:
    written = object_id.format(pk=theater.production.pk)
    waiver = give_waiver(
        actor=theater.acting(), section=theater.production.section, object_type=object_type, object_id=written,
        rule="subtitle_too_long ", reason="A quotation.", until=approvals.in_days(3),
    )  # fmt: skip
    assert (waiver.object_type, waiver.object_id) == ("productions.production", str(theater.production.pk))
    assert subtitle(theater).subtitle == LONG


def test_a_waiver_can_be_revoked(theater: Theater) -> None:
    given = approvals.waiver(theater.production, "subtitle_too_long", by=theater.director)
    assert world.post(world.client(theater.director), f"/api/v1/waivers/{given.pk}/revoke/", {}).status_code == 200
    with pytest.raises(Conflict):
        subtitle(theater)
    with pytest.raises(Conflict) as refused:
        revoke_waiver(actor=theater.acting(), waiver=given)
    assert refused.value.code == "waiver_over"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"reason": " "}, "required"),
        ({"rule": " "}, "required"),
        ({"until": timedelta(days=-1)}, "bad_until"),
        ({"until": timedelta(days=400)}, "bad_until"),
        ({"object_type": "productions.ghost"}, "unknown_type"),
        ({"object_type": "ghost"}, "unknown_type"),
        ({"object_type": "auth.permission"}, "unknown_type"),
        ({"object_id": "x"}, "does_not_exist"),
        ({"object_id": "999999"}, "does_not_exist"),
        ({"object_id": "9" * 40}, "does_not_exist"),
        ({"section": "root"}, "outside_section"),
    ],
)
def test_invalid_waivers_are_refused(given: dict[str, Any], code: str, theater: Theater) -> None:
    play = theater.production
    fields: dict[str, Any] = {
        "section": play.section, "object_type": "productions.production", "object_id": str(play.pk), "rule": "r",
        "reason": "x", "until": approvals.in_days(1),
    }  # fmt: skip
    for name, value in given.items():
        fields[name] = timezone.now() + value if isinstance(value, timedelta) else value
    if given.get("section"):
        fields["section"] = theater.root
    with pytest.raises(Invalid) as refused:
        give_waiver(actor=theater.acting(), **fields)
    assert refused.value.code == code


def test_a_waiver_needs_the_permission_to_approve_the_brand(theater: Theater) -> None:
    editor = approvals.holder(["edit_brand", "view_brand", "view_details"], theater.root, by=theater.director)
    with pytest.raises(NotAllowed):
        approvals.waiver(theater.production, by=editor)
    assert not Waiver.objects.exists()


def test_without_findings_no_waiver_is_loaded(theater: Theater) -> None:
    play = Production.objects.get(pk=theater.production.pk)
    actor = theater.acting()
    with CaptureQueriesContext(connection) as queries:
        update_production(actor=actor, production=play, changes={"subtitle": "Short"})
    assert not [query["sql"] for query in queries if "accounts_waiver" in query["sql"]]


def test_erasing_a_person_erases_the_reasons_of_their_waivers(theater: Theater) -> None:
    """And where it names somebody else who is to be forgotten; that it was waived, and by whom, stays."""
    zebedee = world.give("director", theater.root, by=theater.director, to=world.user("Zebedee Quux"))

    def waived(by: User, text: str, reason: str) -> str:
        play = Production.objects.get(pk=theater.production.pk)
        waive = {"subtitle_too_long": reason, "no_rule": "x"}
        update_production(actor=world.acting(by), production=play, changes={"subtitle": text}, waive=waive)
        return reason

    gone = [waived(zebedee, LONG, "I say so."), waived(theater.director, LONG + "!", "Zebedee Quux wants it.")]
    stays = waived(theater.director, LONG + "?", "It is short enough.")

    def known() -> list[str]:
        rows = AuditValue.objects.filter(change__entry__action="production.update")
        return sorted(reason for row in rows for reason in reasons_in(row).values())

    assert known() == sorted([*gone, stays])
    named = {
        "organization": theater.root,
        "directory": area("Directory"),
        "user": zebedee,
        "person": None,
        "email": None,
    }
    erase_personal_data(actor=theater.acting(), keep_public_credits=False, **named)
    assert known() == [stays]
    entries = AuditEntry.objects.filter(action="production.update")
    assert [entry.note for entry in entries] == [{"waived": ["subtitle_too_long"]}] * 3
    page = f"/api/v1/audit/history/?object_type=productions.production&object_id={theater.production.pk}"
    told = world.client(theater.director).get(page).json()["results"]
    assert [change["waived"] for change in told if change["waived"]] == [{"subtitle_too_long": stays}]
    viewer = approvals.holder(["view_audit", "view_details"], theater.root, by=theater.director)
    assert not any(change["waived"] for change in world.client(viewer).get(page).json()["results"])
    call_command("verify_audit")
