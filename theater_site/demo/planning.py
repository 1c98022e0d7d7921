"""The demo's planning: equipment, who is called and who cannot come, and conflicts to look at."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.permissions.selectors.sections import area
from productions.models import Production
from scheduling.models import Category, Occurrence
from scheduling.services.calls import set_people
from scheduling.services.categories import set_category_defaults
from scheduling.services.equipment import create_equipment, set_equipment
from scheduling.services.occurrences import schedule_occurrence
from scheduling.services.unavailabilities import add_unavailability
from theater_site.demo.state import Demo


def plan(demo: Demo) -> None:
    """Equipment, calls for technical rehearsals, evenings on which an actor cannot come, and a tentative photo call."""
    director = demo.actor("director")
    set_category_defaults(
        actor=director,
        section=demo.organization,
        category=Category.TECH,
        defaults={"setup_minutes": 60, "strike_minutes": 30},
    )
    houses = area("Venues")
    microphones = create_equipment(actor=director, section=houses, fields={"name": "Radio microphone", "quantity": 12})
    follow_spot = create_equipment(actor=director, section=houses, fields={"name": "Follow spot"})
    # Of the next production, so that its conflicts are still to come.
    technical = Occurrence.objects.filter(category=Category.TECH).order_by("sort_at").select_related("section")
    coming = technical.filter(production__isnull=False, starts_at__gt=timezone.now())
    play = Production.objects.select_related("section").get(pk=coming.values_list("production", flat=True)[0])
    rehearsals = list(technical.filter(production=play))
    cast = demo.people[8:13]
    for evening in rehearsals:
        wanted = [{"equipment": microphones, "quantity": 8}, {"equipment": follow_spot, "quantity": 1}]
        set_equipment(actor=director, occurrence=evening, equipment=wanted)
        set_people(actor=director, occurrence=evening, people=[person.pk for person in cast])
    _cannot_come(demo, play, rehearsals[-1])


def _cannot_come(demo: Demo, production: Production, evening: Occurrence) -> None:
    director = demo.actor("director")
    day = dt.date.fromisoformat(evening.date)
    away = {"first_date": day, "last_date": day, "timezone": evening.timezone, "reason": "Evening class"}
    # Entered after the call: it shows among the conflicts.
    add_unavailability(actor=director, person=demo.people[8], fields=away)
    photo_call = schedule_occurrence(
        actor=director,
        production=production,
        fields={
            "title": "Photo call",
            "category": Category.PHOTO_CALL,
            "date": evening.date,
            "start_time": evening.start_time,
            "duration_minutes": 45,
            "timezone": evening.timezone,
            "tentative": True,
        },
    )
    set_people(
        actor=director,
        occurrence=photo_call,
        people=[demo.people[9].pk],
        waive={"person_called_elsewhere": "The picture is taken before the rehearsal begins."},
    )
