"""The addresses of seasons and productions."""

from __future__ import annotations

from typing import Any

from django_filters import rest_framework as filters

from accounts.selectors.sections import area, organization
from productions.api import serializers
from productions.models import BrandKit, Production, Season
from productions.services.brand import create_brand_kit, update_brand_kit
from productions.services.moving import move_production
from productions.services.productions import (
    create_production,
    delete_production,
    publish_production,
    update_production,
    withdraw_production,
)
from productions.services.seasons import create_season, publish_season, update_season
from theater_site.api.resources import Readable, creates, deletes, internally, updates, verb
from theater_site.core.text import fold


class SeasonViewSet(Readable):
    """Seasons, latest first: the public ones, and drafts for those who may view them."""

    queryset = Season.objects.all()
    serializer_class = serializers.SeasonPublic
    ordering = ("-starts_on", "-pk")
    filterset_fields = ("slug",)
    create = creates(
        create_season, model=Season, answers=serializers.SeasonInternal, given=("organization", organization)
    )
    partial_update = updates(update_season, model=Season, answers=serializers.SeasonInternal)
    internal = internally(serializers.SeasonInternal)
    publish = verb(publish_season, answers=serializers.SeasonInternal)


class ProductionFilter(filters.FilterSet):
    title = filters.CharFilter(method="by_title", label="part of the title or subtitle, whatever its case and accents")

    class Meta:
        model = Production
        fields = ("season", "status", "slug")

    def by_title(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(title_folded__contains=fold(value))


class ProductionViewSet(Readable):
    """Productions, latest opening first: the public ones, and drafts for those who may view them."""

    queryset = Production.objects.all()
    serializer_class = serializers.ProductionPublic
    filterset_class = ProductionFilter
    ordering = ("-opens_on", "-pk")
    orderings = {"title": ("title", "pk")}
    create = creates(create_production, model=Production, answers=serializers.ProductionInternal)
    partial_update = updates(update_production, model=Production, answers=serializers.ProductionInternal)
    move_season = verb(move_production, answers=serializers.ProductionInternal)
    destroy = deletes(delete_production)
    internal = internally(serializers.ProductionInternal)
    publish = verb(publish_production, answers=serializers.ProductionInternal)
    withdraw = verb(withdraw_production, answers=serializers.ProductionInternal)


class BrandKitViewSet(Readable):
    """The brand guidelines, for those who may view them. Guidelines made here hold for the whole organization."""

    queryset = BrandKit.objects.all()
    serializer_class = serializers.BrandKitRead
    create = creates(
        create_brand_kit,
        model=BrandKit,
        answers=serializers.BrandKitRead,
        given=("section", lambda: area("Brand")),
    )
    partial_update = updates(update_brand_kit, model=BrandKit, answers=serializers.BrandKitRead)
