from django.urls import path

from directory.api import personal_data, views
from theater_site.api.routing import Router


def register(router: Router) -> None:
    router.register("people", views.PersonViewSet, basename="person")
    router.register(r"people/(?P<person>[0-9]{1,18})/credits", views.HistoryViewSet, basename="person-credit")
    router.register("credits", views.CreditViewSet, basename="credit")
    router.register("consents", views.ConsentViewSet, basename="consent")


urlpatterns = [
    path("me/personal-data/", personal_data.OwnPersonalDataView.as_view(), name="own-personal-data"),
    path("personal-data/export/", personal_data.PersonalDataExportView.as_view(), name="personal-data-export"),
    path("personal-data/erase/", personal_data.PersonalDataErasureView.as_view(), name="personal-data-erase"),
]
