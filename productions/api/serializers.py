"""How productions shows itself: to everybody, and to those who work on it."""

from __future__ import annotations

from rest_framework import serializers

from productions.models import Production, Season


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
