from media_library.api import views
from theater_site.api.routing import Router


def register(router: Router) -> None:
    router.register("files", views.FileViewSet, basename="file")
    router.register("assets", views.AssetViewSet, basename="asset")
    router.register("tags", views.TagViewSet, basename="tag")
    router.register("collections", views.CollectionViewSet, basename="collection")
    router.register("video-links", views.VideoLinkViewSet, basename="video-link")
