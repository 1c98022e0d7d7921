"""What is held about a person, told in one document; and forgotten, in all apps at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from accounts.models import Section, User
from accounts.permissions.selectors.sections import area
from accounts.permissions.services.delegation import one_at_a_time
from accounts.privacy.rules.subjects import Subject
from accounts.privacy.signals import held_about, person_forgotten
from directory.models import Person
from directory.selectors.personal_data import subject_named
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid, NotAllowed, NotFound
from theater_site.core.mentions import telling

# What is whose, and where it must be held: accounts are the organization's, people the directory's.
_NEEDS = (Needs("manage_members", on="organization"), Needs("manage_directory", on="directory"))
# Under these names a row tells how somebody is called or reached.
_NAMING = ("name", "sort_name", "email", "phone", "buyer_name", "buyer_email")


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Everything that is held about one person: by label of a model, its rows as plain data."""

    subject: Subject
    held: dict[str, list[dict[str, Any]]]

    def document(self) -> dict[str, Any]:
        """As JSON can state it."""
        return {
            "subject": {
                "user": self.subject.user_id,
                "people": sorted(self.subject.person_ids),
                "emails": sorted(self.subject.emails),
            },
            "held": self.held,
        }


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Who was forgotten, and how many rows of each kind were held about them."""

    user: int | None
    people: list[int]
    held: dict[str, int] = field(default_factory=dict)


def personal_data_of(subject: Subject) -> PersonalData:
    """The answers of all apps. Asks nobody whether they may: `export_personal_data` does."""
    return PersonalData(subject, held_about.ask(subject=subject))


@action("personal_data.export", needs=_NEEDS)
def export_personal_data(
    *,
    organization: Section,
    directory: Section,
    user: Annotated[User | None, Doc("Id of the account; null where it goes by the person or address. Example: 7")],
    person: Annotated[
        Person | None, Doc("Id of the person; null where it goes by the account or address. Example: 12")
    ],
    email: Annotated[
        str | None,
        Doc("An e-mail address, in full; null where it goes by the account or person. Example: bea@home.example"),
    ],
) -> PersonalData:
    """Export everything that is held about one person.

    That it was told, and about whom, is in the audit log. Refused: nobody named, nobody found.
    """
    _refuse_other_sections(organization, directory)
    subject = _named(user, person, email)
    data = personal_data_of(subject)
    if subject.user_id is None and not subject.person_ids and not any(data.held.values()):
        raise NotFound("Nothing is held about anybody of this address.", code="nobody", field="email")
    current().note["subject"] = {"user": subject.user_id, "people": sorted(subject.person_ids)}
    return data


@action("personal_data.erase", needs=_NEEDS, lock=one_at_a_time)
def erase_personal_data(
    *,
    organization: Section,
    directory: Section,
    user: Annotated[User | None, Doc("Id of the account; null where it goes by the person or address. Example: 7")],
    person: Annotated[
        Person | None, Doc("Id of the person; null where it goes by the account or address. Example: 12")
    ],
    email: Annotated[
        str | None,
        Doc("An e-mail address, in full; null where it goes by the account or person. Example: bea@home.example"),
    ],
    keep_public_credits: Annotated[
        bool, Doc("True keeps the name in the programs of public productions. Example: true")
    ],
) -> Forgotten:
    """Erase what is held about one person, in all apps.

    The account is closed and its roles end, with all that was passed on from them: hand over first. Orders keep their
    lines and amounts and lose their buyer. Credits stay under "Name withheld", or with `keep_public_credits` under the
    name that a public program prints. The audit log goes on to say that things were done, and no longer what they were.
    It cannot be undone; preview it.

    Refused: oneself (`own_account`), the last director (`last_director`), somebody from whom the actor has their own
    role, nobody named, nobody found.
    """
    run = current()
    _refuse_other_sections(organization, directory)
    subject = _named(user, person, email)
    if subject.user_id is not None and subject.user_id == run.actor.user_id:
        raise NotAllowed("Nobody erases themselves. Ask another director.", code="own_account")
    held = held_about.ask(subject=subject)
    if subject.user_id is None and not subject.person_ids and not any(held.values()):
        raise NotFound("Nothing is held about anybody of this address.", code="nobody", field="email")
    names = {
        str(row[name])
        for label, rows in held.items()
        for row in rows
        for name in _NAMING
        if _names_them(label, row, name)
    }
    run.keeps_values = False
    counts = {label: len(rows) for label, rows in held.items() if rows}
    run.note["subject"] = {"user": subject.user_id, "people": sorted(subject.person_ids)}
    person_forgotten.announce(
        subject=subject, words=telling(names | set(subject.emails)), keep_public_credits=keep_public_credits
    )
    return Forgotten(subject.user_id, sorted(subject.person_ids), counts)


def _names_them(label: str, row: dict[str, Any], name: str) -> bool:
    # A token's name is what the token is for.
    return bool(row.get(name)) and label != "accounts.apitoken"


def _refuse_other_sections(organization: Section, directory: Section) -> None:
    """The permissions are asked on these, so they must be the ones that count."""
    if organization.parent_id is not None:
        raise Invalid(
            "Accounts belong to the organization, not to a part of it.", code="not_root", field="organization"
        )
    if directory.pk != area("Directory").pk:
        raise Invalid("People belong to the section Directory.", code="not_directory", field="directory")


def _named(user: User | None, person: Person | None, email: str | None) -> Subject:
    subject = subject_named(user=user, person=person, email=email)
    if not subject:
        raise Invalid("Name an account, a person or an e-mail address.", code="required", field="email")
    return subject
