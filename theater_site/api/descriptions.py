"""Descriptions for the OpenAPI schema, from docstrings, models and the texts below.

A field is described by the first of these that exists: its own `help_text`; the `Doc` at the input's annotation; the
`help_text` of the model field with its name; the text in EVERYWHERE; the object that an id belongs to.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import NoReverseMatch, reverse

from theater_site.core.actions import Action, OpenTo
from theater_site.core.docs import Doc
from theater_site.core.inputs import docs_of

# The number of characters above which a summary ends at a colon or semicolon.
LONG = 80
# Fields with the same meaning in every app.
EVERYWHERE = {
    "id": "Id of this object, assigned by the server and never reused. Example: 12",
    "version": "The number of this version of the object. Send it as `If-Match`, so that a change is refused if somebody "
    "else changed the object meanwhile. Example: 7",
    "created_at": "When it was created: an instant in UTC, ISO 8601. Example: 2027-03-14T18:30:00Z",
    "updated_at": "When it was last changed: an instant in UTC, ISO 8601. Example: 2027-03-14T18:30:00Z",
    "published_at": "Since when everybody can see it; null while it is internal. Example: 2027-03-14T18:30:00Z",
    "section": "Id of the section that it belongs to. Roles on this section and on the sections above it apply to it. "
    "Example: 4",
    "archive_key": "Its key in the archive that it was imported from, by which a later import recognizes it; empty if it was "
    "created here. Example: prod-1987-03",
    "currency": "ISO 4217 code of the currency of the object's amounts. Example: EUR",
    "results": "The objects of this page, in the order of the list.",
}


def sentence_of(doc: str | None) -> str:
    """The first sentence of a docstring, without its period."""
    first = paragraphs(doc).split("\n\n", 1)[0]
    # A period after "e.g." or in a number does not end the sentence.
    found = re.match(r"(.+?[^.\s][.!?])(?=\s+[A-Z`\"(]|$)", first, re.DOTALL)
    sentence = (found[1] if found else first).rstrip(".")
    return re.split(r"[:;] ", sentence, maxsplit=1)[0] if len(sentence) > LONG else sentence


def paragraphs(doc: str | None) -> str:
    """A docstring as Markdown: each paragraph on one line, lists unchanged."""
    cleaned = inspect.cleandoc(doc or "")
    return "\n\n".join(
        part if re.search(r"^\s*([-*]|\d+\.) ", part, re.MULTILINE) else re.sub(r"\s*\n\s*", " ", part)
        for part in cleaned.split("\n\n")
    )


def needs_of(action: Action[Any, Any]) -> str:
    """A text that says who may run the action, and whether it can be submitted for approval."""
    if action.open_to is OpenTo.PUBLIC:
        text = "Open to everybody, also without signing in."
    elif action.open_to is OpenTo.SIGNED_IN:
        text = "Open to every signed-in user; the action checks further conditions."
    elif action.open_to is OpenTo.SYSTEM:
        text = "Only the installation itself runs it."
    else:
        needed = " and ".join(f"`{need.permission}` on `{need.on}`" for need in action.needs)
        text = f"Needs the permission {needed}."
    if action.submittable:
        text += " With only the permission to submit, it responds 202 with a submission that waits for approval."
    return text


def described_action(action: Action[Any, Any], doc: str | None) -> str:
    """The description of an operation that runs this action: `doc`, the action's name and its permissions."""
    return f"{paragraphs(doc)}\n\nAction: `{action.name}`. {needs_of(action)}"


def input_doc(action: Action[Any, Any], name: str, *, group: Any = None) -> Doc | None:
    """The description of the argument `name`, or of the key `name` of the TypedDict `group`.

    From its `Doc`, else from the field of the action's model with this name; else None.
    """
    doc = (docs_of(group) if group is not None else action.docs).get(name)
    if doc is not None:
        return doc
    text = help_of(field_at(action.model, name))
    return Doc(text) if text else None


def column_text(model: type[models.Model] | None, path: str) -> str:
    """The description of a model's field. The path may follow relations: `ticket.code`."""
    field = field_at(model, path)
    return help_of(field) or id_text(getattr(field, "related_model", None))


def help_of(field: Any) -> str:
    """The `help_text` of a model's field, else the text for its name in EVERYWHERE, else ""."""
    return str(getattr(field, "help_text", "") or "") or EVERYWHERE.get(getattr(field, "name", ""), "")


def field_at(model: type[models.Model] | None, path: str) -> Any:
    """The model's field at this dotted path; None if there is none."""
    field: Any = None
    owner = model
    for step in path.split("."):
        if owner is None:
            return None
        try:
            field = owner._meta.get_field(step)
        except FieldDoesNotExist:
            field = _field_by_attname(owner, step)
        owner = getattr(field, "related_model", None)
    return field


def _field_by_attname(model: type[models.Model], name: str) -> Any:
    return next((field for field in model._meta.concrete_fields if field.attname == name), None)


@cache
def id_text(kind: Any) -> str:
    """The description of an id of a model, with the address of its list; "" if `kind` is not a model."""
    if not (isinstance(kind, type) and issubclass(kind, models.Model)):
        return ""
    name = str(kind._meta.verbose_name)
    address = address_of(kind)
    return f"Id of the {name}{f'; listed at `{address}`' if address else ''}. Example: 12"


def address_of(kind: type[models.Model]) -> str:
    """The address of the list of a model's objects; "" without a route named after the model."""
    name = str(kind._meta.verbose_name).replace(" ", "-")
    try:
        return reverse(f"{name}-list")
    except NoReverseMatch:
        return ""
