"""Endpoints of what events need besides a space: people and equipment."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.permissions.selectors.sections import area
from scheduling.models import Call, Equipment, EquipmentNeed, Unavailability
from scheduling.services.equipment import create_equipment, update_equipment
from scheduling.services.unavailabilities import add_unavailability, remove_unavailability, update_unavailability
from theater_site.api.resources import Readable, creates, deletes, updates


class EquipmentRead(serializers.ModelSerializer[Equipment]):
    """Equipment that events can book."""

    class Meta:
        model = Equipment
        fields = ("id", "version", "section", "venue", "name", "quantity")


class EquipmentViewSet(Readable):
    """Equipment that events can book, by name."""

    nouns = ("piece of equipment", "equipment")
    queryset = Equipment.objects.all()
    serializer_class = EquipmentRead
    filterset_fields = ("venue",)
    ordering = ("name", "pk")
    create = creates(
        create_equipment, model=Equipment, answers=EquipmentRead, given=("section", lambda: area("Venues"))
    )
    partial_update = updates(update_equipment, model=Equipment, answers=EquipmentRead)


class EquipmentNeedRead(serializers.ModelSerializer[EquipmentNeed]):
    """That an event needs a quantity of some equipment."""

    name = serializers.CharField(
        source="equipment.name", help_text="The name of the equipment. Example: Radio microphone"
    )
    booked = serializers.SerializerMethodField(
        help_text="Whether it is booked: not while the event is tentative, canceled or without a time. Example: true"
    )

    class Meta:
        model = EquipmentNeed
        fields = ("id", "occurrence", "equipment", "name", "quantity", "booked")

    def get_booked(self, row: EquipmentNeed) -> bool:
        return row.occurrence.is_certain and row.occurrence.ends_at is not None


class EquipmentNeedViewSet(Readable):
    """What equipment events need; set it at `occurrences/<id>/set-equipment/`."""

    nouns = ("need of equipment", "needs of equipment")
    queryset = EquipmentNeed.objects.select_related("equipment", "occurrence")
    serializer_class = EquipmentNeedRead
    filterset_fields = ("occurrence", "equipment")


class CallRead(serializers.ModelSerializer[Call]):
    """That a person is called to an event."""

    person_name = serializers.CharField(source="person.name", help_text="The name of the person. Example: Anna Bell")
    title = serializers.CharField(
        source="occurrence.shown_title",
        help_text="What the event is called: its own title, else the production's. Example: The Seagull",
    )
    starts_at = serializers.DateTimeField(
        source="occurrence.starts_at",
        allow_null=True,
        help_text="When it starts: an instant in UTC; null if not known. Example: 2027-03-14T19:30:00Z",
    )
    ends_at = serializers.DateTimeField(
        source="occurrence.ends_at",
        allow_null=True,
        help_text="When it ends: an instant in UTC; null if not known. Example: 2027-03-14T22:00:00Z",
    )
    status = serializers.CharField(
        source="occurrence.status", help_text="Whether the event takes place. Example: scheduled"
    )

    class Meta:
        model = Call
        fields = ("id", "occurrence", "person", "person_name", "title", "starts_at", "ends_at", "status")


class CallViewSet(Readable):
    """Who is called to which event, latest first: your own calls, and those of schedules that you may view. Set them at
    `occurrences/<id>/set-people/`."""

    nouns = ("call", "calls")
    queryset = Call.objects.select_related("person", "occurrence__production")
    serializer_class = CallRead
    filterset_fields = ("occurrence", "person")
    ordering = ("-pk",)


class UnavailabilityRead(serializers.ModelSerializer[Unavailability]):
    """When a person cannot come, or prefers to."""

    class Meta:
        model = Unavailability
        fields = (
            "id", "version", "person", "kind", "first_date", "last_date", "weekdays", "start_time", "end_time", "timezone",
            "reason",
        )  # fmt: skip


class UnavailabilityViewSet(Readable):
    """When people cannot come: your own entries, and all for those who may view the directory. Planners learn of them by
    conflicts, without the reason."""

    nouns = ("unavailability", "unavailabilities")
    queryset = Unavailability.objects.all()
    serializer_class = UnavailabilityRead
    filterset_fields = ("person", "kind")
    create: Any = creates(add_unavailability, model=Unavailability, answers=UnavailabilityRead)
    partial_update = updates(update_unavailability, model=Unavailability, answers=UnavailabilityRead)
    destroy = deletes(remove_unavailability)
