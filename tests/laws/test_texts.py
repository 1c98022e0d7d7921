"""Every column of one line refuses what is not one line, and every Markdown column refuses live addresses."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models

from theater_site.core.encryption import EncryptedTextField
from theater_site.core.errors import Invalid
from theater_site.core.fields import FoldedField, MarkdownField
from theater_site.core.models import ContentModel

CONTENT = [model for model in apps.get_models() if issubclass(model, ContentModel)]
FIELDS = [(model, field) for model in CONTENT for field in model._meta.local_concrete_fields]
ONE_LINE = [(model, field) for model, field in FIELDS if isinstance(field, models.CharField) and field.editable]
ONE_LINE += [(model, field) for model, field in FIELDS if getattr(field, "one_line", False)]
MARKDOWN = [(model, field) for model, field in FIELDS if isinstance(field, MarkdownField)]


def named(pairs):
    return [f"{model._meta.label_lower}.{field.name}" for model, field in pairs]


@pytest.mark.parametrize(("model", "field"), ONE_LINE, ids=named(ONE_LINE))
@pytest.mark.parametrize("text", ["A\r\nEND:VEVENT", "name\u202etxt"], ids=["line break", "override"])
def test_columns_of_one_line_refuse_line_breaks(model, field, text):
    with pytest.raises(Invalid) as refusal:
        model(**{field.attname: text}).check_values([field.name])
    assert (refusal.value.code, refusal.value.field) == ("control_character", field.name)


@pytest.mark.parametrize(("model", "field"), MARKDOWN, ids=named(MARKDOWN))
def test_markdown_columns_refuse_live_links(model, field):
    with pytest.raises(Invalid) as refusal:
        model(**{field.attname: "[x](javascript:alert(1))"}).check_values([field.name])
    assert (refusal.value.code, refusal.value.field) == ("unsafe_link", field.name)
    row = model(**{field.attname: "Fine <b>text</b>"})
    row.check_values([field.name])
    assert getattr(row, field.attname) == "Fine text"


def test_every_text_column_is_classified():
    """A new text column is Markdown, encrypted, or follows from others; or it is named here with its reason."""
    plain = [
        (model, field)
        for model, field in FIELDS
        if isinstance(field, models.TextField)
        and not isinstance(field, (MarkdownField, EncryptedTextField, FoldedField))
    ]
    assert named(plain) == []


def test_url_columns_accept_only_safe_schemes():
    urls = [(model, field) for model, field in FIELDS if isinstance(field, models.URLField)]
    for model, field in urls:
        with pytest.raises((Invalid, ValidationError)):
            model(**{field.attname: "javascript:alert(1)"}).check_values([field.name])
