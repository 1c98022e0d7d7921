from ticketing.models.admissions import Admission
from ticketing.models.charts import Area, Seat, SeatingChart
from ticketing.models.occupancy import AreaHold, PerformanceArea, PerformanceSeat, SeatState
from ticketing.models.orders import BuyerName, Order, OrderLine, OrderState, Payment, PaymentState, Ticket
from ticketing.models.promotions import DiscountKind, Promotion
from ticketing.models.sales import PriceBand, Sale
from ticketing.models.waiting import WaitingListEntry

__all__ = [
    "Admission", "Area", "AreaHold", "BuyerName", "DiscountKind", "Order", "OrderLine", "OrderState", "Payment", "PaymentState",
    "PerformanceArea", "PerformanceSeat", "PriceBand", "Promotion", "Sale", "Seat", "SeatState", "SeatingChart",
    "Ticket", "WaitingListEntry",
]  # fmt: skip
