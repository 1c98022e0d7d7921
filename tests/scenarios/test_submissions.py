"""Volunteers write, the director sees what would change, and nothing goes live that nobody agreed to: over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from directory.models import Credit, Person
from productions.models import Production
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import directory

pytestmark = pytest.mark.django_db

SYNOPSIS = "Two houses, both alike in dignity.\n\nAn old quarrel breaks out again."


@pytest.fixture
def theater() -> Theater:
    return Theater()


def coordinator(theater: Theater) -> User:
    return world.give("marketing_coordinator", theater.root, by=theater.director)


def read(browser: Client, path: str) -> Any:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.content
    return answer.json()


def at(submission: Any, verb: str = "") -> str:
    return f"/api/v1/submissions/{submission['id']}/{verb}{'/' if verb else ''}"


def done(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return answer.json()


def refused(answer: Any, status: int, code: str) -> Any:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    return problem


def fields_at_fault(problem: Any) -> dict[str, str]:
    return {fault["field"]: fault["code"] for fault in problem["errors"]}


def test_a_bio_and_a_synopsis_are_submitted_and_one_is_returned(theater: Theater) -> None:
    actor = world.user("Ada Actor")
    person = directory.person(by=theater.director, user=actor, name="Ada Actor", bio="Ada acts.")
    production = theater.production
    writer = coordinator(theater)
    ada, writes, decides = world.client(actor), world.client(writer), world.client(theater.director)

    bio = world.post(ada, f"/api/v1/people/{person.pk}/describe-self/", {"bio": "Ada acts and sings."})
    assert bio.status_code == 202
    bio = bio.json()
    text = done(
        world.patch(writes, f"/api/v1/productions/{production.pk}/", {"synopsis": SYNOPSIS}, production.version), 202
    )
    waiting = read(decides, "/api/v1/submissions/?state=submitted")["results"]
    assert {one["id"] for one in waiting} == {bio["id"], text["id"]}

    # The director reads what would change, word by word, and agrees to exactly that.
    (changed,) = read(decides, at(bio, "difference"))["objects"]
    (field,) = changed["fields"]
    assert (changed["name"], field["field"], field["kind"]) == ("Ada Actor", "bio", "text")
    assert field["segments"] == [
        {"kind": "equal", "text": "Ada acts"},
        {"kind": "insert", "text": " and sings"},
        {"kind": "equal", "text": "."},
    ]
    seen = read(decides, at(bio, "difference"))["digest"]
    assert done(world.post(decides, at(bio, "approve"), {"comment": "", "digest": seen}))["state"] == "applied"
    assert Person.objects.get(pk=person.pk).bio == "Ada acts and sings."

    refused(world.post(decides, at(text, "reject"), {"comment": " "}), 400, "required")
    rejected = done(world.post(decides, at(text, "reject"), {"comment": "Name the houses."}))
    assert (rejected["state"], rejected["round"]) == ("rejected", 1)
    assert Production.objects.get(pk=production.pk).synopsis == ""

    # Its author fixes it and submits it again; what was said stays with it.
    items = rejected["items"]
    items[0]["inputs"]["changes"]["synopsis"] = SYNOPSIS.replace("Two houses", "Montague and Capulet")
    items[0]["if_version"] = None
    saved = done(world.patch(writes, at(text), {"items": items}, rejected["version"]))
    assert saved["state"] == "rejected"
    again = done(world.post(writes, at(text, "submit")))
    assert (again["state"], again["round"]) == ("submitted", 2)
    thread = read(decides, at(text, "comments"))["results"]
    assert [(said["round"], said["text"], said["asks"]) for said in thread] == [(1, "Name the houses.", True)]
    done(world.post(decides, at(text, "approve"), {"comment": "Good.", "digest": world.seen(again)}))
    assert Production.objects.get(pk=production.pk).synopsis.startswith("Montague and Capulet")


def test_an_abandoned_draft_is_recovered_and_submitted(theater: Theater) -> None:
    writer = coordinator(theater)
    at_home, on_the_phone = world.client(writer), world.client(writer)
    half = [
        {
            "action": "production.update",
            "inputs": {"production": theater.production.pk, "changes": {"running_minutes": "an hour or so"}},
        },
        {"action": "production.create", "inputs": {"fields": {"subtitle": "No title yet"}}},
    ]
    draft = done(world.post(at_home, "/api/v1/submissions/", {"title": "Autumn", "items": half}), 201)
    assert draft["state"] == "draft"
    for other in (theater.director, theater.stranger):
        assert world.client(other).get(at(draft)).status_code == 404
    assert draft["id"] not in [
        one["id"] for one in read(world.client(theater.director), "/api/v1/submissions/")["results"]
    ]

    # Days later, elsewhere: as it was left.
    (found,) = read(on_the_phone, "/api/v1/submissions/?state=draft")["results"]
    assert [item["inputs"] for item in found["items"]] == [item["inputs"] for item in half]

    # Everything that is missing or wrong, at once, by its path.
    problem = refused(world.post(on_the_phone, at(draft, "submit")), 400, "submission_incomplete")
    assert fields_at_fault(problem) == {
        "items.0.inputs.changes.running_minutes": "not_a_int",
        "items.1.inputs.season": "required",
    }
    items = found["items"]
    items[0]["inputs"]["changes"]["running_minutes"] = 100_000
    items[1]["inputs"]["season"] = theater.season.pk
    refused(world.patch(on_the_phone, at(draft), {"items": items}), 428, "version_required")
    saved = done(world.patch(on_the_phone, at(draft), {"items": items}, found["version"]))
    assert world.patch(at_home, at(draft), {"title": "Lost"}, found["version"]).status_code == 412
    problem = refused(world.post(on_the_phone, at(draft, "submit")), 400, "submission_incomplete")
    assert fields_at_fault(problem) == {
        "items.0.inputs.changes.running_minutes": "max_value",
        "items.1.inputs.fields.title": "required",
    }
    items[0]["inputs"]["changes"]["running_minutes"] = 100
    items[1]["inputs"]["fields"]["title"] = "Mother Courage"
    done(world.patch(on_the_phone, at(draft), {"items": items}, saved["version"]))
    waits = done(world.post(on_the_phone, at(draft, "submit")))
    assert (waits["state"], waits["area"], waits["title"]) == ("submitted", "details", "Autumn")
    done(world.post(world.client(theater.director), at(draft, "approve"), {"comment": "", "digest": world.seen(draft)}))
    assert Production.objects.get(title="Mother Courage").season_id == theater.season.pk


def test_two_coordinators_submit_changes_of_the_same_production(theater: Theater) -> None:
    production = theater.production
    one, other = world.client(coordinator(theater)), world.client(coordinator(theater))
    decides = world.client(theater.director)
    show = f"/api/v1/productions/{production.pk}/"
    genre = done(world.patch(one, show, {"genre": "comedy"}, production.version), 202)
    company = done(world.patch(other, show, {"company": "The Globe"}, production.version), 202)
    tragedy = done(world.patch(other, show, {"genre": "tragedy"}, production.version), 202)

    # The director sees that they are about the same; of each other the two see nothing that is not theirs.
    assert {o["id"] for o in read(decides, at(genre))["others"]} == {company["id"], tragedy["id"]}
    assert read(one, at(genre))["others"] == []
    listed = {row["id"]: {o["id"] for o in row["others"]} for row in read(other, "/api/v1/submissions/")["results"]}
    assert listed == {company["id"]: {tragedy["id"]}, tragedy["id"]: {company["id"]}}

    done(world.post(decides, at(genre, "approve"), {"comment": "", "digest": world.seen(genre)}))
    # Another field: what it does is the same as before.
    done(world.post(decides, at(company, "approve"), {"comment": "", "digest": world.seen(company)}))
    # The same field: it would now change a comedy into a tragedy, which nobody has seen.
    stale = refused(
        world.post(decides, at(tragedy, "approve"), {"comment": "", "digest": world.seen(tragedy)}),
        412,
        "submission_stale",
    )
    assert stale["data"]["state"] == "stale"
    assert stale["data"]["fields"] == [f"productions.production.{production.pk}.genre"]
    assert Production.objects.get(pk=production.pk).genre == "comedy"
    problem = refused(world.post(other, at(tragedy, "rebase")), 409, "rebase_collision")
    assert problem["data"]["fields"] == [f"productions.production.{production.pk}.genre"]
    assert read(other, at(tragedy))["state"] == "stale"
    # Looked at and meant: submitted again.
    waits = read(other, at(tragedy))
    items = [{**waits["items"][0], "if_version": None}]
    done(world.patch(other, at(tragedy), {"items": items}, waits["version"]))
    again = done(world.post(other, at(tragedy, "submit")))
    assert (again["state"], again["round"]) == ("submitted", 2)
    done(world.post(decides, at(tragedy, "approve"), {"digest": world.seen(again)}))
    assert Production.objects.get(pk=production.pk).genre == "tragedy"


def test_a_submission_of_untouched_fields_is_rebased(theater: Theater) -> None:
    production = theater.production
    writer, decides = world.client(coordinator(theater)), world.client(theater.director)
    show = f"/api/v1/productions/{production.pk}/"
    text = done(
        world.patch(writer, show, {"title": "Hamlet, Prince", "synopsis": "He hesitates."}, production.version), 202
    )
    done(world.patch(decides, show, {"genre": "tragedy"}, production.version))
    before = world.seen(text)
    rebased = done(world.post(writer, at(text, "rebase")))
    assert (rebased["state"], rebased["round"]) == ("submitted", 2)
    refused(world.post(decides, at(text, "approve"), {"comment": "", "digest": before}), 409, "digest_outdated")
    done(world.post(decides, at(text, "approve"), {"comment": "", "digest": world.seen(text)}))


def test_a_new_production_is_submitted_with_its_credits(theater: Theater) -> None:
    ann = directory.person(by=theater.director, name="Ann Lee", published=True)
    bob = directory.person(by=theater.director, name="Bob Ray", published=True)
    writer = theater.proposer("details")
    theater.proposer("cast")
    world.give("proposer_of_cast", theater.root, by=theater.director, to=writer)
    writes, decides = world.client(writer), world.client(theater.director)
    new = {"$result": "play"}
    items = [
        {"action": "production.create", "name": "play",
         "inputs": {"season": theater.season.pk, "fields": {"title": "The Seagull", "authors": ["Chekhov"]}}},
        {"action": "credit.add", "inputs": {"production": new, "person": ann.pk, "fields": {"kind": "cast", "role": "Nina"}}},
        {"action": "credit.add",
         "inputs": {"production": new, "person": bob.pk, "fields": {"kind": "cast", "role": "Trigorin"}}},
        {"action": "production.publish", "inputs": {"production": new}},
    ]  # fmt: skip
    draft = done(world.post(writes, "/api/v1/submissions/", {"title": "The Seagull", "items": items}), 201)
    waits = done(world.post(writes, at(draft, "submit")))
    assert waits["state"] == "submitted"
    told = read(decides, at(draft, "difference"))
    assert told["current"]
    assert told["problems"] == []
    made = {(o["object_type"], o["name"]): o for o in told["objects"]}
    credit = next(o for o in told["objects"] if o["object_type"] == "directory.credit")
    assert credit["object_id"] is None
    references = {f["field"]: f["after"] for f in credit["fields"] if f["kind"] == "reference"}
    assert references["production"] == {"id": None, "name": "The Seagull", "url": None}
    assert references["person"]["name"] == "Ann Lee"
    (authors,) = [f for f in made["productions.production", "The Seagull"]["fields"] if f["field"] == "authors"]
    assert (authors["kind"], authors["added"], authors["removed"]) == ("list", ["Chekhov"], [])
    assert not Production.objects.filter(title="The Seagull").exists()

    done(world.post(decides, at(draft, "approve"), {"comment": "", "digest": world.seen(waits)}))
    play = Production.objects.get(title="The Seagull")
    assert play.published_at is not None
    assert set(Credit.objects.filter(production=play).values_list("person_id", "role")) == {
        (ann.pk, "Nina"), (bob.pk, "Trigorin")
    }  # fmt: skip
