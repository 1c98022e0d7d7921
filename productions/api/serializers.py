"""Serializers of productions: for the public, and for those who work on them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from productions.models import AccessibilityService, BrandKit, License, Production, Season, SeasonSlot, Strand
from productions.rules import entries
from productions.rules.anniversaries import EVENTS
from productions.rules.brand import REQUIRABLE, RULES
from theater_site.api.inputs import NamedText
from theater_site.api.schema import name_values

name_values("RequirableFieldEnum", "A field of a production that brand guidelines can ask for.", lambda: REQUIRABLE)
name_values("BrandRuleEnum", "A rule of the brand guidelines, by which findings and waivers name it.", lambda: RULES)


class StrandRead(serializers.ModelSerializer[Strand]):
    """A programming strand or series, for seasons to share."""

    class Meta:
        model = Strand
        fields = ("id", "version", "kind", "name", "summary")


class _StrandOfSeason(serializers.ModelSerializer[Strand]):
    """A strand as its seasons show it."""

    class Meta:
        model = Strand
        fields = ("id", "kind", "name")


class SeasonPublic(serializers.ModelSerializer[Season]):
    """A season as everybody may see it."""

    strands = serializers.SerializerMethodField(
        help_text="The strands that the season has, in the order in which they were added."
    )

    class Meta:
        model = Season
        fields = ("id", "slug", "name", "starts_on", "ends_on", "summary", "strands")

    @extend_schema_field(_StrandOfSeason(many=True))
    def get_strands(self, season: Season) -> Any:
        # Sorted here: a list loads the links of all its seasons at once.
        links = sorted(season.strand_links.all(), key=lambda link: link.pk)
        return _StrandOfSeason([link.strand for link in links], many=True).data


class SeasonInternal(SeasonPublic):
    """A season for those who work on it."""

    class Meta:
        model = Season
        fields = (*SeasonPublic.Meta.fields, "version", "section", "published_at", "created_at", "updated_at")


class SlotRead(serializers.ModelSerializer[SeasonSlot]):
    """A slot in a season's plan, for those who work on it."""

    class Meta:
        model = SeasonSlot
        fields = (
            "id", "version", "season", "position", "idea", "strand", "starts_on", "ends_on", "status", "production", "note",
        )  # fmt: skip


class LicenseRead(serializers.ModelSerializer[License]):
    """A license, for those who work on the production."""

    venues = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = License
        fields = (
            "id", "version", "production", "house", "number", "starts_on", "ends_on", "venues", "max_performances",
            "billing", "recording_allowed", "streaming_allowed", "note", "created_at", "updated_at",
        )  # fmt: skip


class _Partner(serializers.Serializer[Any]):
    """A partner who co-produces or sponsors the production."""

    described_by = entries.Partner
    name = serializers.CharField()
    role = serializers.CharField()
    url = serializers.CharField()


class _Link(serializers.Serializer[Any]):
    """A link to more about the production."""

    described_by = entries.Link
    url = serializers.CharField()

    # Declared in get_fields, since a class attribute `label` would hide the serializer's own; the same below.
    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "label": serializers.CharField()}


class _Quote(serializers.Serializer[Any]):
    """A quote from the press."""

    described_by = entries.Quote
    text = serializers.CharField()
    author = serializers.CharField()
    url = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "source": serializers.CharField()}


class _Award(serializers.Serializer[Any]):
    """An award or a nomination."""

    described_by = entries.Award
    name = serializers.CharField()
    category = serializers.CharField()
    year = serializers.IntegerField(allow_null=True)
    recipient = serializers.CharField()
    won = serializers.BooleanField()


def _texts() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField())


class ProductionPublic(serializers.ModelSerializer[Production]):
    """A production for the public. Its address by slug stays valid when the slug changes."""

    season_slug = serializers.CharField(
        source="season.slug", help_text="Slug of the season that it belongs to. Example: 2026-27"
    )
    url = serializers.SerializerMethodField(help_text="Its address by slug.")
    authors = _texts()
    adaptors = _texts()
    translators = _texts()
    composers = _texts()
    lyricists = _texts()
    choreographers = _texts()
    strands = _texts()
    partners = _Partner(many=True)
    accessibility = serializers.ListField(child=serializers.ChoiceField(choices=AccessibilityService.choices))
    quotes = _Quote(many=True)
    awards = _Award(many=True)
    links = _Link(many=True)

    class Meta:
        model = Production
        fields = (
            "id", "slug", "url", "season", "season_slug", "title", "subtitle", "status", "authors", "adaptors",
            "translators", "composers", "lyricists", "choreographers", "billing", "company", "partners", "strands", "genre",
            "language", "premiere", "age_guidance", "content_advisories", "accessibility", "running_minutes",
            "intermissions", "short_synopsis", "synopsis", "quotes", "awards", "links", "opens_on", "closes_on",
        )  # fmt: skip

    @extend_schema_field(serializers.CharField())
    def get_url(self, production: Production) -> str:
        return address_of(production.slug)


