from django.apps import AppConfig


class TheaterSiteConfig(AppConfig):
    """Management commands, addresses and wiring. Last in INSTALLED_APPS, so that `ready` runs after all other apps."""

    name = "theater_site"

    def ready(self) -> None:
        from theater_site import wiring

        wiring.connect()
