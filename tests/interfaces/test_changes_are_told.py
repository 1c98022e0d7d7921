"""Each change reaches those it concerns, once: cast and crew, ticket holders, and the two people of a change of cast."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.models import Notification
from scheduling.services.occurrences import cancel_occurrence, reinstate_occurrence, update_occurrence
from scheduling.services.series.planning import cancel_series, move_series
from tests import world
from tests.worlds import directory
from tests.worlds import scheduling as calendar
from tests.worlds import ticketing as office
from ticketing.services.deadlines import expire_due
from ticketing.services.orders import cancel_order, pay_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    """A production with an actor, a former one, and somebody of another production, all with accounts."""
    root, director = world.found()
    season = world.season(root, by=director)
    hamlet, cats = (world.production(season, by=director, published=True) for _ in range(2))
    people = {}
    for name, play, dates in (("Ann", hamlet, {}), ("Old Bob", hamlet, {"ends_on": "2020"}), ("Cat", cats, {})):
        user = world.user(name)
        person = directory.person(by=director, name=name, user=user)
        directory.credit(play, person, by=director, **dates)
        people[name] = user
    return director, hamlet, people


def told(kind):
    return [
        (row.recipient.name if row.recipient else row.address, row)
        for row in Notification.objects.filter(kind=kind).order_by("pk")
    ]


def test_cast_and_crew_get_one_notification_for_a_moved_and_a_canceled_series(company):
    director, hamlet, _ = company
    series = calendar.series(hamlet, by=director)
    count = series.occurrences.count()
    assert count > 1
    move_series(actor=world.acting(director), series=series, changes={"days": 1})
    ((name, row),) = told("events_moved")
    assert name == "Ann"
    assert row.body.count(" was ") == row.body.count(" is now ") == count
    cancel_series(actor=world.acting(director), series=series, reason="Illness")
    ((name, row),) = told("events_canceled")
    assert name == "Ann"
    assert "Illness" in row.body
    assert str(count) in row.subject


def test_moving_canceling_and_reinstating_an_event_notify_those_concerned(company):
    director, hamlet, people = company
    event = calendar.occurrence(hamlet, by=director, title="Run-through")
    acting = world.acting(director)
    event = update_occurrence(actor=acting, occurrence=event, changes={"title": "Full run"})
    assert told("events_moved") == []
    event = update_occurrence(actor=acting, occurrence=event, changes={"date": "2033-02-02"})
    assert [name for name, _ in told("events_moved")] == ["Ann"]
    assert "Full run" in told("events_moved")[0][1].subject
    event = cancel_occurrence(actor=acting, occurrence=event, reason=None)
    reinstate_occurrence(actor=acting, occurrence=event)
    assert [name for name, _ in told("events_reinstated")] == ["Ann"]
    # The one who does it is not notified of it.
    world.give("production_manager", hamlet.section, by=director, to=people["Ann"])
    other = calendar.occurrence(hamlet, by=director)
    update_occurrence(actor=world.acting(people["Ann"]), occurrence=other, changes={"date": "2033-03-03"})
    assert len(told("events_moved")) == 1


def test_every_step_of_an_order_sends_a_mail_to_the_buyer():
    _, director, evening, seats, _ = office.house(rows=1, seats=4)
    acting = world.acting(director)
    order = office.order(office.hold(evening, seats[:2]), buyer_email="bea@home.example")
    ((address, placed),) = told("order_placed")
    assert address == "bea@home.example"
    assert "50.00 EUR" in placed.body
    code = order.lines.first().ticket.code
    assert code not in placed.body
    pay_order(actor=acting, order=order, method="cash")
    ((_, tickets),) = told("order_paid")
    assert code in tickets.body
    assert order.reference in tickets.body
    late = office.order(office.hold(evening, seats[2:3]), buyer_email="late@home.example")
    with time_machine.travel(late.pay_by + timedelta(seconds=1)):
        expire_due()
    assert [name for name, _ in told("order_expired")] == ["late@home.example"]
    moved = update_occurrence(actor=acting, occurrence=evening, changes={"start_time": "18:15"})
    ((address, mail),) = told("performance_moved")
    assert address == "bea@home.example"
    assert "18:15" in mail.body
    canceled = cancel_occurrence(actor=acting, occurrence=moved, reason="Snow", waive={"tickets_sold": "Snow."})
    ((address, mail),) = told("performance_canceled")
    assert (address, "Snow" in mail.body) == ("bea@home.example", True)
    order.refresh_from_db()
    cancel_order(actor=acting, order=order)
    assert [name for name, _ in told("order_canceled")] == ["bea@home.example"]
    assert canceled.pk
