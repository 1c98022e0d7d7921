"""What the OpenAPI schema says where the text is written elsewhere: in docstrings, models, or once here for every app.

A description comes from the nearest of these: the field's own `help_text`; a `Doc` at the input's annotation; the
`help_text` of the model field of that name; the fields below, which mean the same everywhere; the object that an id is of.
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

# Characters of a summary.
LONG = 80
# Fields that mean the same in every app.
EVERYWHERE = {
    "id": "Id of this object, given by the server and never used again. Example: 12",
    "version": "Counts the changes of this object. Send it as `If-Match` to change exactly what you saw. Example: 7",
    "created_at": "When it was created: an instant in UTC, ISO 8601. Example: 2027-03-14T18:30:00Z",
    "updated_at": "When it was last changed: an instant in UTC, ISO 8601. Example: 2027-03-14T18:30:00Z",
    "published_at": "Since when everybody can see it; null while it is internal. Example: 2027-03-14T18:30:00Z",
    "section": "Id of the section that it belongs to: roles on this section, and on those above it, apply to it. "
    "Example: 4",
    "archive_key": "The row's key in the archive that it was imported from, by which a later import finds it again; empty "
    "if it was made here. Example: prod-1987-03",
    "currency": "ISO 4217 code of the currency of the amounts beside it. Example: EUR",
    "results": "The objects of this page, in the order of the list.",
}


def sentence_of(doc: str | None) -> str:
    """The first sentence of a docstring, without its period."""
    first = paragraphs(doc).split("\n\n", 1)[0]
    # Not after "e.g." or a number.
    found = re.match(r"(.+?[^.\s][.!?])(?=\s+[A-Z`\"(]|$)", first, re.DOTALL)
    sentence = (found[1] if found else first).rstrip(".")
    # Of a long one what is before a colon or semicolon is enough.
    return re.split(r"[:;] ", sentence, maxsplit=1)[0] if len(sentence) > LONG else sentence


def paragraphs(doc: str | None) -> str:
    """A docstring with each paragraph in one line: to Markdown a line's end says nothing, and lists stay lists."""
    cleaned = inspect.cleandoc(doc or "")
    return "\n\n".join(
        part if re.search(r"^\s*([-*]|\d+\.) ", part, re.MULTILINE) else re.sub(r"\s*\n\s*", " ", part)
        for part in cleaned.split("\n\n")
    )


def needs_of(action: Action[Any, Any]) -> str:
    """One sentence: who may run it, and whether it can be submitted for approval."""
    if action.open_to is OpenTo.PUBLIC:
        said = "Open to everybody, also without signing in."
    elif action.open_to is OpenTo.SIGNED_IN:
        said = "Open to everybody who is signed in; the action itself checks the rest."
    elif action.open_to is OpenTo.SYSTEM:
        said = "Only the installation itself runs it."
    else:
        needed = " and ".join(f"`{need.permission}` on `{need.on}`" for need in action.needs)
        said = f"Needs the permission {needed}."
    if action.submittable:
        said += " Who may only submit it is answered 202 with a submission that waits for approval."
    return said


def described_action(action: Action[Any, Any], doc: str | None) -> str:
    """The description of an operation that runs this action, and that `doc` describes."""
    return f"{paragraphs(doc)}\n\nAction: `{action.name}`. {needs_of(action)}"


def input_doc(action: Action[Any, Any], name: str, *, group: Any = None) -> Doc | None:
    """What is said of an input: of the argument `name`, or of the key `name` of the TypedDict `group`. None where nothing is
    written: then an id is described by what it is of."""
    written = (docs_of(group) if group is not None else action.docs).get(name)
    if written is not None:
        return written
    text = help_of(field_at(action.model, name))
    return Doc(text) if text else None


def column_text(model: type[models.Model] | None, path: str) -> str:
    """What a model's field means, relations followed: `ticket.code`."""
    field = field_at(model, path)
    return help_of(field) or id_text(getattr(field, "related_model", None))


def help_of(field: Any) -> str:
    """The `help_text` of a model's field; else what its name means everywhere."""
    return str(getattr(field, "help_text", "") or "") or EVERYWHERE.get(getattr(field, "name", ""), "")


def field_at(model: type[models.Model] | None, path: str) -> Any:
    """The model's field at this path, or None."""
    field: Any = None
    here = model
    for step in path.split("."):
        if here is None:
            return None
        try:
            field = here._meta.get_field(step)
        except FieldDoesNotExist:
            field = _by_column(here, step)
        here = getattr(field, "related_model", None)
    return field


def _by_column(model: type[models.Model], name: str) -> Any:
    return next((field for field in model._meta.concrete_fields if field.attname == name), None)


@cache
def id_text(kind: Any) -> str:
    """What an id of a model is, and where to find it; "" of anything else."""
    if not (isinstance(kind, type) and issubclass(kind, models.Model)):
        return ""
    name = str(kind._meta.verbose_name)
    where = address_of(kind)
    return f"Id of the {name}{f'; listed at `{where}`' if where else ''}. Example: 12"


def address_of(kind: type[models.Model]) -> str:
    """The address of the list of a model's objects, if it has one that is named after it."""
    name = str(kind._meta.verbose_name).replace(" ", "-")
    try:
        return reverse(f"{name}-list")
    except NoReverseMatch:
        return ""
