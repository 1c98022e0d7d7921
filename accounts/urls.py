from django.urls import path, re_path

from accounts.approvals.api import actions, approvals, submissions
from accounts.audit.api import views as audit
from accounts.notifications.api import notifications
from accounts.permissions.api import delegation, token_views, views
from theater_site.api.routing import Router


def register(router: Router) -> None:
    router.register("sections", delegation.SectionViewSet, basename="section")
    router.register("roles", delegation.RoleViewSet, basename="role")
    router.register("role-assignments", delegation.RoleAssignmentViewSet, basename="role-assignment")
    router.register("invitations", delegation.InvitationViewSet, basename="invitation")
    router.register("approval-steps", approvals.ApprovalStepViewSet, basename="approval-step")
    router.register("substitutes", approvals.SubstituteViewSet, basename="substitute")
    router.register("waivers", approvals.WaiverViewSet, basename="waiver")
    router.register("submissions/waiting", approvals.WaitingViewSet, basename="submission-waiting")
    router.register("submissions", submissions.SubmissionViewSet, basename="submission")
    router.register("audit/checkpoints", audit.CheckpointViewSet, basename="audit-checkpoint")
    router.register("audit", audit.AuditViewSet, basename="audit")
    router.register("tokens", token_views.ApiTokenViewSet, basename="token")
    router.register("me/sessions", token_views.OwnSessionViewSet, basename="own-session")
    router.register("me/notifications", notifications.NotificationViewSet, basename="own-notification")
    router.register("mails", notifications.MailViewSet, basename="mail")
    router.register("sessions", token_views.SessionViewSet, basename="session")


urlpatterns = [
    path("actions/", actions.ActionsView.as_view(), name="actions"),
    path("me/", views.MeView.as_view(), name="me"),
    path("me/permissions/", views.OwnPermissionsView.as_view(), name="own-permissions"),
    path("me/notification-preferences/", notifications.PreferencesView.as_view(), name="own-notification-preferences"),
    path("unsubscribe/<str:token>/", notifications.UnsubscribeView.as_view(), name="unsubscribe"),
    re_path(
        r"^sections/(?P<pk>[0-9]{1,18})/members/$",
        delegation.SectionMembers.as_view({"get": "list"}),
        name="section-members",
    ),
]
