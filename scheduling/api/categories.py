"""Endpoint of the categories of events, with their defaults."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.selectors.sections import organization
from scheduling.models import Category, CategoryDefaults
from scheduling.selectors.categories import defaults_by_category
from scheduling.services.categories import set_category_defaults
from theater_site.api.inputs import body_of
from theater_site.api.resources import ActingView, documented

_SET = body_of(set_category_defaults, model=CategoryDefaults, leave_out=("section",), partial=True)


class CategoryRead(serializers.ModelSerializer[CategoryDefaults]):
    """A category of events, with what its events get where nothing else is given."""

    name = serializers.CharField(help_text="What it is called. Example: technical rehearsal")

    class Meta:
        model = CategoryDefaults
        fields = (
            "category", "name", "duration_minutes", "setup_minutes", "strike_minutes", "visibility", "color",
        )  # fmt: skip


class CategoriesView(ActingView):
    """The categories of events."""

    @extend_schema(operation_id="event_categories", responses=CategoryRead(many=True))
    def get(self, request: Request) -> Response:
        """List the categories of events with their defaults and colors."""
        found = defaults_by_category()
        shown: Any = [{"category": one.value, "name": one.label, **found[one]._asdict()} for one in Category]
        return Response(CategoryRead(shown, many=True).data)

    def post(self, request: Request) -> Response:
        return self.perform(request, set_category_defaults, _answer, given={"section": organization()}, body=_SET)

    documented(post, set_category_defaults, _SET, {200: CategoryRead})


def _answer(row: Any) -> Response:
    row.name = row.get_category_display()
    return Response(CategoryRead(row).data)
