from django.urls import path

from scheduling.api import categories, conflicts, feeds, free_slots, resources, views
from theater_site.api.routing import Router

urlpatterns = [
    path("conflicts/", conflicts.ConflictsView.as_view(), name="conflicts"),
    path("conflicts/export/", conflicts.ConflictsExportView.as_view(), name="conflicts-export"),
    path("event-categories/", categories.CategoriesView.as_view(), name="event-categories"),
    path("free-slots/", free_slots.FreeSlotsView.as_view(), name="free-slots"),
    path("calendars/public.ics", feeds.PublicCalendarView.as_view(), name="public-calendar"),
]


def register(router: Router) -> None:
    router.register("venues", views.VenueViewSet, basename="venue")
    router.register("spaces", views.SpaceViewSet, basename="space")
    router.register("events", views.EventViewSet, basename="event")
    router.register("occurrences", views.OccurrenceViewSet, basename="occurrence")
    router.register("equipment", resources.EquipmentViewSet, basename="equipment")
    router.register("equipment-needs", resources.EquipmentNeedViewSet, basename="equipment-need")
    router.register("calls", resources.CallViewSet, basename="call")
    router.register("unavailabilities", resources.UnavailabilityViewSet, basename="unavailability")
    router.register("runs", views.RunViewSet, basename="run")
    router.register("performances", views.PerformanceViewSet, basename="performance")
