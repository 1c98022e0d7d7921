"""Somebody asks what is held about them; somebody else has them forgotten. Over HTTP and by command."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry, User
from accounts.permissions.selectors.sections import area
from directory.models import Person
from directory.services.people import update_contact
from directory.services.personal_data import erase_personal_data, export_personal_data
from tests import world
from tests.worlds import delegation, directory, ticketing
from theater_site.core.errors import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db

EXPORT, ERASE = "/api/v1/personal-data/export/", "/api/v1/personal-data/erase/"


@pytest.fixture
def house() -> Any:
    return world.found()


def verified(who: User) -> User:
    EmailAddress.objects.create(user=who, email=who.email, verified=True, primary=True)
    return who


def test_everybody_sees_what_is_held_about_themselves(house: Any) -> None:
    root, director = house
    ann = verified(world.give("viewer", root, by=director))
    directory.person(by=director, user=ann, name="Ann Putnam")
    answer = world.client(ann).get("/api/v1/me/personal-data/")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    held = answer.json()["held"]
    assert [row["email"] for row in held["accounts.user"]] == [ann.email]
    assert [row["name"] for row in held["directory.person"]] == ["Ann Putnam"]
    assert [row["role"] for row in held["accounts.roleassignment"]] == ["Viewer"]
    assert world.client().get("/api/v1/me/personal-data/").status_code == 401


def test_mail_to_an_address_is_told_to_whose_address_it_is(house: Any) -> None:
    """An invitation goes to an address that may have no account yet; when it has one, it was sent to them."""
    root, director = house
    ann = verified(world.user("Ann"))
    delegation.invited(ann.email.upper(), "viewer", root, by=director)
    delegation.invited("somebody.else@theater.example", "viewer", root, by=director)
    held = world.client(ann).get("/api/v1/me/personal-data/").json()["held"]["accounts.notification"]
    assert [row["kind"] for row in held] == ["invitation"]
    assert "/invitations/" in held[0]["body"]


def test_nobody_sees_a_strangers_orders_by_giving_their_address_as_a_contact() -> None:
    _, director, performance, seats, _ = ticketing.house()
    ticketing.order(ticketing.hold(performance, seats[:1]), buyer_email="victim@home.example")
    mallory = verified(world.user("Mallory"))
    person = directory.person(by=director, user=mallory)
    update_contact(actor=world.acting(mallory), person=person, changes={"email": "victim@home.example"})
    held = world.client(mallory).get("/api/v1/me/personal-data/").json()["held"]
    assert held["ticketing.order"] == []
    EmailAddress.objects.create(user=mallory, email="victim@home.example", verified=False)
    assert world.client(mallory).get("/api/v1/me/personal-data/").json()["held"]["ticketing.order"] == []
    EmailAddress.objects.filter(user=mallory).update(verified=True)
    assert len(world.client(mallory).get("/api/v1/me/personal-data/").json()["held"]["ticketing.order"]) == 1


def test_a_buyer_without_an_account_is_told_by_their_address(house: Any) -> None:
    _, director = house
    performance, seats = _performance(house)
    order = ticketing.order(ticketing.hold(performance, seats[:1]), buyer_email="Bea@Home.example")
    answer = world.post(world.client(director), EXPORT, {"email": "bea@home.example"})
    assert answer.status_code == 200
    (row,) = answer.json()["held"]["ticketing.order"]
    assert (row["id"], row["buyer_name"]) == (order.pk, "Bea Buyer")
    out = StringIO()
    call_command("export_personal_data", "BEA@home.example", json=True, stdout=out)
    assert json.loads(out.getvalue())["held"]["ticketing.order"] == [row]
    with pytest.raises(CommandError, match="No data is stored"):
        call_command("export_personal_data", "nobody@home.example")


def _performance(house: Any) -> tuple[Any, Any]:
    root, director = house
    play = world.production(world.season(root, by=director), by=director, published=True)
    hall = ticketing.chart(by=director)
    return ticketing.on_sale(play, by=director, chart=hall), list(hall.seats.order_by("pk"))


def test_who_manages_only_one_of_the_two_may_neither_export_nor_erase(house: Any) -> None:
    root, director = house
    ann = world.user("Ann")
    keeper = world.give("director", area("Directory"), by=director)
    for path, body in ((EXPORT, {"user": ann.pk}), (ERASE, {"user": ann.pk, "keep_public_credits": False})):
        assert world.post(world.client(keeper), path, body).status_code == 403
        assert world.post(world.client(), path, body).status_code == 401
    given = {"user": ann, "person": None, "email": None}
    with pytest.raises(Invalid) as refused:
        export_personal_data(
            actor=world.acting(keeper), organization=area("Directory"), directory=area("Directory"), **given
        )
    assert refused.value.code == "not_root"
    with pytest.raises(Invalid) as elsewhere:
        export_personal_data(actor=world.acting(director), organization=root, directory=root, **given)
    assert elsewhere.value.code == "not_directory"
    assert User.objects.get(pk=ann.pk).is_active


def test_a_preview_shows_what_would_go_and_nothing_goes(house: Any) -> None:
    _, director = house
    person = directory.person(by=director, name="Ann Putnam", bio="Sang.")
    browser = world.client(director)
    body = {"person": person.pk, "keep_public_credits": False}
    seen = world.post(browser, f"{ERASE}?preview=true", body)
    assert seen.status_code == 200
    (change,) = seen.json()["changes"]
    assert (change["before"]["name"], change["after"]["name"]) == ("Ann Putnam", "Name withheld")
    assert Person.objects.get(pk=person.pk).name == "Ann Putnam"
    assert not AuditEntry.objects.filter(action="personal_data.erase").exists()
    done = world.post(browser, ERASE, body)
    assert done.json() == {"user": None, "people": [person.pk], "held": {"directory.person": 1}}
    assert Person.objects.get(pk=person.pk).name == "Name withheld"


def test_who_cannot_be_forgotten_so(house: Any) -> None:
    root, director = house
    given = {"organization": root, "directory": area("Directory"), "person": None, "email": None}
    with pytest.raises(NotAllowed) as own:
        erase_personal_data(actor=world.acting(director), user=director, keep_public_credits=False, **given)
    assert own.value.code == "own_account"
    from theater_site.core.actors import System

    with pytest.raises(Conflict) as last:
        erase_personal_data(actor=System("x"), user=director, keep_public_credits=False, **given)
    assert last.value.code == "last_director"
    assert User.objects.get(pk=director.pk).name == "Dora Director"
    with pytest.raises(Invalid):
        erase_personal_data(actor=world.acting(director), user=None, keep_public_credits=False, **given)
    nobody = {**given, "email": "nobody@home.example"}
    with pytest.raises(NotFound):
        erase_personal_data(actor=world.acting(director), user=None, keep_public_credits=False, **nobody)


def test_an_address_of_several_people_names_none_of_them(house: Any) -> None:
    root, director = house
    people = [directory.person(by=director, email="agent@agency.example") for _ in range(2)]
    given = {"organization": root, "directory": area("Directory"), "user": None, "email": "agent@agency.example"}
    with pytest.raises(Conflict) as refused:
        export_personal_data(actor=world.acting(director), person=None, **given)
    assert refused.value.code == "ambiguous"
    data = export_personal_data(actor=world.acting(director), person=people[1], **given)
    assert [row["id"] for row in data.held["directory.person"]] == [people[1].pk]
