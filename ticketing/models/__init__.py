from ticketing.models.charts import Area, Seat, SeatingChart
from ticketing.models.check_ins import CheckIn
from ticketing.models.occupancy import AreaHold, PerformanceArea, PerformanceSeat, SeatState
from ticketing.models.orders import BuyerName, Order, OrderLine, OrderState, Payment, PaymentState, Ticket
from ticketing.models.promotions import DiscountKind, Promotion
from ticketing.models.sales import PriceCategory, Sale
from ticketing.models.waiting import WaitingListEntry

__all__ = [
    "Area",
    "AreaHold",
    "BuyerName",
    "CheckIn",
    "DiscountKind",
    "Order",
    "OrderLine",
    "OrderState",
    "Payment",
    "PaymentState",
    "PerformanceArea",
    "PerformanceSeat",
    "PriceCategory",
    "Promotion",
    "Sale",
    "Seat",
    "SeatState",
    "SeatingChart",
    "Ticket",
    "WaitingListEntry",
]  # fmt: skip
