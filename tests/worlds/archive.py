"""Small performing archives, written by the test that takes them in; and the state of everything afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps

from accounts.models import Section
from accounts.permissions.selectors.sections import organization
from theater_site.archive.importer import import_archive
from theater_site.archive.outcomes import Outcome
from theater_site.core.actors import Actor, System
from theater_site.core.models import ContentModel

SEASON = {"id": "s1", "name": "First", "start_year": 1998, "end_year": 1999}
VENUE = {"id": "v1", "name": "Hall", "location": "Łódź", "timezone": "Europe/Warsaw"}
PRODUCTION = {
    "id": "p1", "season": "s1", "title": "Wesele", "authors": ["Wyspiański, Stanisław"], "company": "Stary",
    "strands": ["Classics"], "date_start": "1998-10", "date_end": "1999", "synopsis": "A wedding.",
}  # fmt: skip
PERFORMANCE = {
    "production": "p1",
    "venue": "v1",
    "date": "1998-10-02",
    "start_local": "1998-10-02T19:30",
    "kind": "Gala",
}
RUN = {"production": "p1", "venue": "v1", "date_start": "1998", "date_end": "1999", "kind": "tour"}
PERSON = {"id": "a", "name": "Ładna, Ewa", "aliases": ["E. Ładna"], "bio": "Plays."}
CREDIT = {"production": "p1", "person": "a", "kind": "cast", "role": "Panna Młoda", "note": None, "order": 1}
GOOD: dict[str, list[Any]] = {
    "seasons": [SEASON],
    "venues": [VENUE],
    "productions": [PRODUCTION],
    "performances": [PERFORMANCE],
    "runs": [RUN],
    "people": [PERSON],
    "credits": [CREDIT],
}


def write(folder: Path, **tables: list[Any] | None) -> Path:
    """An archive of good single rows with `tables` in their place; a row is a dict, or bytes as is. None: no file."""
    folder.mkdir(exist_ok=True)
    for name, rows in {**GOOD, **tables}.items():
        if rows is not None:
            lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
            (folder / f"{name}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


def take(
    folder: Path,
    *,
    archive: str = "made",
    zone: str | None = None,
    publish: bool = False,
    add_people: bool = False,
    actor: Actor | None = None,
) -> Outcome:
    """Import it, as the installation unless told otherwise."""
    outcome: Outcome = import_archive(
        actor=actor or System("test"),
        organization=organization(),
        folder=str(folder),
        archive=archive,
        default_timezone=zone,
        publish=publish,
        add_people=add_people,
    )
    return outcome


def new(outcome: Outcome) -> dict[str, int]:
    """How many rows each table made; those that made none are left out."""
    return {name: tally.new for name, tally in outcome.tables.items() if tally.new}


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every content table, with its version and instants."""
    models = [model for model in apps.get_models() if issubclass(model, ContentModel)]
    return {model._meta.label: list(model.objects.order_by("pk").values_list()) for model in models}


def imported() -> list[list[str]]:
    """What imports have made, without what chance or the clock decides: alike wherever the same was taken."""

    def lines() -> Iterator[list[Any]]:
        for model in apps.get_models():
            if not issubclass(model, ContentModel):
                continue
            columns = [
                field
                for field in model._meta.concrete_fields
                if field.name not in ("id", "created_at", "updated_at") and field.attname not in model.chance
            ]
            if not any(field.name in ("archive_key", "person", "parent") for field in columns):
                continue
            paths = [f"{f.name}__{_named_by(f.related_model)}" if f.is_relation else f.name for f in columns]
            for row in model.objects.values_list(*paths):
                yield [model._meta.label, *map(str, row)]

    return sorted(lines())


def _named_by(model: Any) -> str:
    names = {field.name for field in model._meta.concrete_fields}
    return "name" if model is Section else "archive_key" if "archive_key" in names else "pk"
