"""Laws over the OpenAPI schema: what is declared is what is taken and answered.

Answers are checked wherever the test client gets one (tests/schema.py), so that every other test is one of these laws too.
"""

from __future__ import annotations

from typing import Any, get_args, get_origin, is_typeddict

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve

from tests import schema
from tests.laws.scenes import load_services
from theater_site.api.action_inputs import inputs_of
from theater_site.api.documents import document
from theater_site.api.inputs import WAIVE, ActionInput, body_of
from theater_site.core.actions import OpenTo, registered
from theater_site.core.inputs import entries_of, without_none

OPERATIONS = schema.operations()
# Characters: more is not a summary.
LONGEST_SUMMARY = 110


def _body(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    found = schema.resolved(content.get("application/json", {}).get("schema", {}))
    assert isinstance(found, dict)
    return found


def _inputs(action: Any) -> dict[str, str]:
    """Every name that a body of this action can have, with the argument that it belongs to."""
    flat = {}
    for name, kind in action.kinds.items():
        bare, _ = without_none(kind)
        flat |= dict.fromkeys(entries_of(bare), name) if is_typeddict(bare) else {name: name}
    return flat


def test_a_request_body_has_exactly_the_inputs_of_its_action() -> None:
    wrong, judged = [], 0
    for (method, path), operation in OPERATIONS.items():
        if "x-action" not in operation:
            continue
        action = registered()[operation["x-action"]]
        judged += 1
        declared, inputs = set(_body(operation).get("properties", {})) - {WAIVE}, _inputs(action)
        # A group of fields is declared whole; an argument that is not is taken from the address or the request.
        groups = {inputs[name] for name in declared & inputs.keys()}
        missing = {name for name, group in inputs.items() if group in groups} - declared
        if declared - inputs.keys() or missing:
            wrong.append((method, path, action.name, sorted(declared - inputs.keys()), sorted(missing)))
    assert wrong == []
    assert judged > 120


def test_an_id_in_a_url_is_an_integer() -> None:
    wrong = [
        (method, path)
        for (method, path), operation in OPERATIONS.items()
        for parameter in map(schema.resolved, operation.get("parameters", []))
        if parameter["in"] == "path"
        and parameter["name"] == "id"
        and parameter["schema"]["type"] != "integer"
        # Entries of the log have keys of another kind.
        and not path.startswith("/api/v1/audit/")
    ]
    assert wrong == []


def test_a_json_body_is_listed_as_json_only() -> None:
    kinds = {
        tuple(operation["requestBody"]["content"]) for operation in OPERATIONS.values() if "requestBody" in operation
    }
    assert kinds == {("application/json",), ("multipart/form-data",), ("text/csv", "application/octet-stream")}


@pytest.mark.parametrize(
    ("status", "kind", "content", "told"),
    [
        (200, "application/json", b'{"results": [], "next": null}', None),
        (200, "application/json", b'{"results": [], "next": null, "more": 1}', "'more' was unexpected"),
        (200, "application/json", b'{"results": []}', "'next' is a required property"),
        (200, "application/json", b'{"results": [{"id": "x"}], "next": null}', "'x' is not of type 'integer'"),
        (201, "application/json", b"{}", "the status is not declared"),
        (200, "text/html", b"<p>", "text/html is not declared"),
    ],
    ids=["as declared", "a field more", "a field less", "another type", "another status", "another media type"],
)
def test_a_response_that_violates_the_schema_is_detected(
    status: int, kind: str, content: bytes, told: str | None
) -> None:
    response: Any = HttpResponse(content, status=status, content_type=kind)
    response.wsgi_request = RequestFactory().get("/api/v1/seasons/")
    response.wsgi_request.resolver_match = resolve("/api/v1/seasons/")
    faults = schema.faults_of(response)
    assert (told in " ".join(faults)) if told else faults == []


# --- Everything is described ---------------------------------------------------------------------------------


def _undescribed_fields() -> list[str]:
    """A field says what it means itself; or it is an object of a component, which says what that is."""
    return [
        f"{name}.{key}"
        for name, component in document()["components"]["schemas"].items()
        for key, field in component.get("properties", {}).items()
        if not field.get("description") and "$ref" not in field and "$ref" not in field.get("items", {})
    ]


def test_every_field_is_described() -> None:
    assert _undescribed_fields() == []


def test_every_component_is_described() -> None:
    components = document()["components"]["schemas"]
    # Of a class that has no docstring, the one of its base.
    inherited = {
        kind.__doc__ for kind in (ActionInput, *ActionInput.__subclasses__()) if kind.__module__ == body_of.__module__
    }
    wrong = [name for name, component in components.items() if component.get("description") in {None, "", *inherited}]
    assert wrong == []


def test_every_parameter_is_described() -> None:
    parameters = [
        (path, parameter)
        for (_, path), operation in OPERATIONS.items()
        for parameter in map(schema.resolved, operation.get("parameters", []))
    ]
    assert [(path, each["name"]) for path, each in parameters if not each.get("description")] == []
    assert len(parameters) > 800


def test_every_operation_has_a_unique_summary_and_a_description() -> None:
    for (method, path), operation in OPERATIONS.items():
        assert operation["description"], (method, path)
        assert 0 < len(operation["summary"]) <= LONGEST_SUMMARY, (method, path, operation["summary"])
        assert all(resolved["description"] for resolved in map(schema.resolved, operation["responses"].values()))


def test_every_input_of_every_action_is_described() -> None:
    """In the list of actions: of the arguments and the keys of groups, at any depth."""
    load_services()
    wrong = [
        f"{name}.{where}"
        for name, action in registered().items()
        if action.open_to is not OpenTo.SYSTEM
        for where in _undescribed(inputs_of(action))
    ]
    assert wrong == []


def _undescribed(found: dict[str, Any], where: str = "") -> list[str]:
    arms = [found, *found.get("anyOf", [])]
    nested = [arm.get("items", arm).get("properties", {}) for arm in arms]
    return [
        path
        for properties in nested
        for key, inner in properties.items()
        for path in ([] if inner.get("description") else [f"{where}{key}"]) + _undescribed(inner, f"{where}{key}.")
    ]


# --- The list of actions -----------------------------------------------------------------------------------------


def _properties(found: dict[str, Any]) -> dict[str, Any]:
    return found["properties"]  # type: ignore[no-any-return]


def test_the_list_of_actions_is_complete(client: Any, db: None) -> None:
    load_services()
    answer = client.get("/api/v1/actions/").json()["results"]
    told = {action["name"]: action for action in answer}
    assert told.keys() == registered().keys()
    for name, action in registered().items():
        inputs = told[name]["inputs"]
        assert _properties(inputs).keys() == action.kinds.keys()
        assert bool(told[name]["permissions"]) == (told[name]["open_to"] is None)
        for argument, kind in action.kinds.items():
            bare, _ = without_none(kind)
            if is_typeddict(bare):
                assert _properties(_properties(inputs)[argument]).keys() == entries_of(bare).keys()
            elif get_origin(bare) is list and is_typeddict(get_args(bare)[0]):
                listed = _properties(inputs)[argument]
                assert listed.get("anyOf", [listed])[0]["items"]["properties"]
    update = told["production.update"]
    assert update["permissions"] == [{"permission": "edit_details", "on": "production"}]
    assert (update["can_be_submitted"], update["can_be_item"], update["subject"]) == (True, True, "production")
    assert not told["role.create"]["can_be_item"]


def test_names_in_bodies_are_enums() -> None:
    components = document()["components"]["schemas"]

    def names(component: str, field: str) -> list[str]:
        found = components[component]["properties"][field]
        found = found.get("items", found)
        listed: list[str] = schema.resolved(found.get("allOf", [found])[0])["enum"]
        return listed

    assert "edit_details" in names("RoleCreateInputRequest", "permissions")
    assert "title_too_long" in names("BrandCreateInputRequest", "only_warn")
    assert "age_guidance" in names("BrandCreateInputRequest", "required_fields")
    assert "production.update" in names("ItemWrittenRequest", "action")
    for enum in ("PermissionEnum", "BrandRuleEnum", "RequirableFieldEnum", "ItemActionEnum"):
        assert components[enum]["description"]
