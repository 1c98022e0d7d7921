"""Scenes of parts: scenes and characters of a play, departments, casts that change and alternate."""

from __future__ import annotations

import datetime as dt

from directory.models import Credit
from productions.models import Character, Department, Scene
from tests import world
from tests.laws.scenes import Call, Theater, open_read
from tests.laws.scenes import Scene as Given
from tests.worlds import casting, directory

_LATER = dt.date(2031, 3, 1)


def _part(t: Theater) -> Character:
    return casting.part(t.production, by=t.director)


def _scene(t: Theater) -> Scene:
    return casting.scene(t.production, by=t.director)


def _department(t: Theater) -> Department:
    return casting.department(by=t.director)


def _held(t: Theater, **fields: object) -> Credit:
    return casting.holds(f"Actor {world.number()}", _part(t), by=t.director, **fields)


def _changes(t: Theater) -> Given:
    held = _held(t)
    new = directory.person(by=t.director)
    return Given(
        {"production": t.production, "character": held.character, "leaves": held, "person": new, "from_date": _LATER,
         "fields": {"note": "from March"}}
    )  # fmt: skip


def _alternate(t: Theater) -> Given:
    _held(t, team="Red")
    return Given({"production": t.production, "team": "Red", "dates": [_LATER]})


def _reorder(t: Theater) -> Given:
    first, second = _scene(t), _scene(t)
    return Given({"production": t.production, "scenes": [second.pk, first.pk]})


ACTIONS = {
    "scene.create": lambda t: Given({"production": t.production, "fields": {"number": "I.1", "songs": ["Come away"]}}),
    "scene.update": lambda t: Given({"scene": _scene(t), "changes": {"place": "The seacoast"}}),
    "scene.delete": lambda t: Given({"scene": _scene(t)}),
    "scene.reorder": _reorder,
    "scene.set_characters": lambda t: Given({"scene": _scene(t), "characters": [_part(t).pk, _part(t).pk]}),
    "character.create": lambda t: Given({"production": t.production, "fields": {"name": "Viola"}}),
    "character.update": lambda t: Given({"character": _part(t), "changes": {"doubling": "with Curio"}}),
    "character.delete": lambda t: Given({"character": _part(t)}),
    "character.import_table": lambda t: Given(
        {
            "production": t.production,
            "rows": [{"line": 2, "name": "Viola"}, {"line": 3, "name": _part(t).name, "order": 9}],
        }
    ),
    "credit.import_table": lambda t: Given(
        {
            "production": t.production,
            "rows": [{"line": 2, "person": directory.person(by=t.director).name, "role": "Viola"}],
        }
    ),
    "department.create": lambda t: Given({"organization": t.root, "fields": {"name": "Sound", "jobs": ["Operator"]}}),
    "department.update": lambda t: Given({"department": _department(t), "changes": {"jobs": ["Head", "Dresser"]}}),
    "department.delete": lambda t: Given({"department": _department(t)}),
    "cast.change": _changes,
    "cast.set_team_nights": _alternate,
}


def _patched(row: Scene | Character | Department, **body: object) -> Call:
    return Call({"pk": row.pk}, body, version=row.version)


def _deleted(row: Scene | Character | Department) -> Call:
    return Call({"pk": row.pk}, version=row.version, status=204)


def _peopled(t: Theater) -> Call:
    return Call({"pk": _scene(t).pk}, {"characters": [_part(t).pk]})


def _reordered(t: Theater) -> Call:
    return Call({"production": t.production.pk}, {"scenes": _reorder(t).given["scenes"]})


def _changed(t: Theater) -> Call:
    given = _changes(t).given
    body = {"character": given["character"].pk, "person": given["person"].pk, "from_date": str(_LATER)}
    return Call({"production": t.production.pk}, body, status=201)


def _alternated(t: Theater) -> Call:
    _alternate(t)
    return Call({"production": t.production.pk}, {"team": "Red", "dates": [str(_LATER)]})


def _of_play(t: Theater, query: str = "") -> Call:
    _held(t)
    return open_read(kwargs={"production": t.production.pk}, query=query)


def _exported(t: Theater) -> Call:
    _held(t)
    return Call(query=f"?production={t.production.pk}")


ROUTES = {
    "GET scene-list": lambda t: open_read(),
    "POST scene-list": lambda t: Call(body={"production": t.production.pk, "title": "A shipwreck"}, status=201),
    "GET scene-detail": lambda t: open_read(kwargs={"pk": _scene(t).pk}),
    "PATCH scene-detail": lambda t: _patched(_scene(t), place="The seacoast"),
    "DELETE scene-detail": lambda t: _deleted(_scene(t)),
    "GET scene-internal": lambda t: Call({"pk": _scene(t).pk}),
    "POST scene-characters": _peopled,
    "GET character-list": lambda t: open_read(),
    "POST character-list": lambda t: Call(body={"production": t.production.pk, "name": "Viola"}, status=201),
    "GET character-detail": lambda t: open_read(kwargs={"pk": _part(t).pk}),
    "PATCH character-detail": lambda t: _patched(_part(t), doubling="with Curio"),
    "DELETE character-detail": lambda t: _deleted(_part(t)),
    "GET character-internal": lambda t: Call({"pk": _part(t).pk}),
    "GET character-export": _exported,
    "GET credit-export": _exported,
    "GET character-holders": lambda t: open_read(kwargs={"character": _held(t).character_id}, query="?on=2031-03-01"),
    "GET department-list": lambda t: open_read(),
    "POST department-list": lambda t: Call(body={"name": "Sound", "jobs": ["Operator"]}, status=201),
    "GET department-detail": lambda t: open_read(kwargs={"pk": _department(t).pk}),
    "PATCH department-detail": lambda t: _patched(_department(t), jobs=["Head"]),
    "DELETE department-detail": lambda t: _deleted(_department(t)),
    "GET production-breakdown": lambda t: Call({"production": t.production.pk}),
    "POST production-scene-order": _reordered,
    "GET production-cast": lambda t: _of_play(t, "?on=2031-03-01"),
    "POST production-cast-change": _changed,
    "GET production-team-nights": _of_play,
    "POST production-team-nights": _alternated,
    "GET production-program": _of_play,
    "GET person-history": lambda t: open_read(kwargs={"person": _held(t).person_id}),
    "GET most-credited-list": lambda t: open_read(),
}

ANOTHER = {
    "scene-list": _scene,
    "character-list": _part,
    "department-list": _department,
    "most-credited-list": _held,
}

DRAFTS = {
    "scene": lambda t: casting.scene(t.draft, "A scene nobody knows", by=t.director),
    "character": lambda t: casting.part(t.draft, "A part nobody knows", by=t.director),
}
