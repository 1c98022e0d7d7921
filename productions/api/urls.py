from productions.api import views
from theater_site.api.routing import Router


def register(router: Router) -> None:
    router.register("seasons", views.SeasonViewSet, basename="season")
    router.register("productions", views.ProductionViewSet, basename="production")
    router.register("brand-kits", views.BrandKitViewSet, basename="brand-kit")
