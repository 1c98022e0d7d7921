from django.apps import AppConfig


class TheaterSiteConfig(AppConfig):
    """The top: management commands, addresses and wiring. Last in INSTALLED_APPS, so that all others are ready."""

    name = "theater_site"

    def ready(self) -> None:
        from theater_site import wiring

        wiring.connect()
