"""Merges two records of one person, and undoes it. Only a person decides that two records are one."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

from django.contrib.auth import get_user_model
from django.db import models

from directory.models import Alias, Consent, ConsentPurpose, Credit, DistinctPair, Person, PersonMerge
from directory.models.people import merged_error
from directory.selectors.consents import refused_photos
from directory.services.moves import Moves, rebuilt, values_of
from directory.signals import consent_withdrawn, people_merged, people_unmerged
from theater_site.core.actions import Needs, action, also_needs, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotFound, Stale
from theater_site.core.inputs import dump
from theater_site.core.locks import lock_until_commit


class TakenField(str, Enum):
    """A field of the merged record whose value the survivor can get."""

    PRONOUNS = "pronouns"
    BIO = "bio"
    EMAIL = "email"
    PHONE = "phone"


def _one_merge_at_a_time() -> None:
    """Let two merges wait for each other: A into B and B into A would lock the two in opposite order."""
    lock_until_commit("directory.merge")


@action(
    "person.merge",
    needs=Needs("manage_directory", on="survivor"),
    subject="survivor",
    lock=_one_merge_at_a_time,
)
def merge_people(
    *,
    survivor: Person,
    duplicate: Annotated[int, Doc("Id of the record that is merged into this one. Example: 41")],
    duplicate_version: Annotated[
        int | None, Doc("The version of that record as you saw it; null does not check it. Example: 3")
    ],
    take: Annotated[
        list[TakenField],
        Doc('Fields that take the value of the merged record, besides those that are empty. Example: ["bio"]'),
    ],
    keep_credited_name: Annotated[
        bool, Doc("True prints the merged record's credits under its name, as before. Example: false")
    ],
) -> Person:
    """Merge `duplicate` into `survivor`, which keeps its id, name and page.

    Credits, aliases, consents, calls, unavailabilities and depictions move to the survivor; a row that the survivor has
    too is deleted. Empty fields of the survivor and its account are filled. The merged name becomes an alias, hidden
    unless the merged record was public. The old id answers `merged` with the survivor's id. A consent to pictures that
    either withdrew counts for both, unless the survivor's is in force. Announces `people_merged`. `person.unmerge`
    undoes it.

    Needs the permission on the section of the duplicate too.

    Errors: `merge_into_itself`; `unknown_duplicate`; `merged` for a record that was merged already, with the survivor's
    id; `different_kinds` for a person and a group; `marked_distinct`; `different_accounts` if both have an account;
    `consents_contradict` if one withdrew a consent that the other gives; `stale` for another version; `still_in_use`.
    """
    merged = _locked_duplicate(survivor, duplicate, duplicate_version)
    _refuse(survivor, merged)
    refused = {person.pk for person in refused_photos([survivor.pk, merged.pk])}
    memory: dict[str, Any] = {"survivor": survivor.pk, "person": {**values_of(merged), "version": merged.version}}
    if keep_credited_name and merged.name != survivor.name:
        own = Credit.objects.filter(person=merged, credited_as="")
        memory["credited_as"] = list(own.order_by("pk").values_list("pk", flat=True))
        own.update(credited_as=merged.name)
    memory["rows"] = {}
    people_merged.announce(survivor=survivor, duplicate=merged, moves=Moves(survivor, merged, memory["rows"]))
    memory["filled"] = _fill(survivor, merged, {TakenField(field).value for field in take})
    memory["alias"] = _keep_name(survivor, merged)
    _refuse_if_referred_to(merged)
    merge = PersonMerge(
        survivor=survivor, old_id=merged.pk, archive_key=merged.archive_key, merged_at=current().instant
    )
    # Deleted before the survivor is saved: an account belongs to one person.
    merged.delete()
    survivor.save()
    merge.memory = memory
    merge.save()
    if len(refused) == 1 and refused_photos([survivor.pk]):
        photo = Consent.objects.filter(person=survivor, purpose=ConsentPurpose.PHOTO, withdrawn_at__isnull=False)
        consent_withdrawn.announce(consent=photo.select_related("person").latest("withdrawn_at"))
    return survivor


@action("person.unmerge", needs=Needs("manage_directory", on="person"), subject="person", lock=_one_merge_at_a_time)
def unmerge_person(
    *,
    person: Person,
    merge: Annotated[int, Doc("Id of the merge, from the survivor's `merges`. Example: 5")],
) -> Person:
    """Undo a merge: create the merged record again, with its old id.

    Rows that were moved and not changed since go back. Changed ones stay with the survivor, and are listed in `stayed` by
    kind. Fields that the merge filled are emptied if they have the same value. Returns the restored person.
    Announces `people_unmerged`.

    Errors: `no_such_merge` for another person's merge or one that was undone; `merged_again` if the survivor of then was
    merged itself: undo that merge first; `merge_erased` if the data needed were erased.
    """
    known = PersonMerge.objects.select_for_update(of=("self",)).filter(pk=merge, survivor=person).first()
    if known is None:
        raise NotFound("This person has no such merge.", code="no_such_merge", field="merge")
    memory = known.memory
    if memory is None:
        raise Conflict("The data of the merged record were erased. The merge cannot be undone.", code="merge_erased")
    if memory["survivor"] != person.pk:
        raise Conflict(
            "The record was merged into another one, which was merged into this one later. Undo the later merge first.",
            code="merged_again",
            data={"person": memory["survivor"]},
        )
    _take_back(person, memory)
    restored = _restored(known, memory["person"])
    moves = Moves(person, restored, memory["rows"])
    people_unmerged.announce(survivor=person, restored=restored, moves=moves)
    if kept := memory.get("credited_as"):
        Credit.objects.filter(pk__in=kept, person=restored, credited_as=restored.name).update(credited_as="")
    known.delete()
    if moves.stayed:
        current().note["stayed"] = moves.stayed
    restored.stayed = moves.stayed  # type: ignore[attr-defined]
    return restored


def _locked_duplicate(survivor: Person, pk: int, version: int | None) -> Person:
    """The duplicate, locked. The input is an id and not an object, so that a repeated request with an idempotency key gets
    its first answer although the duplicate is gone."""
    actor = current().actor
    if pk == survivor.pk:
        raise Conflict(
            "A record cannot be merged into itself. Name another one.", code="merge_into_itself", field="duplicate"
        )
    seen = Person.objects.visible_to(actor).filter(pk=pk)
    found: Person | None = seen.select_for_update(of=("self",)).first()
    if found is None:
        merge = PersonMerge.objects.visible_to(actor).filter(old_id=pk).first()
        if merge is not None:
            error = merged_error(merge.survivor_id)
            raise Conflict(error.message, code=error.code, field="duplicate", data=error.data)
        raise Invalid("There is no such person, or you may not see them.", code="unknown_duplicate", field="duplicate")
    also_needs(("manage_directory", found), to="merge this record")
    if version is not None and found.version != version:
        raise Stale(
            f"Person {found.pk} has changed since version {version}; it is now at version {found.version}. Load it again "
            "and repeat.",
            field="duplicate_version",
            data={"current_version": found.version},
        )
    return found


def _refuse(survivor: Person, merged: Person) -> None:
    """Raise Conflict for two records that cannot be one person."""
    if survivor.kind != merged.kind:
        raise Conflict(
            "One is a person and one is a group. Correct the kind of one of them first.", code="different_kinds"
        )
    first, second = sorted((survivor.pk, merged.pk))
    if DistinctPair.objects.filter(first=first, second=second).exists():
        raise Conflict(
            "Somebody decided that these two are not the same. Take that back first.", code="marked_distinct"
        )
    if survivor.user_id is not None and merged.user_id is not None:
        raise Conflict(
            "Each is linked to an account of its own. Unlink the account that is no longer used first.",
            code="different_accounts",
        )
    withdrawn: dict[int, set[str]] = {survivor.pk: set(), merged.pk: set()}
    given: dict[int, set[str]] = {survivor.pk: set(), merged.pk: set()}
    for consent in Consent.objects.filter(person__in=(survivor, merged)):
        (given if consent.withdrawn_at is None else withdrawn)[consent.person_id].add(consent.purpose)
    for one, other in ((survivor.pk, merged.pk), (merged.pk, survivor.pk)):
        if contradicting := sorted((withdrawn[one] - given[one]) & given[other]):
            raise Conflict(
                f"One of them withdrew a consent that the other gives: {', '.join(contradicting)}. Ask the person, then "
                "give or withdraw it.",
                code="consents_contradict",
                data={"purposes": contradicting},
            )


def _fill(survivor: Person, merged: Person, taken: set[str]) -> dict[str, list[Any]]:
    """Set the taken and the empty fields of the survivor. Returns the values before and after, as JSON data."""
    filled = {}
    for name in ("pronouns", "bio", "email", "phone", "user_id"):
        before, after = getattr(survivor, name), getattr(merged, name)
        if after and before != after and (not before or name in taken):
            setattr(survivor, name, after)
            filled[name] = [dump(before), dump(after)]
    return filled


def _keep_name(survivor: Person, merged: Person) -> int | None:
    """Make the merged name an alias of the survivor, so that it is still found. Returns the id of a new alias."""
    if merged.name == survivor.name or Alias.objects.filter(person=survivor, name=merged.name).exists():
        return None
    alias = Alias(person=survivor, name=merged.name, internal=merged.published_at is None)
    alias.save()
    return alias.pk


def _refuse_if_referred_to(merged: Person) -> None:
    """Raise Conflict if rows still point at the merged record: deleting it would delete them too."""
    relations = [
        field
        for field in Person._meta.get_fields(include_hidden=True)
        if isinstance(field, models.ManyToOneRel) and field.related_model is not Person
    ]
    left = sorted(
        relation.related_model._meta.label_lower
        for relation in relations
        if relation.related_model._base_manager.filter(**{relation.field.name: merged}).exists()
    )
    if left:
        raise Conflict(
            f"Rows that cannot be moved refer to this record: {', '.join(left)}.",
            code="still_in_use",
            data={"rows": left},
        )


def _take_back(survivor: Person, memory: dict[str, Any]) -> None:
    """Empty what the merge filled and nobody changed since, and delete the alias that it added."""
    for name, (before, after) in memory["filled"].items():
        if dump(getattr(survivor, name)) == after:
            setattr(survivor, name, before)
    survivor.save()
    alias = Alias.objects.filter(pk=memory["alias"], person=survivor, name=memory["person"]["name"]).first()
    if alias is not None:
        alias.delete()


def _restored(merge: PersonMerge, values: dict[str, Any]) -> Person:
    """Create the merged record again, under its old id."""
    user = values["user_id"]
    if user is not None and (
        Person.objects.filter(user=user).exists() or not get_user_model().objects.filter(pk=user).exists()
    ):
        user = None
    person = rebuilt(Person, {**values, "user_id": user})
    if person is None:
        raise Conflict("The section of the merged record is gone. The merge cannot be undone.", code="merge_erased")
    person.pk = merge.old_id
    # Higher than any version that somebody saw of the old record.
    person.version = values["version"] + 1
    person.save()
    restored: Person = person
    return restored
