"""How the calendar shows itself: to everybody, and to those who work with it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from productions.models import Production, Season
from scheduling.models import EventSeries, Occurrence, Run, Space, Venue
from theater_site.api.inputs import VisibleRelated


class VenuePublic(serializers.ModelSerializer[Venue]):
    """A house as everybody may see it; `timezone` is "" where it is not known."""

    class Meta:
        model = Venue
        fields = ("id", "name", "address", "city", "country", "location", "timezone")


class VenueInternal(VenuePublic):
    """A house for those who look after it."""

    class Meta:
        model = Venue
        fields = (*VenuePublic.Meta.fields, "version", "section", "archive_key", "created_at", "updated_at")


class SpacePublic(serializers.ModelSerializer[Space]):
    """A room as everybody may see it."""

    class Meta:
        model = Space
        fields = ("id", "venue", "name", "kind", "capacity")


class SpaceInternal(SpacePublic):
    """A room for those who look after it."""

    class Meta:
        model = Space
        fields = (*SpacePublic.Meta.fields, "version", "created_at", "updated_at")


class SeriesInternal(serializers.ModelSerializer[EventSeries]):
    """The plan of a repeated event."""

    skipped = serializers.ListField(child=serializers.CharField())
    added = serializers.ListField(child=serializers.CharField())
    rrule = serializers.CharField()

    class Meta:
        model = EventSeries
        fields = (
            "id", "version", "section", "production", "space", "title", "category", "rrule", "first_date", "start_time",
            "duration_minutes", "timezone", "skipped", "added", "internal", "canceled_at", "created_at", "updated_at",
        )  # fmt: skip


class OccurrencePublic(serializers.ModelSerializer[Occurrence]):
    """What takes place, as everybody may see it.

    `date`, `start_time` and `timezone` are what was said, and what to show; `starts_at` and `ends_at` follow
    from them, and are null where they are not known.
    """

    title = serializers.CharField(source="shown_title")
    production_slug = serializers.CharField(source="production.slug", allow_null=True, default=None)
    venue_name = serializers.CharField(source="venue.name", allow_null=True, default=None)
    space_name = serializers.CharField(source="space.name", allow_null=True, default=None)

    class Meta:
        model = Occurrence
        fields: tuple[str, ...] = (
            "id", "title", "category", "status", "status_note", "production", "production_slug", "venue", "venue_name",
            "space", "space_name", "date", "start_time", "duration_minutes", "timezone", "starts_at", "ends_at",
        )  # fmt: skip


class OccurrenceInternal(OccurrencePublic):
    """What takes place, for those who work with the calendar."""

    class Meta(OccurrencePublic.Meta):
        fields = (
            *OccurrencePublic.Meta.fields, "version", "section", "series", "visibility", "published_at", "archive_key",
            "created_at", "updated_at",
        )  # fmt: skip


class InConflict(serializers.Serializer[Any]):
    """Something that is in the way; without its id and title where the actor may not see it."""

    id = serializers.IntegerField(allow_null=True)
    title = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class ConflictShown(serializers.Serializer[Any]):
    """What cannot both take place: in one `space`, or of one `production` in two places, from when to when."""

    kind = serializers.ChoiceField(choices=["space", "production"])
    space = serializers.IntegerField(allow_null=True)
    production = serializers.IntegerField(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    occurrences = InConflict(many=True)


class ConflictsAnswer(serializers.Serializer[Any]):
    """`free` is true where nothing is in the way; at most 200 conflicts are listed, `count` is all of them."""

    free = serializers.BooleanField()
    count = serializers.IntegerField()
    conflicts = ConflictShown(many=True)


class ConflictsAsked(serializers.Serializer[Any]):
    """Either a space and a span, or a production or season, or a range of days."""

    space = serializers.PrimaryKeyRelatedField(queryset=Space.objects.select_related("venue"), required=False)
    starts_at = serializers.DateTimeField(required=False, help_text="An instant, with its offset.")
    ends_at = serializers.DateTimeField(required=False, help_text="An instant; may be the start of the next event.")
    date = serializers.DateField(required=False, help_text="Instead of starts_at: the day at the venue.")
    start_time = serializers.TimeField(required=False, help_text="With date: wall time at the venue.")
    duration_minutes = serializers.IntegerField(required=False, min_value=1, max_value=31 * 24 * 60)
    besides = serializers.IntegerField(
        required=False, help_text="An occurrence that is to be moved: not in its own way."
    )
    production = VisibleRelated(queryset=Production.objects.all(), required=False)
    season = VisibleRelated(queryset=Season.objects.all(), required=False)

    def get_fields(self) -> dict[str, Any]:
        # `from` is no name that a class body takes.
        fields = super().get_fields()
        fields["from"] = serializers.DateField(required=False, help_text="The first day, as the clocks there show it.")
        fields["to"] = serializers.DateField(required=False, help_text="The last day, as the clocks there show it.")
        return fields


class RunPublic(serializers.ModelSerializer[Run]):
    """A run; there is nothing internal about it."""

    venue_name = serializers.CharField(source="venue.name")

    class Meta:
        model = Run
        fields = (
            "id", "version", "production", "venue", "venue_name", "kind", "label", "company", "position", "starts_on",
            "ends_on",
        )  # fmt: skip
