"""Creates, updates, publishes and deletes people and groups; people also describe themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from accounts.models import Section, User
from directory.models import Alias, Credit, Person, PersonKind
from directory.rules.sort_names import suggested_sort_name
from directory.services.own_records import OnOwnRecord, is_own, refuse_strangers
from theater_site.core.actions import Action, Needs, OpenTo, Submitted, action, current
from theater_site.core.actors import Actor
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, NotAllowed, NotFound
from theater_site.core.text import single_spaced


class SelfDescription(TypedDict, total=False):
    """The public description of a person by themselves. The bio is Markdown without HTML."""

    pronouns: str
    bio: str


class Contact(TypedDict, total=False):
    """Contact data of a person; "" if not known."""

    email: str
    phone: str


class PersonFields(SelfDescription, Contact, total=False):
    """Fields of a person or group: absent means unchanged, "" means empty. `sort_name` is the name in ordered lists, if it
    is not the name itself."""

    kind: PersonKind
    name: str
    sort_name: str


@action("person.create", needs=Needs("edit_directory", on="section"), submittable=True)
def create_person(*, section: Section, fields: PersonFields) -> Person:
    """Create a person or group; they are not public yet. Raises: Invalid for a missing name, an invalid e-mail address,
    or texts that are too long.

    Two people may have the same name; the caller searches first.
    """
    person = Person(section=section)
    _describe(person, fields)
    person.save()
    return person


@action("person.update", needs=Needs("edit_directory", on="person"), subject="person", submittable=True)
def update_person(*, person: Person, changes: PersonFields) -> Person:
    """Update a person. Same errors as `person.create`."""
    _describe(person, changes)
    person.save()
    return person


@action("person.describe_self", open_to=OpenTo.SIGNED_IN, subject="person")
def describe_self(*, person: Person, changes: SelfDescription) -> Person | Submitted:
    """Update your own pronouns and biography. With `edit_directory` the change applies at once, otherwise it waits for
    approval.

    Raises: `not_own_record`; the errors of `person.update`. The submission is a `person.update`, decided by the approvers
    of the directory.
    """
    run = current()
    if not is_own(person):
        raise NotAllowed(
            "Only the person may use this action. Update the person, or submit an update, instead.",
            code="not_own_record",
        )
    if run.actor.holds("edit_directory", person, run.instant):
        return update_person.as_consequence(person=person, changes=changes)
    return update_person.submit(actor=OnOwnRecord(run.actor, person), person=person, changes=changes)


def describes_self(actor: Actor, action: Action[Any, Any], given: Mapping[str, Any]) -> bool:
    """Whether this is a user's description of themselves, which they may submit without a permission, alone or with other
    actions in one submission. Answers a question of accounts."""
    return (
        action is update_person
        and actor.user_id is not None
        and given["person"].user_id == actor.user_id
        and given.get("changes", {}).keys() <= SelfDescription.__annotations__.keys()
    )


@action("person.update_contact", open_to=OpenTo.SIGNED_IN, subject="person")
def update_contact(*, person: Person, changes: Contact) -> Person:
    """Update the contact data of a person. Only they themselves and those who work on the directory see it.

    Applies at once, for the person or with `edit_directory`. Raises: `not_own_record`; Invalid for an e-mail address.
    """
    refuse_strangers(person)
    _describe(person, changes)
    person.save()
    return person


@action("person.link_user", needs=Needs("manage_directory", on="person"), subject="person")
def link_user(
    *,
    person: Person,
    user: Annotated[User | None, Doc("Id of the account of this person; null unlinks. Example: 7")],
) -> Person:
    """Link a person to their account. Null unlinks.

    Raises: the unique constraint if the account belongs to another person. Also `user_taken`.
    """
    person.user = user
    person.save()
    return person


@action(
    "person.publish", needs=Needs("publish_directory", on="person"), subject="person", submittable=True, exposes=True
)
def publish_person(*, person: Person) -> Person:
    """Publish a person's page. Raises: `already_published`."""
    if person.published_at is not None:
        raise Conflict("This person is already public.", code="already_published")
    person.published_at = current().instant
    person.save()
    return person


@action("person.unpublish", needs=Needs("publish_directory", on="person"), subject="person", submittable=True)
def unpublish_person(*, person: Person) -> Person:
    """Unpublish a person's page. Their credits stay: a public production's program names everybody.

    Error: `not_published`.
    """
    if person.published_at is None:
        raise Conflict("This person is not public.", code="not_published")
    person.published_at = None
    person.save()
    return person


@action("person.delete", needs=Needs("manage_directory", on="person"), subject="person")
def delete_person(*, person: Person) -> None:
    """Delete a person created by mistake, with aliases and consents. Raises: `published`, `person_credited`."""
    if person.published_at is not None:
        raise Conflict("Unpublish a public person first.", code="published")
    if Credit.objects.filter(person=person).exists():
        raise Conflict("This person is credited. Remove the credits first.", code="person_credited")
    person.delete()


@action("person.add_alias", needs=Needs("edit_directory", on="person"), subject="person", submittable=True)
def add_alias(
    *,
    person: Person,
    name: Annotated[str, Doc("The other name. Example: Anna Smith")],
    internal: Annotated[bool, Doc("True where only those who work on the directory may see it. Example: false")],
) -> Person:
    """Add another name of a person, by which they are found. An internal name is hidden from the public and from its
    searches.

    Raises: Invalid for a blank name or a duplicate. Also `alias_exists`.
    """
    Alias(person=person, name=single_spaced(name), internal=internal).save()
    return person


@action("person.remove_alias", needs=Needs("edit_directory", on="person"), subject="person", submittable=True)
def remove_alias(
    *,
    person: Person,
    alias: Annotated[Alias, Doc("Id of the alias, from the person's `aliases`. Example: 4")],  # type: ignore[valid-type]
) -> Person:
    """Remove one of the other names of a person. Raises: NotFound for another person's alias or a deleted one."""
    # Load the alias again: after a preview, the given instance was deleted once and has no id.
    known = Alias.objects.filter(person=person, pk=alias.pk).first()
    if known is None:
        raise NotFound("This person has no such alias.", field="alias")
    known.delete()
    return person


_ONE_LINE = frozenset({"name", "sort_name", "pronouns", "email", "phone"})


def _describe(person: Person, fields: PersonFields | SelfDescription | Contact) -> None:
    was_suggested = person.sort_name == suggested_sort_name(person.name, group=person.kind == PersonKind.GROUP)
    for name, value in fields.items():
        if name in _ONE_LINE:
            value = single_spaced(value)  # type: ignore[arg-type]
        setattr(person, name, value)
    if not person.sort_name or (was_suggested and "sort_name" not in fields):
        person.sort_name = suggested_sort_name(person.name, group=person.kind == PersonKind.GROUP)
