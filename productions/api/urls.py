from django.urls import re_path

from productions.api import production_views, scenes, views
from theater_site.api.routing import Router


def register(router: Router) -> None:
    router.register("seasons", views.SeasonViewSet, basename="season")
    router.register("season-slots", views.SlotViewSet, basename="slot")
    router.register("strands", views.StrandViewSet, basename="strand")
    router.register("productions", production_views.ProductionViewSet, basename="production")
    router.register("licenses", production_views.LicenseViewSet, basename="license")
    router.register("scenes", scenes.SceneViewSet, basename="scene")
    router.register("characters", scenes.CharacterViewSet, basename="character")
    router.register("departments", scenes.DepartmentViewSet, basename="department")
    router.register("brand-kits", views.BrandKitViewSet, basename="brand-kit")


_OF_ONE = r"^productions/(?P<production>[0-9]{1,18})"

urlpatterns = [
    re_path(rf"{_OF_ONE}/breakdown/$", scenes.BreakdownView.as_view(), name="production-breakdown"),
    re_path(rf"{_OF_ONE}/scene-order/$", scenes.SceneOrderView.as_view(), name="production-scene-order"),
]
