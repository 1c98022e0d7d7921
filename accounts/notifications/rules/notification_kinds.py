"""All kinds of notification, with the deliveries that their readers can choose.

Only these kinds can be put into the outbox. Their titles are msgids of accounts/locale.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Delivery(str, Enum):
    """How a notification is delivered. The list of the API always shows it."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notification. `essential` kinds cannot be turned off. `urgent` ones are sent at once, also in quiet hours."""

    title: str
    essential: bool = False
    urgent: bool = False
    default: Delivery = Delivery.AT_ONCE

    @property
    def choices(self) -> tuple[Delivery, ...]:
        if self.urgent:
            return (Delivery.AT_ONCE,)
        return (Delivery.AT_ONCE, Delivery.DIGEST, *(() if self.essential else (Delivery.OFF,)))


KINDS: dict[str, Kind] = {
    "submission_arrived": Kind("Something waits for your approval"),
    "submission_changes_requested": Kind("Changes are wanted in what you submitted"),
    "submission_commented": Kind("Somebody commented on a submission"),
    "submission_decided": Kind("What you submitted was approved, rejected or done"),
    "decided_in_your_place": Kind("Somebody decided in your place"),
    "submission_stale": Kind("What you submitted no longer fits"),
    "submission_failed": Kind("What was approved could not be done"),
    "submission_reminder": Kind("Something still waits for your approval", default=Delivery.DIGEST),
    "submission_escalated": Kind("Something nobody else decided on waits for you"),
    "nobody_may_decide": Kind("Nobody may decide on a submission"),
    "substitute_named": Kind("Somebody substitutes for somebody"),
    "substitute_ended": Kind("Somebody no longer substitutes"),
    "emergency_published": Kind("Something was published without approval", essential=True, urgent=True),
    "role_given": Kind("You were given a role", essential=True),
    "role_ended": Kind("A role of yours has ended", essential=True),
    "role_dated": Kind("A role of yours ends at another time", essential=True),
    "pictures_withdrawn": Kind("Somebody withdrew the consent to pictures", essential=True),
    "events_moved": Kind("Events of yours were moved"),
    "events_canceled": Kind("Events of yours were canceled"),
    "events_reinstated": Kind("Canceled events of yours take place after all"),
    "cast_changed": Kind("A part of yours begins or ends"),
    "order_placed": Kind("Your order", essential=True, urgent=True),
    "order_paid": Kind("Your tickets", essential=True, urgent=True),
    "order_expired": Kind("Your order has expired", essential=True, urgent=True),
    "order_canceled": Kind("Your order was canceled", essential=True, urgent=True),
    "performance_moved": Kind("A performance that you have tickets for was moved", essential=True, urgent=True),
    "performance_canceled": Kind("A performance that you have tickets for is canceled", essential=True, urgent=True),
    "performance_reinstated": Kind("A canceled performance of yours takes place", essential=True, urgent=True),
    "waiting_list_changed": Kind("A performance that you wait for has changed", essential=True, urgent=True),
    "waiting_list_joined": Kind("You are on a waiting list", essential=True, urgent=True),
    "waiting_list_offer": Kind("Seats are free for you", essential=True, urgent=True),
    "invitation": Kind("You are invited", essential=True, urgent=True),
    "founded": Kind("Your theater is set up", essential=True, urgent=True),
    "security": Kind("Something changed in how you sign in", essential=True, urgent=True),
}
# The mail that contains a digest. It is not a notification, so it is not listed and cannot be chosen.
DIGEST = "digest"
