"""The defaults of each category of events: those that the theater set, else the built-in ones."""

from __future__ import annotations

from scheduling.models import Category, CategoryDefaults
from scheduling.rules.category_defaults import BUILT_IN, Defaults


def defaults_by_category() -> dict[str, Defaults]:
    """The defaults of all categories, in one query."""
    rows = CategoryDefaults.objects.values_list("category", *Defaults._fields)
    return {
        **{category.value: BUILT_IN[category] for category in Category},
        **{name: Defaults(*row) for name, *row in rows},
    }


def defaults_of(category: str) -> Defaults:
    """The defaults of one category."""
    row = CategoryDefaults.objects.filter(category=category).values_list(*Defaults._fields).first()
    return Defaults(*row) if row is not None else BUILT_IN[category]
