"""The OpenAPI schema: drf-spectacular, extended by descriptions, problem JSON, versions and idempotency keys."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import models
from django.db.models import Choices
from drf_spectacular.hooks import postprocess_schema_enums
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_doc, get_view_model, list_hash
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from theater_site.api import descriptions
from theater_site.api.error_codes import codes_of
from theater_site.api.inputs import NamedText, VisibleRelated
from theater_site.api.previewing import PreviewAnswer
from theater_site.api.previews import ASKED_BY
from theater_site.api.problems import MEDIA_TYPE, Problem
from theater_site.api.resources import ActingView, SubmittedAnswer
from theater_site.core.inputs import docs_of

_ALWAYS = {
    "400": "The input is wrong. `errors` lists the fields.",
    "404": "There is nothing at this address, or it is not visible to you.",
    "429": "Too many requests. `Retry-After` says how many seconds to wait.",
}
_SIGNED_IN = {"401": "Sign in, or sign in again.", "403": "You lack the permission; `data.needs` names it."}
_WRITING = {
    "409": "The current state does not allow it. `code` says why.",
    "412": "The object has changed since the version in `If-Match`.",
}
_READING = {
    "409": "The current state does not allow it, or the previewed submission cannot be applied. `code` says why."
}
_VERSION_NEEDED = {"428": "Send the version as `If-Match`."}
_WALL_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$"
_LARGEST_ID = 10**18 - 1
# The summaries of methods without a docstring.
_READS = {
    "list": "List {many}",
    "retrieve": "Get one {one}",
    "internal": "Get one {one} with its internal fields",
}


class Schema(AutoSchema):
    """Adds to each operation its description, the problems that it can respond with, and the headers that it reads."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            summary, description = self._summary_and_description()
            # First in the document, for its readers.
            first = {"operationId": operation["operationId"], "summary": summary, "description": description}
            return {**first, **{name: part for name, part in operation.items() if name not in first}}
        return operation

    def get_extensions(self) -> dict[str, Any]:
        action = self._action()
        return {} if action is None else {"x-action": action.name, "x-error-codes": codes_of(action)}

    def _action(self) -> Any:
        """The action that the operation runs; None if it runs none."""
        return getattr(getattr(self.view, self._method_name(), None), "action_run", None)

    def _method_name(self) -> str:
        return getattr(self.view, "action", None) or self.method.lower()

    def _summary_and_description(self) -> tuple[str, str]:
        name = self._method_name()
        method = getattr(self.view, name, None)
        if (action := self._action()) is not None:
            doc = method.__doc__ or action.__doc__
            return descriptions.sentence_of(doc), descriptions.described_action(action, doc)
        method_doc = method.__doc__ if method is not None and name != "internal" else None
        view_doc = descriptions.paragraphs(get_doc(type(self.view)))
        model = get_view_model(self.view, emit_warnings=False)
        if method_doc:
            return descriptions.sentence_of(method_doc), descriptions.paragraphs(method_doc)
        if name in _READS and model is not None:
            one, many = getattr(self.view, "nouns", (model._meta.verbose_name, model._meta.verbose_name_plural))
            summary = _READS[name].format(one=one, many=many)
            return summary, f"{summary}. {view_doc}" if name != "internal" else f"{summary}."
        return descriptions.sentence_of(view_doc), view_doc

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if self.method == "POST":
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    str,
                    OpenApiParameter.HEADER,
                    description="Any text that is new for each operation, such as a UUID. The same key and body within 24 hours "
                    "get the first response again and do nothing. Example: 5f1c0f0e-8a57-4a0e-9d0a-2f1a6d1c7b33",
                )
            )
        action = self._action()
        if self.method in ("PATCH", "DELETE") or (action is not None and action.subject is not None):
            parameters.append(
                OpenApiParameter(
                    "If-Match",
                    str,
                    OpenApiParameter.HEADER,
                    required=self.method in ("PATCH", "DELETE"),
                    description='The ETag of the object that you saw, or * for any version. Example: "7"',
                )
            )
        if self._can_be_previewed():
            parameters.append(
                OpenApiParameter(
                    "preview",
                    bool,
                    description="True responds with the changes and findings, and changes nothing. Example: true",
                )
            )
        if self.method == "GET" and isinstance(self.view, ActingView):
            parameters.append(
                OpenApiParameter(
                    "If-None-Match",
                    str,
                    OpenApiParameter.HEADER,
                    description='The ETag that you have: 304 if nothing has changed. Example: "7-1f0c2ab34d5e6f70"',
                )
            )
            parameters.append(
                OpenApiParameter(
                    ASKED_BY,
                    int,
                    description="Id of a submission that you may see: respond as if it were applied. The id 0 in the address is "
                    "the object that it creates. Example: 7",
                )
            )
        return parameters

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._resolve_path_parameters(variables)
        model = get_view_model(self.view, emit_warnings=False)
        for parameter in parameters:
            if parameter["schema"].get("pattern", "").startswith("^[0-9]{1,18}"):
                parameter["schema"] = {"type": "integer", "minimum": 0, "maximum": _LARGEST_ID}
            if not parameter.get("description"):
                parameter["description"] = self._path_parameter_text(parameter["name"], model)
        return parameters

    def _path_parameter_text(self, name: str, model: type[models.Model] | None) -> str:
        texts: dict[str, str] = getattr(self.view, "path_parameters", {})
        if name in texts:
            return texts[name]
        if name == "id" and model is not None:
            return descriptions.id_text(model)
        return f"Id of the {name.replace('_', ' ')}. Example: 12" if name != "id" else ""

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super()._get_filter_parameters()
        model = get_view_model(self.view, emit_warnings=False)
        for parameter in parameters:
            description, name = parameter.get("description", "").strip(), parameter["name"]
            field_text = descriptions.column_text(model, name)
            if model is not None and (not description or description in field_text):
                description = f"Only objects with this `{name}`. {field_text}"
            parameter["description"] = (description[:1].upper() + description[1:]).strip()
        return parameters

    def _get_paginator(self) -> Any:
        # The response of an action is not paginated, even if it is a list.
        return super()._get_paginator() if self.method == "GET" else None

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        for status, response in bodies.items():
            if not response.get("description"):
                response["description"] = _DONE.get(status, "Done.")
        if self._can_be_previewed():
            preview = self.resolve_serializer(PreviewAnswer, direction).ref
            done = bodies.setdefault("200", {"description": "With `preview`: what would change.", "content": {}})
            json_body = done["content"].setdefault("application/json", {"schema": preview})
            if json_body["schema"] != preview:
                json_body["schema"] = {"anyOf": [json_body["schema"], preview]}
        if self.method == "GET" and "200" in bodies:
            bodies.setdefault("304", {"description": "Nothing has changed since the ETag in `If-None-Match`."})
        action = self._action()
        if action is not None and action.submittable:
            submitted = self.resolve_serializer(SubmittedAnswer, direction).ref
            bodies.setdefault(
                "202", {"description": _DONE["202"], "content": {"application/json": {"schema": submitted}}}
            )
        problem = self.resolve_serializer(Problem, direction).ref
        problems = {**_ALWAYS, **_SIGNED_IN}
        if self.method != "GET":
            problems |= _WRITING
        elif isinstance(self.view, ActingView):
            problems |= _READING
        if self.method in ("PATCH", "DELETE"):
            problems |= _VERSION_NEEDED
        for status, description in problems.items():
            bodies.setdefault(status, {"description": description, "content": {MEDIA_TYPE: {"schema": problem}}})
        return bodies

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        mapped = super()._map_serializer_field(field, direction, bypass_extensions)
        if not isinstance(mapped, dict):
            return mapped
        if mapped.get("format") == "time":
            # The format "time" requires an offset (RFC 3339). A wall time has none.
            mapped = {**mapped, "pattern": _WALL_TIME, "example": "19:30:00"}
            del mapped["format"]
        if isinstance(field, NamedText) and field.one_of is not None:
            mapped = {**mapped, "enum": sorted(field.one_of())}
        if "description" not in mapped and "$ref" not in mapped and (text := _text_of(field)):
            mapped = {**mapped, "description": text}
        return mapped

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        if isinstance(field, NamedText) and field.one_of is not None:
            return
        super()._insert_field_validators(field, schema)
        if "oneOf" in schema:
            # An e-mail address that may be empty. A validator that ignores formats finds both arms of `oneOf` valid for "".
            schema["anyOf"] = schema.pop("oneOf")

    def _can_be_previewed(self) -> bool:
        return self.method != "GET" and hasattr(self.view, "perform")


