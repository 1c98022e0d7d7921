"""Serializers of the calendar: for the public, and for those who work with it."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from productions.models import Production, Season
from scheduling.models import EventSeries, Occurrence, Run, Space, Venue
from scheduling.rules.wall_time import valid_zone
from scheduling.selectors.series_words import words_of
from scheduling.services.calendar_imports import CalendarImport
from theater_site.api.inputs import VisibleRelated
from theater_site.api.languages import language_of


class VenuePublic(serializers.ModelSerializer[Venue]):
    """A venue for the public; `timezone` is "" if not known."""

    class Meta:
        model = Venue
        fields = ("id", "name", "address", "city", "country", "location", "timezone")


class VenueInternal(VenuePublic):
    """A venue for those who look after it."""

    class Meta:
        model = Venue
        fields = (*VenuePublic.Meta.fields, "version", "section", "archive_key", "created_at", "updated_at")


class SpacePublic(serializers.ModelSerializer[Space]):
    """A room for the public."""

    parts: Any = serializers.PrimaryKeyRelatedField(
        many=True,
        read_only=True,
        help_text="Ids of the spaces that are taken while this one is booked; spaces that share one exclude each other. "
        "Example: [4, 5]",
    )

    class Meta:
        model = Space
        fields: tuple[str, ...] = ("id", "venue", "name", "kind", "capacity", "parts")


class SpaceInternal(SpacePublic):
    """A room for those who look after it."""

    class Meta:
        model = Space
        fields = (*SpacePublic.Meta.fields, "version", "created_at", "updated_at")


class SeriesInternal(serializers.ModelSerializer[EventSeries]):
    """An event series."""

    skipped = serializers.ListField(
        child=serializers.CharField(),
        help_text='Days of the rule on which it does not take place. Example: ["2027-02-16"]',
    )
    added = serializers.ListField(
        child=serializers.CharField(),
        help_text='Dates beside the rule, each with its wall time. Example: ["2027-02-18T18:00"]',
    )
    rrule = serializers.CharField(
        source="shown_rule", help_text="RFC 5545 recurrence rule. Example: FREQ=WEEKLY;BYDAY=TU;COUNT=12"
    )
    in_words = serializers.SerializerMethodField(
        help_text="The rule for people, in the reader's language. Example: every Tuesday, 18:00 to 21:00, 12 times"
    )

    class Meta:
        model = EventSeries
        fields = (
            "id", "version", "section", "production", "space", "title", "category", "rrule", "first_date", "start_time",
            "duration_minutes", "timezone", "skipped", "added", "in_words", "split_from", "internal", "canceled_at", "created_at",
            "updated_at",
        )  # fmt: skip

    def get_in_words(self, row: EventSeries) -> str:
        with translation.override(language_of(self.context.get("request"))):
            return words_of(row)


class ImportedEvent(serializers.Serializer[Any]):
    """An event of a calendar file, and what is to be said of it."""

    uid = serializers.CharField(help_text="The UID of the event in the file. Example: 7f3c@calendar.example")
    title = serializers.CharField(help_text="What it is called there. Example: Rehearsal act 2")
    message = serializers.CharField(
        help_text="What was stored otherwise, or why it was not stored. Example: Its rule has no end; it is stored for 18 months."
    )


class SkippedEvent(ImportedEvent):
    """An event that was not imported."""

    code = serializers.CharField(help_text="The error code. Example: rrule_too_often")


class CalendarImportRead(serializers.Serializer[CalendarImport]):
    """What an import did, in series and single events."""

    created = serializers.IntegerField(help_text="How many were created. Example: 12")
    changed = serializers.IntegerField(help_text="How many were known, and changed. Example: 1")
    unchanged = serializers.IntegerField(help_text="How many are as they were. Example: 30")
    skipped = SkippedEvent(many=True, help_text="The events that were not imported.")
    notes = ImportedEvent(many=True, help_text="What was stored otherwise than it was written.")
    dropped = serializers.DictField(
        child=serializers.IntegerField(),
        help_text='How often each part was dropped that this calendar does not store. Example: {"ATTENDEE": 4, "VALARM": 2}',
    )


class ReaderTime(serializers.DateTimeField):
    """An instant of the row in the zone that the reader asks for by `?timezone=`; null without it."""

    def __init__(self, instant: str, **kwargs: Any) -> None:
        super().__init__(source=instant, read_only=True, allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> str | None:  # type: ignore[override]
        request = self.context.get("request")
        zone = request.query_params.get("timezone") if request is not None else None
        return value.astimezone(valid_zone(zone)).isoformat() if zone else None


class OccurrencePublic(serializers.ModelSerializer[Occurrence]):
    """An occurrence for the public.

    `date`, `start_time` and `timezone` are the source values, and those to show; `starts_at` and `ends_at` are derived
    from them, and null if not known.
    """

    title = serializers.CharField(
        source="shown_title", help_text="What it is called: its own title, else the production's. Example: The Seagull"
    )
    production_slug = serializers.CharField(
        source="production.slug",
        allow_null=True,
        default=None,
        help_text="The production's part of the website's address; null without a production. Example: the-seagull",
    )
    venue_name = serializers.CharField(
        source="venue.name",
        allow_null=True,
        default=None,
        help_text="The venue's name; null if not known. Example: Lantern Theater",
    )
    space_name = serializers.CharField(
        source="space.name",
        allow_null=True,
        default=None,
        help_text="The room's name; null if not known. Example: Main stage",
    )
    clock_note = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="The effect of a clock change on the start; null on other days. Example: The clocks skip 02:30 on"
        " 2027-03-28. This starts at 03:30.",
    )

    reader_start = ReaderTime(
        "starts_at",
        help_text="The start in the reader's zone, with its offset; null without `?timezone=`. Example: "
        "2027-03-14T20:30:00+01:00",
    )
    reader_end = ReaderTime(
        "ends_at",
        help_text="The end in the reader's zone, with its offset; null without `?timezone=`. Example: "
        "2027-03-14T23:00:00+01:00",
    )

    class Meta:
        model = Occurrence
        fields: tuple[str, ...] = (
            "id", "title", "subtitle", "category", "status", "status_note", "production", "production_slug", "venue",
            "venue_name", "space", "space_name", "date", "start_time", "duration_minutes", "timezone", "clock_note", "starts_at",
            "ends_at", "reader_start", "reader_end",
        )  # fmt: skip


class OccurrenceInternal(OccurrencePublic):
    """An occurrence for those who work with the calendar."""

    class Meta(OccurrencePublic.Meta):
        fields = (
            *OccurrencePublic.Meta.fields, "version", "section", "series", "visibility", "setup_minutes", "strike_minutes",
            "published_at", "archive_key",
            "created_at", "updated_at",
        )  # fmt: skip


class ClosuresRead(serializers.Serializer[Any]):
    """The closures of a venue that were entered."""

    closures = serializers.SerializerMethodField(help_text="The closures, each an internal event.")

    @extend_schema_field(OccurrenceInternal(many=True))
    def get_closures(self, rows: list[Occurrence]) -> Any:
        return OccurrenceInternal(rows, many=True, context=self.context).data


class InConflict(serializers.Serializer[Any]):
    """A conflicting event; without id and title if the actor may not see it."""

    id = serializers.IntegerField(
        allow_null=True, help_text="Id of the event; null if you may not see it. Example: 120"
    )
    title = serializers.CharField(
        allow_null=True, help_text="What it is called; null if you may not see it. Example: The Seagull"
    )
    category = serializers.CharField(
        allow_null=True, help_text="What kind of event it is; null if you may not see it. Example: rehearsal"
    )
    starts_at = serializers.DateTimeField(help_text="When it starts: an instant in UTC. Example: 2027-03-14T19:30:00Z")
    ends_at = serializers.DateTimeField(help_text="When it ends: an instant in UTC. Example: 2027-03-14T22:00:00Z")


class OccurrenceCanceled(OccurrenceInternal):
    """A canceled future event, and what prevents its reinstatement."""

    in_the_way = InConflict(many=True, help_text="The events that now have its space; empty if it can be reinstated.")

    class Meta(OccurrenceInternal.Meta):
        fields = (*OccurrenceInternal.Meta.fields, "in_the_way")


class ConflictShown(serializers.Serializer[Any]):
    """A conflict: what collides, from when to when, by which rule."""

    kind = serializers.ChoiceField(
        choices=["space", "production", "double_call", "unavailable"],
        help_text="A space taken twice; a production in two places; a person called to two events, or called while they are "
        "unavailable. Example: space",
    )
    severity = serializers.ChoiceField(
        choices=["hard", "soft"],
        help_text="A hard one is refused; a soft one can be waived with a reason. Example: hard",
    )
    space = serializers.IntegerField(
        allow_null=True, help_text="Id of the space that is taken twice; null for other kinds. Example: 3"
    )
    production = serializers.IntegerField(
        allow_null=True, help_text="Id of the production in two places; null for other kinds. Example: 12"
    )
    person = serializers.IntegerField(
        allow_null=True, help_text="Id of the person; null for other kinds, or if you may not see them. Example: 41"
    )
    person_name = serializers.CharField(
        allow_null=True, help_text="The name of the person; null if there is none to see. Example: Anna Bell"
    )
    starts_at = serializers.DateTimeField(
        help_text="The start of the common span: an instant in UTC. Example: 2027-03-14T19:30:00Z"
    )
    ends_at = serializers.DateTimeField(
        help_text="The end of the common span: an instant in UTC. Example: 2027-03-14T22:00:00Z"
    )
    since = serializers.DateTimeField(
        help_text="The latest change of what collides: an instant in UTC. Example: 2027-02-01T10:00:00Z"
    )
    occurrences = InConflict(many=True, help_text="The events that collide.")


class ConflictsAnswer(serializers.Serializer[Any]):
    """`free` is true without conflicts; at most 200 conflicts are listed, `count` is the total."""

    free = serializers.BooleanField(help_text="True if nothing collides. Example: false")
    count = serializers.IntegerField(help_text="The total number of conflicts. Example: 2")
    conflicts = ConflictShown(many=True, help_text="The conflicts in order of time, at most 200.")
    checked = serializers.ListField(
        child=serializers.CharField(), help_text='What was checked. Example: ["spaces", "people"]'
    )
    not_checked = serializers.ListField(
        child=serializers.CharField(), help_text='What was not checked. Example: ["travel", "rest"]'
    )


class ConflictsAsked(serializers.Serializer[Any]):
    """Either a space and a span, or a production or season, or a range of days."""

    space = serializers.PrimaryKeyRelatedField(queryset=Space.objects.select_related("venue"), required=False)
    starts_at = serializers.DateTimeField(
        required=False,
        help_text="From when the space is needed: an instant with its offset. Example: 2027-03-14T19:30:00+00:00",
    )
    ends_at = serializers.DateTimeField(
        required=False,
        help_text="Until when: an instant with its offset; may be the start of the next event. Example: "
        "2027-03-14T22:00:00+00:00",
    )
    date = serializers.DateField(
        required=False, help_text="Instead of `starts_at`: the day at the venue. Example: 2027-03-14"
    )
    start_time = serializers.TimeField(required=False, help_text="With `date`: wall time at the venue. Example: 19:30")
    duration_minutes = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=31 * 24 * 60,
        help_text="With `date` and `start_time`: how many minutes the space is needed. Example: 150",
    )
    besides = serializers.IntegerField(
        required=False, help_text="Id of an event to reschedule, which is ignored. Example: 120"
    )
    changed_since = serializers.DateTimeField(
        required=False,
        help_text="Only conflicts of which a part changed since this instant, such as the last report. Example: "
        "2027-02-01T10:00:00Z",
    )
    production = VisibleRelated(queryset=Production.objects.all(), required=False)
    season = VisibleRelated(queryset=Season.objects.all(), required=False)

    def get_fields(self) -> dict[str, Any]:
        # `from` is a Python keyword, which a class body cannot use as a name.
        fields = super().get_fields()
        fields["from"] = serializers.DateField(
            required=False, help_text="The first day, as the clocks at the venue show it. Example: 2027-03-01"
        )
        fields["to"] = serializers.DateField(
            required=False, help_text="The last day, as the clocks at the venue show it. Example: 2027-03-31"
        )
        return fields


class RunPublic(serializers.ModelSerializer[Run]):
    """A run; it has no internal fields."""

    venue_name = serializers.CharField(
        source="venue.name",
        allow_null=True,
        default=None,
        help_text="The venue's name; null where it is not known. Example: Lantern Theater",
    )

    class Meta:
        model = Run
        fields = (
            "id", "version", "production", "venue", "venue_name", "kind", "label", "company", "position", "starts_on",
            "ends_on",
        )  # fmt: skip
