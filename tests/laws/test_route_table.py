"""The table of every route, every preset role, and where it is held: on the organization, on the sections that the scenes
are set in, or on a foreign one. A request succeeds exactly where what it asks for is held.

What a request asks for is derived: a change needs what its action needs, where its arguments are, and to see what it names;
a read needs to see its object. `Call.needs` names what comes on top. What guards itself, or shows everybody their part, asks
for nothing: then anybody who holds a role elsewhere is answered as a stranger is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.urls import get_resolver

from accounts.models import Section, SectionKind, User
from accounts.permissions.rules.roles import PRESETS
from accounts.permissions.selectors.permissions import actor_for
from accounts.permissions.services.sections import create_section
from tests import world
from tests.laws.scenes import Call, Theater
from tests.laws.test_routes import ROUTES, call_of, send, walk
from theater_site.core.actions import Action
from theater_site.core.actors import System
from theater_site.core.models import ContentModel

pytestmark = pytest.mark.django_db

# A permission, and the path of the section on which it is needed.
Need = tuple[str, str]

# Open to everybody who holds a permission anywhere; and the log of what happened in the foreign section itself.
ANYWHERE = {"GET conflicts", "GET conflicts-export", "GET free-slots", "POST file-list", "GET audit-detail"}


def _views() -> dict[str, tuple[Any, Action[Any, Any] | None]]:
    """The view class of each route, and the action that it runs."""
    found: dict[str, tuple[Any, Action[Any, Any] | None]] = {}
    for address, pattern in walk(get_resolver().url_patterns):
        if address.startswith("api/v1/"):
            callback: Any = pattern.callback
            view = getattr(callback, "view_class", None) or callback.cls
            for method, name in getattr(
                callback, "actions", {m: m for m in ("get", "post", "patch", "delete")}
            ).items():
                run = getattr(getattr(view, name, None), "action_run", None)
                found[f"{method.upper()} {pattern.name}"] = (view, run)
    return found


VIEWS = _views()


class Table:
    """One theater, and one person with a browser for each preset role at each place."""

    def __init__(self) -> None:
        self.theater = t = Theater()
        # Made before anything is taken back.
        foreign = create_section(actor=System("test"), parent=t.root, kind=SectionKind.AREA, name="Elsewhere")
        areas = Section.objects.filter(kind=SectionKind.AREA, parent=t.root).exclude(pk=foreign.pk)
        own = [t.production.season.section, t.draft_season.section, *areas]
        self.places = {"organization": [t.root], "own": own, "foreign": [foreign]}
        self.browsers = {}
        for role in PRESETS:
            for place, sections in self.places.items():
                who = world.user(f"{role} {place}")
                for section in sections:
                    world.assign(role, section, by=t.director, to=who)
                self.browsers[role, place] = world.client(who)

    def holds(self, role: str, place: str, needs: Iterable[Need]) -> bool:
        paths = tuple(section.path for section in self.places[place])
        return all(permission in PRESETS[role][1] and path.startswith(paths) for permission, path in needs)

    def asked(self, needs: list[Need]) -> list[tuple[str, str]]:
        """The roles that are tried. Who lacks a permission is refused in their own section already, so in a foreign section
        only those are tried who would have it."""
        enough = [
            role for role, (_, permissions) in PRESETS.items() if permissions >= {permission for permission, _ in needs}
        ]
        elsewhere = {"director", *(enough[1:2] if needs else ("production_manager", "box_office"))}
        if not needs:
            return [(role, "foreign") for role in sorted(elsewhere)]
        return [(role, place) for role, place in self.browsers if place == "own" or role in elsewhere]


@contextmanager
def taken_back(theater: Theater) -> Iterator[None]:
    """What is done is undone, what the theater keeps of it as well."""
    kept = dict(vars(theater))
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    vars(theater).clear()
    vars(theater).update(kept)


def needs_of(route: str, call: Call, theater: Theater, monkeypatch: pytest.MonkeyPatch) -> list[Need]:
    view, action = VIEWS[route]
    model = getattr(getattr(view, "queryset", None), "model", None)
    named = call.kwargs.get("pk")
    row = model._base_manager.filter(pk=named).first() if isinstance(named, int) and model is not None else None
    needs = [(permission, _path(row)) for permission in call.needs]
    if action is not None and action.needs:
        given = _arguments(route, call, action, theater, monkeypatch)
        told = {action.subject, *(call.body if isinstance(call.body, dict) else ())}
        needs += [(permission, _path(scope)) for permission, scope in action.scopes(given)]
        needs += [_to_see(one) for name, one in given.items() if name in told and _hidden(one, theater.stranger)]
    elif action is None and isinstance(row, ContentModel) and 200 not in call.stranger:
        needs.append(_to_see(row))
    return needs


def _arguments(
    route: str, call: Call, action: Action[Any, Any], theater: Theater, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """What the action is given when the one who may makes the call."""
    heard: list[dict[str, Any]] = []
    permits = Action.permits

    def listen(self: Any, actor: Any, given: Any, **options: Any) -> bool:
        if self is action and given.keys() == self.kinds.keys():
            heard.append(dict(given))
        return permits(self, actor, given, **options)

    with monkeypatch.context() as patched, taken_back(theater):
        patched.setattr(Action, "permits", listen)
        answer = send(world.client(call.who or theater.director), route, call)
        assert answer.status_code == call.status, (route, answer.told)
    return heard[0]


def _hidden(row: Any, stranger: User) -> bool:
    if not isinstance(row, ContentModel):
        return False
    return not type(row).objects.visible_to(actor_for(stranger)).filter(pk=row.pk).exists()  # type: ignore[attr-defined]


def _to_see(row: ContentModel) -> Need:
    return type(row).view_permission, _path(row)


def _path(scope: Any) -> str:
    path: str = Section.objects.get(pk=scope.owning_section_id).path
    return path


def _expected(shared: Table, route: str, call: Call, needs: list[Need], key: tuple[str, str]) -> set[int]:
    """What the answer may be: done, stored as a submission, or refused."""
    _, action = VIEWS[route]
    if not needs:
        return call.stranger | ({call.status} if route in ANYWHERE else set())
    if shared.holds(*key, needs):
        return {call.status}
    if action is not None and action.submittable:
        decided = {need.permission for need in action.needs}
        less = [
            ("submit_" + permission.split("_", 1)[1] if permission in decided else permission, path)
            for permission, path in needs
        ]
        if shared.holds(*key, less):
            return {202}
    return {400, 403, 404}


@pytest.mark.parametrize("methods", [("GET",), ("POST",), ("PUT", "PATCH", "DELETE")], ids=" ".join)
def test_a_role_permits_its_routes_on_its_sections_only(
    methods: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, wrong, judged = Table(), [], 0
    for route in (route for route in ROUTES if route.startswith(methods)):
        with taken_back(shared.theater):
            call = call_of(route, shared.theater)
            needs = needs_of(route, call, shared.theater, monkeypatch)
            judged += bool(needs)
            for key in shared.asked(needs):
                with taken_back(shared.theater):
                    answer = send(shared.browsers[key], route, call)
                if answer.status_code not in _expected(shared, route, call, needs, key):
                    wrong.append((route, *key, answer.status_code, needs))
    assert wrong == []
    assert judged > 20


def test_every_route_is_in_the_table() -> None:
    assert set(ROUTES) <= VIEWS.keys()
