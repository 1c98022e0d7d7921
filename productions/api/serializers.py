"""How productions shows itself: to everybody, and to those who work on it."""

from __future__ import annotations

from rest_framework import serializers

from productions.models import BrandKit, Production, Season


class SeasonPublic(serializers.ModelSerializer[Season]):
    """A season as everybody may see it."""

    class Meta:
        model = Season
        fields = ("id", "slug", "name", "starts_on", "ends_on", "summary")


class SeasonInternal(serializers.ModelSerializer[Season]):
    """A season for those who work on it."""

    class Meta:
        model = Season
        fields = (*SeasonPublic.Meta.fields, "version", "section", "published_at", "created_at", "updated_at")


class ProductionPublic(serializers.ModelSerializer[Production]):
    """A production as everybody may see it."""

    authors = serializers.ListField(child=serializers.CharField())
    strands = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Production
        fields = (
            "id", "slug", "season", "title", "subtitle", "status", "authors", "company", "strands", "genre", "language",
            "age_guidance", "content_advisories", "running_minutes", "intermissions", "short_synopsis", "synopsis",
            "opens_on", "closes_on",
        )  # fmt: skip


class ProductionInternal(ProductionPublic):
    """A production for those who work on it."""

    class Meta:
        model = Production
        fields = (
            *ProductionPublic.Meta.fields, "version", "section", "published_at", "archive_key", "created_at", "updated_at"
        )  # fmt: skip


class BrandKitRead(serializers.ModelSerializer[BrandKit]):
    """The brand guidelines of one section, for those who may view them."""

    forbidden_words = serializers.ListField(child=serializers.CharField())
    required_fields = serializers.ListField(child=serializers.CharField())
    required_credits = serializers.ListField(child=serializers.CharField())
    picture_shapes = serializers.ListField(child=serializers.CharField())
    only_warn = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = BrandKit
        fields = (
            "id", "version", "section", "title_max_length", "subtitle_max_length", "short_synopsis_min_length",
            "short_synopsis_max_length", "synopsis_min_length", "synopsis_max_length", "forbidden_words",
            "required_fields", "required_credits", "picture_shapes", "picture_tolerance_percent", "picture_min_width",
            "only_warn", "created_at", "updated_at",
        )  # fmt: skip