class ProductionInternal(ProductionPublic):
    """A production for those who work on it."""

    class Meta:
        model = Production
        fields = (
            *ProductionPublic.Meta.fields, "version", "section", "cancel_reason", "published_at", "archive_key",
            "created_at", "updated_at",
        )  # fmt: skip


class ProductionNamed(serializers.ModelSerializer[Production]):
    """A production by its name and addresses, for lists of many."""

    season_slug = serializers.CharField(
        source="season.slug", help_text="Slug of the season that it belongs to. Example: 2026-27"
    )
    url = serializers.SerializerMethodField(help_text="Its address by slug.")

    class Meta:
        model = Production
        fields = ("id", "slug", "url", "title", "subtitle", "season", "season_slug", "opens_on")

    @extend_schema_field(serializers.CharField())
    def get_url(self, production: Production) -> str:
        return address_of(production.slug)


class TableTaken(serializers.Serializer[Any]):
    """The result of an import of a table."""

    rows = serializers.IntegerField(help_text="The number of rows of the table, without the header. Example: 40")
    new = serializers.IntegerField(help_text="How many productions were created. Example: 3")
    changed = serializers.IntegerField(help_text="How many productions were changed. Example: 5")
    unchanged = serializers.IntegerField(help_text="How many productions were already as in the table. Example: 32")


class MostPlayed(ProductionNamed):
    """A production and the number of its performances until now, without canceled ones."""

    performances = serializers.IntegerField(help_text="How many performances took place until now. Example: 24")

    class Meta:
        model = Production
        fields = (*ProductionNamed.Meta.fields, "performances")


class AnniversaryRead(serializers.Serializer[Any]):
    """An event on the day in that year; `times` counts the performances."""

    year = serializers.IntegerField(help_text="The year of the event. Example: 1998")
    event = serializers.ChoiceField(choices=EVENTS, help_text="What happened. Example: opened")
    times = serializers.IntegerField(help_text="How many performances took place on the day. Example: 1")
    production = ProductionNamed()


class OnThisDay(serializers.Serializer[Any]):
    """A day, and the events on it, the oldest first."""

    month = serializers.IntegerField(help_text="The requested month, 1 to 12. Example: 11")
    day = serializers.IntegerField(help_text="The requested day of the month, 1 to 31. Example: 25")
    results = AnniversaryRead(many=True)


class ChecklistLine(serializers.Serializer[Any]):
    """One line of the checklist before a step. A required line that is not done blocks the step."""

    step = serializers.CharField(help_text="The status before which it should be done. Example: announced")
    app = serializers.CharField(help_text="The app that reports it. Example: productions")
    code = serializers.CharField(help_text="A stable name of the line. Example: synopsis_missing")
    done = serializers.BooleanField(help_text="True if nothing is missing.")

    def get_fields(self) -> dict[str, Any]:
        # `label` and `required` are attributes of a serializer field.
        return {
            **super().get_fields(),
            "label": serializers.CharField(help_text="What to do, in one line. Example: A synopsis"),
            "required": serializers.BooleanField(help_text="True if the step is an error while it is missing."),
        }


class Checklist(serializers.Serializer[Any]):
    """The checklist of a production for each step ahead. `ready`: nothing blocks the next step."""

    status = serializers.CharField(help_text="The production's present status. Example: planned")
    next = serializers.CharField(allow_null=True, help_text="The next status; null after the last. Example: announced")
    ready = serializers.BooleanField(help_text="True if every required line before the next status is done.")
    lines = ChecklistLine(many=True)


def address_of(slug: str) -> str:
    """Return the path of the production with this slug."""
    return reverse("production-by-slug", kwargs={"slug": slug})


class NewAddress(serializers.Serializer[Any]):
    """The present address of a production, for a request to a former one."""

    slug = serializers.CharField(help_text="The present slug. Example: the-seagull")
    url = serializers.CharField(help_text="The path of its address. Example: /api/v1/productions/by-slug/the-seagull/")


class BrandKitRead(serializers.ModelSerializer[BrandKit]):
    """The brand guidelines of one section, for those who may view them."""

    forbidden_words = serializers.ListField(child=serializers.CharField())
    required_fields = serializers.ListField(child=NamedText(one_of=lambda: REQUIRABLE))
    required_credits = serializers.ListField(child=serializers.CharField())
    picture_shapes = serializers.ListField(child=serializers.CharField())
    only_warn = serializers.ListField(child=NamedText(one_of=lambda: RULES))

    class Meta:
        model = BrandKit
        fields = (
            "id", "version", "section", "title_max_length", "subtitle_max_length", "short_synopsis_min_length",
            "short_synopsis_max_length", "synopsis_min_length", "synopsis_max_length", "forbidden_words",
            "required_fields", "required_credits", "picture_shapes", "picture_tolerance_percent", "picture_min_width",
            "only_warn", "created_at", "updated_at",
        )  # fmt: skip
