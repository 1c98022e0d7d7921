"""The announcements of ticketing. theater_site/wiring.py connects the receivers."""

from __future__ import annotations

from theater_site.core.announcements import Announcement
from ticketing.models import Order

order_placed = Announcement(
    "An order was placed. `order.state` is paid if it costs nothing, else pending. Sent inside the transaction.",
    order=Order,
)
order_paid = Announcement("The payment of an order was received. Sent inside the transaction.", order=Order)
tickets_resent = Announcement(
    "The tickets of a paid order are to be mailed again. Sent inside the transaction.", order=Order
)
order_expired = Announcement(
    "An order was not paid by its deadline. Its tickets are void. Sent inside the transaction.", order=Order
)
order_canceled = Announcement("An order was canceled. Its tickets are void. Sent inside the transaction.", order=Order)
seats_freed = Announcement(
    "Seats or capacity of these performances (ids) became free: a hold was released, an order expired or was canceled, or"
    " seats were unblocked. Sent inside the transaction.",
    performance_ids=list,
)
