from django.urls import path

from theater_site.api.routing import Router
from ticketing.api import views

urlpatterns = [
    path("waiting-list/<str:key>/", views.WaitingKeyView.as_view(), name="waiting-list-key"),
    path("ticket-keys/", views.TicketKeysView.as_view(), name="ticket-keys"),
]


def register(router: Router) -> None:
    # Below the addresses of scheduling's performances.
    router.register("performances", views.BoxOfficeViewSet, basename="box-office")
    router.register("orders", views.OrderViewSet, basename="order")
    router.register("promotions", views.PromotionViewSet, basename="promotion")
    router.register("seating-charts", views.SeatingChartViewSet, basename="seating-chart")
