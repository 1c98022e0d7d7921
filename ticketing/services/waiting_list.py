"""The waiting list of a sold-out performance: people join and leave it, and free seats are offered to the first who fits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.notifications.services.outbox import put_to_address
from scheduling.models import Occurrence
from theater_site.core import runs
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.actors import System
from theater_site.core.docs import Doc
from theater_site.core.encryption import blind_index
from theater_site.core.errors import Conflict, NotFound
from theater_site.core.locks import lock_until_commit
from ticketing.mails import waiting_list
from ticketing.models import Area, PerformanceArea, SeatState, WaitingListEntry
from ticketing.rules.secrets import digest_of, new_hold_token
from ticketing.selectors.availability import free_places, owners_of, places_left
from ticketing.selectors.sale_terms import (
    OpenSale,
    price_categories_of,
    priced_seats_of,
    sale_open,
    seats_on_sale,
)
from ticketing.selectors.waiting import entries_by_key
from ticketing.services import occupancy


@action("waiting_list.join", open_to=OpenTo.PUBLIC)
def join_waiting_list(
    *,
    performance: Occurrence,
    name: Annotated[str, Doc("Who waits. Example: Bea Buyer")],
    email: Annotated[str, Doc("Where the offer is sent. Example: bea@home.example")],
    places: Annotated[int, Doc("How many seats they want, 1 to 20. Example: 2")],
) -> WaitingListEntry:
    """Join the waiting list of a sold-out performance, behind all who came before. Sends a mail with a link to leave it.

    Errors: `places_left` while so many seats can be bought; the errors of a performance that is not on sale; no name, no
    e-mail address, none or more than 20 seats. An address that waits already keeps its place and gets the same answer.
    """
    sale = sale_open(performance.pk, current().instant)
    entry = WaitingListEntry(performance=performance, name=name.strip(), email=email.strip(), places=places)
    entry.check_values()
    left = free_places(sale, current().instant)
    if left >= places:
        raise Conflict(f"There are {left} seats left. Buy them now.", code="places_left", data={"left": left})
    # One after the other for an address: a broken constraint would tell a stranger that it waits already.
    index = blind_index(entry.email)
    lock_until_commit(f"waiting list {performance.pk} {index}")
    waiting = WaitingListEntry.objects.filter(performance=performance, email_index=index).first()
    if waiting is not None and (waiting.offered_until is None or waiting.offered_until > current().instant):
        return waiting
    if waiting is not None:
        # Their offer lapsed: they wait again, at the end of the list.
        waiting.delete()
    entry.save()
    put_to_address("waiting_list_joined", entry.email, lambda reader: waiting_list.joined(entry, reader), about=entry)
    return entry


@action("waiting_list.leave", open_to=OpenTo.PUBLIC)
def leave_waiting_list(
    *, key: Annotated[str, Doc("The key from the link in the mail: of joining, or of an offer. Example: MTI:1tQ2Lm")]
) -> None:
    """Leave the waiting list by the key of the link in the mail. Seats that are held for them go to the next.

    Error: `not_waiting` for a key of nobody who waits.
    """
    entry = _by_key(key)
    if entry is None:
        raise NotFound("Nobody waits with this key.", code="not_waiting")
    performance_id, holder = entry.performance_id, entry.offer_holder
    if holder:
        occupancy.let_go(holder)
    entry.delete()
    offer_seats([performance_id])


@action("waiting_list.offer", open_to=OpenTo.SYSTEM)
def offer_free_seats(*, performance: Occurrence) -> int:
    """Offer the free seats of a performance to those who wait. Returns the number of offers."""
    return offer_seats([performance.pk])


def offer_seats(performance_ids: Iterable[int]) -> int:
    """Inside an action: hold free seats for the first people on the list who fit, and send them the link."""
    now = current().instant
    return sum(
        [_offer_at(performance_id, now) for performance_id in performance_ids if _waiting(performance_id).exists()]
    )


def offer_due() -> int:
    """The periodic job: offers seats that became free by themselves, when a hold or an offer ended."""
    now, offers = runs.instant(), 0
    for performance in Occurrence.objects.filter(starts_at__gt=now, waiting__isnull=False).distinct():
        if _waiting(performance.pk).exists():
            offers += offer_free_seats(actor=System("work"), performance=performance)
    return offers


def served(holder: str) -> None:
    """The seats of an offer were ordered: the entry is done."""
    WaitingListEntry.objects.filter(offer_holder=holder).delete()


def _by_key(key: str) -> WaitingListEntry | None:
    return entries_by_key(key).select_for_update(of=("self",)).first()


def _waiting(performance_id: int) -> QuerySet[WaitingListEntry]:
    """Those without an offer so far, in the order of joining. An offer that lapsed is not made again."""
    return WaitingListEntry.objects.filter(performance_id=performance_id, offer_holder="").order_by("pk")


def _offer_at(performance_id: int, now: datetime) -> int:
    try:
        sale = sale_open(performance_id, now)
    except Conflict:
        return 0
    lock_until_commit(f"waiting list offers {performance_id}")
    offers = 0
    rows = _waiting(performance_id).select_for_update(of=("self",)).select_related("performance__production")
    for entry in rows:
        if not _hold_for(entry, sale, now):
            continue
        offers += 1
    return offers


def _hold_for(entry: WaitingListEntry, sale: OpenSale, now: datetime) -> bool:
    token, until = new_hold_token(), now + timedelta(hours=settings.WAITING_LIST_HOURS)
    starts_at = entry.performance.starts_at
    until = min(until, starts_at) if starts_at is not None and starts_at > now else until
    try:
        # A buyer may take a free seat in between. Then the next round offers others; what freed the seats goes on.
        with transaction.atomic():
            if not _take(entry, sale, now, digest_of(token), until):
                return False
    except Conflict:
        return False
    entry.offer_holder, entry.offered_until = digest_of(token), until
    entry.save()
    put_to_address(
        "waiting_list_offer",
        entry.email,
        lambda reader: waiting_list.seats_offered(entry, token, until, reader),
        about=entry,
    )
    return True


def _take(entry: WaitingListEntry, sale: OpenSale, now: datetime, holder: str, until: datetime) -> bool:
    categories, taken = price_categories_of(sale), owners_of(sale.performance_id, now)
    free = [seat for seat in priced_seats_of(sale) if seat not in taken]
    if len(free) >= entry.places:
        chosen = seats_on_sale(sale, _together(free, entry.places))
        occupancy.take_seats(sale.performance_id, chosen, state=SeatState.HELD, holder=holder, until=until)
        return True
    left = places_left(sale.performance_id, now)
    for area in Area.objects.filter(chart_id=sale.chart_id, category__in=categories, pk__in=left).order_by("pk"):
        if left[area.pk] >= entry.places and PerformanceArea.objects.filter(area=area).exists():
            occupancy.take_places(sale.performance_id, area, entry.places, holder=holder, until=until)
            return True
    return False


def _together(free: list[int], count: int) -> list[int]:
    """The first `count` seats that follow one another in the chart, else the first ones."""
    for start in range(len(free) - count + 1):
        if free[start + count - 1] - free[start] == count - 1:
            return free[start : start + count]
    return free[:count]
