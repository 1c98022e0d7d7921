from django.urls import path, re_path

from directory.api import casting, duplicates, personal_data, views
from theater_site.api.routing import Router


def register(router: Router) -> None:
    router.register("people/most-credited", views.MostCreditedViewSet, basename="most-credited")
    router.register("people", views.PersonViewSet, basename="person")
    router.register(r"people/(?P<person>[0-9]{1,18})/credits", views.HistoryViewSet, basename="person-credit")
    router.register("credits", views.CreditViewSet, basename="credit")
    router.register("consents", views.ConsentViewSet, basename="consent")


_ID = "[0-9]{1,18}"
_OF_PRODUCTION = rf"^productions/(?P<production>{_ID})"

urlpatterns = [
    re_path(rf"{_OF_PRODUCTION}/cast/$", casting.CastView.as_view(), name="production-cast"),
    re_path(rf"{_OF_PRODUCTION}/cast/change/$", casting.CastChangeView.as_view(), name="production-cast-change"),
    re_path(rf"{_OF_PRODUCTION}/team-nights/$", casting.TeamNightsView.as_view(), name="production-team-nights"),
    re_path(rf"{_OF_PRODUCTION}/program/$", casting.ProgramView.as_view(), name="production-program"),
    re_path(rf"^characters/(?P<character>{_ID})/holders/$", casting.HoldersView.as_view(), name="character-holders"),
    re_path(rf"^people/(?P<person>{_ID})/history/$", casting.PersonHistoryView.as_view(), name="person-history"),
    path("people/duplicates/", duplicates.DuplicatesView.as_view(), name="people-duplicates"),
    path("people/similar/", duplicates.SimilarView.as_view(), name="people-similar"),
    path("me/personal-data/", personal_data.OwnPersonalDataView.as_view(), name="own-personal-data"),
    path("personal-data/export/", personal_data.PersonalDataExportView.as_view(), name="personal-data-export"),
    path("personal-data/erase/", personal_data.PersonalDataErasureView.as_view(), name="personal-data-erase"),
]
