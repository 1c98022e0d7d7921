"""All addresses."""

from __future__ import annotations

from django.urls import include, path

from accounts.urls import register as register_accounts
from accounts.urls import urlpatterns as accounts_addresses
from directory.api.urls import register as register_directory
from directory.api.urls import urlpatterns as directory_addresses
from media_library.api.urls import register as register_media_library
from productions.api.urls import register as register_productions
from productions.api.urls import urlpatterns as productions_addresses
from scheduling.api.urls import register as register_scheduling
from scheduling.api.urls import urlpatterns as scheduling_addresses
from theater_site import health
from theater_site.api.documents import SchemaView
from theater_site.api.root import ApiRootView
from theater_site.api.routing import Router
from ticketing.api.urls import register as register_ticketing
from ticketing.api.urls import urlpatterns as ticketing_addresses

router = Router()
for register in (
    register_accounts,
    register_productions,
    register_directory,
    register_media_library,
    register_scheduling,
    register_ticketing,
):
    register(router)

# The resources with a list of their own. Lists below an object are left out.
prefixes = tuple({prefix for prefix, view, _ in router.registry if "(" not in prefix and hasattr(view, "list")})

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("api/auth/", include("allauth.headless.urls")),
    path("api/v1/", ApiRootView.as_view(prefixes=prefixes), name="root"),
    path("api/v1/schema/", SchemaView.as_view(), name="schema"),
    path("api/v1/", include(accounts_addresses)),
    path("api/v1/", include(productions_addresses)),
    path("api/v1/", include(directory_addresses)),
    path("api/v1/", include(scheduling_addresses)),
    path("api/v1/", include(ticketing_addresses)),
    path("api/v1/", include(router.urls)),
]

handler400 = "theater_site.api.problems.bad_request"
handler403 = "theater_site.api.problems.forbidden"
handler404 = "theater_site.api.problems.not_found"
handler500 = "theater_site.api.problems.broken"
