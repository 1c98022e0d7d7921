"""Exports and erases the data about a person, in all apps at once."""

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

# On which sections the permissions are checked: accounts belong to the organization, people to the directory.
_NEEDS = (Needs("manage_members", on="organization"), Needs("manage_directory", on="directory"))
# Keys whose values name or reach a person.
_NAMING = ("name", "sort_name", "email", "phone", "buyer_name", "buyer_email")


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Everything stored about one person: rows as plain data by model label."""

    subject: Subject
    held: dict[str, list[dict[str, Any]]]

    def document(self) -> dict[str, Any]:
        """Return the data as JSON values."""
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
    """Who was erased, and how many rows of each model were stored about them."""

    user: int | None
    people: list[int]
    held: dict[str, int] = field(default_factory=dict)


def personal_data_of(subject: Subject) -> PersonalData:
    """Collect the answers of all apps. Does not check permissions: `export_personal_data` does."""
    return PersonalData(subject, held_about.ask(subject=subject))


@action("personal_data.export", needs=_NEEDS)
def export_personal_data(
    *,
    organization: Section,
    directory: Section,
    user: Annotated[User | None, Doc("Id of the account; null to use the person or address. Example: 7")],
    person: Annotated[Person | None, Doc("Id of the person; null to use the account or address. Example: 12")],
    email: Annotated[
        str | None,
        Doc("An e-mail address, in full; null to use the account or person. Example: bea@home.example"),
    ],
) -> PersonalData:
    """Export everything stored about one person.

    The audit log records the export and its subject. Raises: `required` without a subject, `nobody` if none is found.
    """
    _refuse_other_sections(organization, directory)
    subject = _named(user, person, email)
    data = personal_data_of(subject)
    if subject.user_id is None and not subject.person_ids and not any(data.held.values()):
        raise NotFound("No data is stored for this address.", code="nobody", field="email")
    current().note["subject"] = {"user": subject.user_id, "people": sorted(subject.person_ids)}
    return data


@action("personal_data.erase", needs=_NEEDS, lock=one_at_a_time)
def erase_personal_data(
    *,
    organization: Section,
    directory: Section,
    user: Annotated[User | None, Doc("Id of the account; null to use the person or address. Example: 7")],
    person: Annotated[Person | None, Doc("Id of the person; null to use the account or address. Example: 12")],
    email: Annotated[
        str | None,
        Doc("An e-mail address, in full; null to use the account or person. Example: bea@home.example"),
    ],
    keep_public_credits: Annotated[
        bool, Doc("True keeps the name in the programs of public productions. Example: true")
    ],
) -> Forgotten:
    """Erase the data stored about one person, in all apps.

    The account is closed and its roles end, with all grants delegated from them: hand over first. Orders keep their
    lines and amounts and lose their buyer. Credits stay under "Name withheld", or with `keep_public_credits` under the
    name that a public program prints. The audit log keeps its entries without the erased values.
    It cannot be undone; use a preview first.

    Raises: `own_account`, `last_director`, NotAllowed if the actor's own role was given by that person; `required`
    without a subject, `nobody` if none is found.
    """
    run = current()
    _refuse_other_sections(organization, directory)
    subject = _named(user, person, email)
    if subject.user_id is not None and subject.user_id == run.actor.user_id:
        raise NotAllowed("You cannot erase yourself. Ask another director.", code="own_account")
    held = held_about.ask(subject=subject)
    if subject.user_id is None and not subject.person_ids and not any(held.values()):
        raise NotFound("No data is stored for this address.", code="nobody", field="email")
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
    # A token's name describes its use, not a person.
    return bool(row.get(name)) and label != "accounts.apitoken"


def _refuse_other_sections(organization: Section, directory: Section) -> None:
    """Raise Invalid unless the sections are those on which the permissions count: root and directory."""
    if organization.parent_id is not None:
        raise Invalid(
            "Accounts belong to the organization. Give its root section.", code="not_root", field="organization"
        )
    if directory.pk != area("Directory").pk:
        raise Invalid(
            "People belong to the section Directory. Give that section.", code="not_directory", field="directory"
        )


def _named(user: User | None, person: Person | None, email: str | None) -> Subject:
    subject = subject_named(user=user, person=person, email=email)
    if not subject:
        raise Invalid("Name an account, a person or an e-mail address.", code="required", field="email")
    return subject
