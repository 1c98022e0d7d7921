"""`manage.py seat_map PERFORMANCE`: the seat map of a performance as SVG, text or JSON."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.management.acting import acting_for
from scheduling.models import Category, Occurrence
from theater_site.core.errors import DomainError
from ticketing.rules.seat_map_drawing import draw
from ticketing.rules.seat_maps import as_text
from ticketing.selectors.availability import seat_list
from ticketing.selectors.seat_maps import seat_map


class Command(BaseCommand):
    help = "Write the seat map of a performance: a picture, text for a terminal, or the JSON of the API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("performance", metavar="PERFORMANCE", type=int, help="the id of the performance")
        parser.add_argument("--format", choices=("svg", "text", "json"), default="text")
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="as this user sees it")

    def handle(self, *args: Any, performance: int, **options: Any) -> None:
        rows = Occurrence.objects.visible_to(acting_for(options["email"], "seat_map"))
        performances = rows.filter(category=Category.PERFORMANCE).select_related("production", "venue", "space")
        found = performances.filter(pk=performance).first()
        if found is None:
            raise CommandError(f"There is no performance {performance}. GET /api/v1/performances/ lists them.")
        now = timezone.now()
        try:
            if options["format"] == "json":
                content = orjson.dumps(seat_list(found.pk, now), option=orjson.OPT_INDENT_2).decode() + "\n"
            else:
                content = (draw if options["format"] == "svg" else as_text)(seat_map(found, now))
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(content, ending="")
