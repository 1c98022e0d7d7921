"""`manage.py import_seating_plan FILE --space ID`: create a seating chart from pretix's seating plan JSON."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scheduling.models import Space
from theater_site.core.actors import System
from theater_site.core.errors import DomainError
from theater_site.core.logs import bind_request_id
from ticketing.rules.seating_plans import parse
from ticketing.services.charts import create_chart, rows_of


class Command(BaseCommand):
    help = "Create a seating chart of a space from a file in pretix's seating plan JSON. Nothing is created if it has errors."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the seating plan")
        parser.add_argument("--space", metavar="ID", type=int, required=True, help="the id of the space")
        parser.add_argument("--name", default="", help="the name of the chart; the default is the name in the plan")

    def handle(self, *args: Any, file: Path, space: int, name: str, **options: Any) -> None:
        hall = Space.objects.filter(pk=space).first()
        if hall is None:
            raise CommandError(f"There is no space {space}. GET /api/v1/spaces/ lists them.")
        try:
            plan = parse(file.read_bytes())
            chart_name = name or plan.name or file.stem
            with bind_request_id():
                chart = create_chart(
                    actor=System("import_seating_plan"), space=hall, name=chart_name, rows=rows_of(plan), areas=[]
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except DomainError as error:
            faults = [f"{fault.field}: {fault.message}" for fault in error.problems]
            raise CommandError("\n".join([error.message, *faults])) from error
        categories = ", ".join(plan.categories)
        self.stdout.write(
            f"Chart {chart.pk}, {chart_name!r}: {len(plan.seats):,} seats. Categories to price: {categories}."
        )
