"""Endpoints of seasons, their plans and brand guidelines. Those of productions are in production_views.py."""

from __future__ import annotations

from accounts.permissions.selectors.sections import area, organization
from productions.api import serializers
from productions.models import BrandKit, Season, SeasonSlot, Strand
from productions.services.brand import create_brand_kit, update_brand_kit
from productions.services.planning import add_slot, create_strand, fill_slot, remove_slot, update_slot, update_strand
from productions.services.seasons import (
    create_season,
    hand_over_season,
    publish_season,
    unpublish_season,
    update_season,
)
from theater_site.api.resources import Readable, creates, deletes, internally, updates, verb


class SeasonViewSet(Readable):
    """Seasons, latest first: the public ones, and drafts for those who may view them."""

    queryset = Season.objects.prefetch_related("strand_links__strand")
    serializer_class = serializers.SeasonPublic
    ordering = ("-starts_on", "-pk")
    filterset_fields = ("slug",)
    create = creates(
        create_season, model=Season, answers=serializers.SeasonInternal, given=("organization", organization)
    )
    partial_update = updates(update_season, model=Season, answers=serializers.SeasonInternal)
    internal = internally(serializers.SeasonInternal)
    publish = verb(publish_season, answers=serializers.SeasonInternal)
    unpublish = verb(unpublish_season, answers=serializers.SeasonInternal)
    hand_over = verb(hand_over_season, answers=serializers.SeasonInternal, model=Season)


class StrandViewSet(Readable):
    """Programming strands and series, which seasons share: those of public seasons, and all for those who may view them."""

    queryset = Strand.objects.all()
    serializer_class = serializers.StrandRead
    ordering = ("name", "pk")
    filterset_fields = ("kind",)
    create = creates(create_strand, model=Strand, answers=serializers.StrandRead, given=("organization", organization))
    partial_update = updates(update_strand, model=Strand, answers=serializers.StrandRead)


class SlotViewSet(Readable):
    """The plans of seasons, slot by slot, for those who may view them."""

    queryset = SeasonSlot.objects.select_related("season")
    serializer_class = serializers.SlotRead
    ordering = ("season_id", "position", "pk")
    filterset_fields = ("season", "status", "strand")
    create = creates(add_slot, model=SeasonSlot, answers=serializers.SlotRead)
    partial_update = updates(update_slot, model=SeasonSlot, answers=serializers.SlotRead)
    destroy = deletes(remove_slot)
    fill = verb(fill_slot, answers=serializers.SlotRead)


class BrandKitViewSet(Readable):
    """Brand guidelines, for those who may view them. Guidelines created here apply to the whole organization."""

    queryset = BrandKit.objects.all()
    serializer_class = serializers.BrandKitRead
    create = creates(
        create_brand_kit,
        model=BrandKit,
        answers=serializers.BrandKitRead,
        given=("section", lambda: area("Brand")),
    )
    partial_update = updates(update_brand_kit, model=BrandKit, answers=serializers.BrandKitRead)
