from django.urls import path

from accounts.api import views
from theater_site.api.routing import Router


def register(router: Router) -> None:
    router.register("sections", views.SectionViewSet, basename="section")
    router.register("roles", views.RoleViewSet, basename="role")
    router.register("role-assignments", views.RoleAssignmentViewSet, basename="role-assignment")
    router.register("submissions", views.SubmissionViewSet, basename="submission")
    router.register("audit", views.AuditViewSet, basename="audit")


urlpatterns = [path("me/", views.MeView.as_view(), name="me")]