_DONE = {
    "200": "Done, or found.",
    "201": "Created.",
    "202": "Stored as a submission that waits for approval.",
    "204": "Done. The response has no body.",
}


def _text_of(field: Any) -> str:
    """The description of a serializer field without a `help_text`.

    The fields of a serializer with `described_by`, a TypedDict, are described by the keys of that TypedDict.
    """
    parent = getattr(field, "parent", None)
    name = getattr(field, "field_name", None)
    if name is None or parent is None:
        return ""
    typed_dict: Any = getattr(parent, "described_by", None)
    if typed_dict is not None and (doc := docs_of(typed_dict).get(name)) is not None:
        return doc.text
    if isinstance(parent, serializers.ModelSerializer) and field.source != "*":
        if text := descriptions.column_text(parent.Meta.model, field.source):
            return text
    if isinstance(field, VisibleRelated | serializers.PrimaryKeyRelatedField):
        rows = vars(field).get("queryset")
        if rows is not None and (text := descriptions.id_text(rows.model)):
            return text
    return descriptions.EVERYWHERE.get(name, "")


def named_enums(result: dict[str, Any], generator: Any, **context: Any) -> dict[str, Any]:
    """Postprocessing hook: name each enumeration after its class (`SectionKindEnum`).

    Named after their fields, two enumerations called `kind` would get digests in their names, and a new one would rename
    the others.
    """
    names = _enum_names()
    with patched_settings({"ENUM_NAME_OVERRIDES": {name: choices for name, (choices, _) in names.items()}}):
        named: dict[str, Any] = postprocess_schema_enums(result, generator, **context)
    schemas = named["components"]["schemas"]
    by_field = _descriptions_by_enum(schemas)
    for name, component in schemas.items():
        if "enum" in component and not component.get("description"):
            text = names[name][1] if name in names else ""
            component["description"] = text or _EMPTY_ENUMS.get(name) or by_field.get(name, "")
    return named


