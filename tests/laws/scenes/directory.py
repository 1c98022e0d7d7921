"""Scenes of the directory."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.permissions.selectors.sections import area
from directory.models import Alias, Consent, Credit, Person, PersonMerge
from directory.services.consents import give_consent
from directory.services.distinct import mark_distinct
from directory.services.merging import merge_people
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read
from tests.worlds import directory


def _person(t: Theater, **fields: Any) -> Person:
    return directory.person(by=t.director, **fields)


def _public(t: Theater) -> Person:
    return _person(t, published=True)


def _self(t: Theater) -> tuple[Person, User]:
    """Somebody with a public page who signs in, and holds no role."""
    who = world.user()
    return _person(t, published=True, user=who), who


def _alias(t: Theater) -> Alias:
    person = directory.alias(_public(t), f"Other {world.number()}", by=t.director)
    return Alias.objects.get(person=person)


def _credit(t: Theater, of: Person | None = None) -> Credit:
    return directory.credit(t.production, of or _public(t), f"Role {world.number()}", by=t.director)


def _consent(t: Theater) -> Consent:
    made: Consent = give_consent(actor=t.acting(), person=_public(t), purpose="photo", note="on paper")
    return made


def _much_credited(t: Theater) -> Person:
    made: Person = t.__dict__.get("_much_credited") or _public(t)
    t.__dict__["_much_credited"] = made
    return made


def _describes_self(t: Theater) -> Scene:
    person, who = _self(t)
    return Scene({"person": person, "changes": {"bio": "Plays."}}, who=who)


def _updates_contact(t: Theater) -> Scene:
    person, who = _self(t)
    return Scene({"person": person, "changes": {"phone": "+44 20 7946 0000"}}, who=who)


def _consents(t: Theater) -> Scene:
    person, who = _self(t)
    return Scene({"person": person, "purpose": "photo", "note": None}, who=who)


def _removes_alias(t: Theater) -> Scene:
    alias = _alias(t)
    return Scene({"person": alias.person, "alias": alias})


def _duplicate(t: Theater, of: Person) -> Person:
    """A record of the same person, with a credit, another name and a consent."""
    made = _person(t, published=True, name=f"{of.name} again", email="twice@home.example")
    _credit(t, made)
    directory.alias(made, f"Other {world.number()}", by=t.director)
    give_consent(actor=t.acting(), person=made, purpose="photo", note=None)
    return made


def _pair(t: Theater) -> tuple[Person, Person]:
    person = _public(t)
    return person, _duplicate(t, person)


def _merges(t: Theater) -> Scene:
    person, duplicate = _pair(t)
    given = {"survivor": person, "duplicate": duplicate.pk, "duplicate_version": duplicate.version}
    return Scene({**given, "take": [], "keep_credited_name": True})


def _merged(t: Theater) -> PersonMerge:
    merge_people(actor=t.acting(), **_merges(t).given)
    return PersonMerge.objects.select_related("survivor").latest("pk")


def _unmerges(t: Theater) -> Scene:
    merge = _merged(t)
    return Scene({"person": merge.survivor, "merge": merge.pk})


def _marks(t: Theater) -> Scene:
    person, other = _pair(t)
    return Scene({"person": person, "other": other})


def _unmarks(t: Theater) -> Scene:
    made = _marks(t)
    mark_distinct(actor=t.acting(), **made.given)
    return made


ACTIONS = {
    "person.create": lambda t: Scene({"section": area("Directory"), "fields": {"name": "Sarah Bernhardt"}}),
    "person.update": lambda t: Scene({"person": _person(t), "changes": {"name": "Eleonora Duse"}}),
    "person.describe_self": _describes_self,
    "person.update_contact": _updates_contact,
    "person.link_user": lambda t: Scene({"person": _person(t), "user": world.user()}),
    "person.publish": lambda t: Scene({"person": _person(t)}),
    "person.unpublish": lambda t: Scene({"person": _public(t)}),
    "person.delete": lambda t: Scene({"person": _person(t)}),
    "person.add_alias": lambda t: Scene({"person": _person(t), "name": "E. D.", "internal": True}),
    "person.remove_alias": _removes_alias,
    "person.merge": _merges,
    "person.unmerge": _unmerges,
    "person.mark_distinct": _marks,
    "person.unmark_distinct": _unmarks,
    "credit.add": lambda t: Scene({"production": t.production, "person": _person(t), "fields": {"role": "Hamlet"}}),
    "credit.update": lambda t: Scene({"credit": _credit(t), "changes": {"role": "Ophelia"}}),
    "credit.remove": lambda t: Scene({"credit": _credit(t)}),
    "consent.give": _consents,
    "consent.withdraw": lambda t: Scene({"consent": _consent(t)}),
}


def _described(t: Theater) -> Call:
    person, who = _self(t)
    # Somebody without a role: what they say of themselves waits for approval.
    return Call({"pk": person.pk}, {"bio": "Plays."}, who=who, status=202)


def _reached(t: Theater) -> Call:
    person, who = _self(t)
    return Call({"pk": person.pk}, {"phone": "+44 20 7946 0000"}, who=who)


def _unnamed(t: Theater) -> Call:
    alias = _alias(t)
    return Call({"pk": alias.person_id}, {"alias": alias.pk})


def _patched_person(t: Theater) -> Call:
    person = _public(t)
    return Call({"pk": person.pk}, {"name": "Eleonora Duse"}, version=person.version)


def _deleted_person(t: Theater) -> Call:
    person = _person(t)
    return Call({"pk": person.pk}, version=person.version, status=204)


def _merged_over_http(t: Theater) -> Call:
    person, duplicate = _pair(t)
    body = {"duplicate": duplicate.pk, "duplicate_version": duplicate.version, "take": [], "keep_credited_name": True}
    return Call({"pk": person.pk}, body, version=person.version)


def _unmerged_over_http(t: Theater) -> Call:
    merge = _merged(t)
    return Call({"pk": merge.survivor_id}, {"merge": merge.pk})


def _marked(t: Theater) -> Call:
    person, other = _pair(t)
    return Call({"pk": person.pk}, {"other": other.pk})


def _unmarked(t: Theater) -> Call:
    given = _unmarks(t).given
    return Call({"pk": given["person"].pk}, {"other": given["other"].pk})


def _similar(t: Theater) -> Call:
    return Call(query=f"?name={_public(t).name.replace(' ', '+')}", stranger={403}, public={401})


def _patched_credit(t: Theater) -> Call:
    credit = _credit(t)
    return Call({"pk": credit.pk}, {"role": "Ophelia"}, version=credit.version)


def _deleted_credit(t: Theater) -> Call:
    credit = _credit(t)
    return Call({"pk": credit.pk}, version=credit.version, status=204)


ROUTES = {
    "GET person-list": lambda t: open_read(),
    "POST person-list": lambda t: Call(body={"name": "Sarah Bernhardt"}, status=201),
    "GET person-detail": lambda t: open_read(kwargs={"pk": _public(t).pk}),
    "PATCH person-detail": _patched_person,
    "DELETE person-detail": _deleted_person,
    "GET person-internal": lambda t: Call({"pk": _public(t).pk}),
    "GET person-me": lambda t: Call(who=_self(t)[1]),
    "POST person-publish": lambda t: Call({"pk": _person(t).pk}, {}),
    "POST person-unpublish": lambda t: Call({"pk": _public(t).pk}, {}),
    "POST person-add-alias": lambda t: Call({"pk": _public(t).pk}, {"name": "E. D.", "internal": True}),
    "POST person-remove-alias": _unnamed,
    "POST person-link-user": lambda t: Call({"pk": _public(t).pk}, {"user": world.user().pk}),
    "POST person-contact": _reached,
    "POST person-describe-self": _described,
    "POST person-merge": _merged_over_http,
    "POST person-unmerge": _unmerged_over_http,
    "POST person-mark-distinct": _marked,
    "POST person-unmark-distinct": _unmarked,
    "GET people-duplicates": lambda t: Call(stranger={403}, public={401}),
    "GET people-similar": _similar,
    "GET person-credit-list": lambda t: open_read(kwargs={"person": _much_credited(t).pk}),
    "GET credit-list": lambda t: open_read(),
    "POST credit-list": lambda t: Call(
        body={"production": t.production.pk, "person": _public(t).pk, "role": "Hamlet"}, status=201
    ),
    "GET credit-detail": lambda t: open_read(kwargs={"pk": _credit(t).pk}),
    "PATCH credit-detail": _patched_credit,
    "DELETE credit-detail": _deleted_credit,
    "GET credit-internal": lambda t: Call({"pk": _credit(t).pk}),
    "GET consent-list": lambda t: Call(stranger={200}, public={401}),
    "POST consent-list": lambda t: Call(body={"person": _public(t).pk, "purpose": "photo"}, status=201),
    "GET consent-detail": lambda t: Call({"pk": _consent(t).pk}, stranger={404}, public={401}),
    "POST consent-withdraw": lambda t: Call({"pk": _consent(t).pk}, {}),
}

ANOTHER = {
    "person-list": lambda t: directory.alias(_public(t), f"Other {world.number()}", by=t.director),
    "person-credit-list": lambda t: _credit(t, _much_credited(t)),
    "credit-list": _credit,
    "consent-list": _consent,
}

DRAFTS = {
    "person": lambda t: _person(t, name="Somebody nobody knows"),
    "credit": lambda t: directory.credit(t.draft, _person(t), "A role nobody knows", by=t.director),
}
