from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "theater_site.core"
    label = "core"
    verbose_name = "service core"

    def ready(self) -> None:
        from theater_site.core.guards import create_after_migrate

        post_migrate.connect(create_after_migrate, dispatch_uid="guards")