# drf-spectacular adds these to an enumeration that may be empty.
_EMPTY_ENUMS = {"BlankEnum": "An empty text: none of the values.", "NullEnum": "Null: none of the values."}


def _descriptions_by_enum(schemas: dict[str, Any]) -> dict[str, str]:
    """The description of the first field with each enumeration, for enumerations without a docstring."""
    found: dict[str, str] = {}
    for component in schemas.values():
        for field in component.get("properties", {}).values():
            inner = field.get("items", field)
            for arm in (inner, *inner.get("allOf", ()), *inner.get("oneOf", ())):
                if "$ref" in arm and field.get("description"):
                    found.setdefault(arm["$ref"].rsplit("/", 1)[-1], field["description"].split(" Example:")[0])
    return found


def shared_parts(result: dict[str, Any], generator: Any, **context: Any) -> dict[str, Any]:
    """Postprocessing hook: move parameters and responses of more than three operations into `components`."""
    operations = [
        operation
        for path in result["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "responses" in operation
    ]
    components = result["components"]
    for kind in ("parameters", "responses"):
        parts = [
            part
            for operation in operations
            for part in (operation.get(kind, []) if kind == "parameters" else operation[kind].values())
        ]
        frequent = {text for text, count in Counter(map(_as_text, parts)).items() if count > 3}
        shared: dict[str, Any] = {}
        names: dict[str, str] = {}
        for operation in operations:
            own = operation.get(kind, [])
            for key, part in enumerate(own) if kind == "parameters" else list(own.items()):
                text = _as_text(part)
                if text not in frequent:
                    continue
                if text not in names:
                    names[text] = _free_name(_component_name(kind, key, part), shared)
                    shared[names[text]] = part
                own[key] = {"$ref": f"#/components/{kind}/{names[text]}"}
        components[kind] = dict(sorted(shared.items()))
    return result


def _as_text(part: Any) -> str:
    return json.dumps(part, sort_keys=True, default=str)


def _component_name(kind: str, key: Any, part: dict[str, Any]) -> str:
    if kind == "responses":
        return f"Answer{key}"
    return "".join(word.capitalize() for word in part["name"].replace("-", "_").split("_"))


def _free_name(name: str, taken: dict[str, Any]) -> str:
    number = 1
    while (free := name if number == 1 else f"{name}{number}") in taken:
        number += 1
    return free


# Values without an enum class, by the name of their component: the description and a function that returns the values.
_NAMED: dict[str, tuple[str, Callable[[], Iterable[str]]]] = {}


def name_values(name: str, text: str, values: Callable[[], Iterable[str]]) -> None:
    """Give the values of a `one_of` a component in the schema, such as `PermissionEnum`, described by `text`."""
    _NAMED[name] = (text, values)


def _enum_names() -> dict[str, tuple[list[tuple[Any, str]], str]]:
    """The choices and the description of each enumeration, by the name of its component."""
    names: dict[str, tuple[list[tuple[Any, str]], str]] = {}
    known: set[str] = set()
    for name, (text, values) in _NAMED.items():
        names[name] = ([(value, value) for value in sorted(values())], text)
    for kind in sorted(_subclasses(Choices), key=lambda kind: (kind.__module__, kind.__qualname__)):
        choices = [(value, str(label)) for value, label in kind.choices if value not in ("", None)]
        digest = list_hash(choices)
        if not choices or digest in known:
            continue
        known.add(digest)
        name = f"{kind.__name__}Enum"
        unique = name if name not in names else f"{kind.__module__.split('.')[0].title()}{name}"
        names[unique] = (choices, descriptions.paragraphs(kind.__dict__.get("__doc__")))
    return names


def _subclasses(kind: Any) -> Iterator[Any]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
