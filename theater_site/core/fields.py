"""Model fields for all apps."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from theater_site.core.errors import Invalid
from theater_site.core.text import clean_markdown, fold


class FoldedField(models.TextField):
    """The folded text of other columns of the row, for search: `FoldedField(sources=("title", "subtitle"))`.

    Computed whenever the row is saved, also by `ContentQuerySet.update`. Search it with a text folded by `fold`.
    """

    # Computed from other columns, so the recorder ignores it.
    derived = True

    def __init__(self, *args: Any, sources: tuple[str, ...] = (), **kwargs: Any) -> None:
        self.sources = tuple(sources)
        super().__init__(*args, **{**kwargs, "default": "", "blank": True, "editable": False})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "sources": self.sources}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        text = fold(" ".join(str(getattr(model_instance, name) or "") for name in self.sources))
        setattr(model_instance, self.attname, text)
        return text


class MarkdownField(models.TextField):
    """Markdown, cleaned when it is saved: no HTML, and links only to http, https, mailto, tel and relative addresses."""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        text = super().clean(value, model_instance)
        try:
            return clean_markdown(text) if isinstance(text, str) else text
        except Invalid as error:
            raise ValidationError(error.message, code=error.code) from error
