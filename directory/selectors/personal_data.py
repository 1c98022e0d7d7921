"""Who somebody is across all apps, and what the directory holds about them."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from accounts.models import User
from accounts.privacy.rules.subjects import Subject
from accounts.privacy.selectors.personal_data import Held, told
from directory.models import Alias, Consent, Credit, Person
from theater_site.core.encryption import blind_index
from theater_site.core.errors import Conflict


def subject_of_account(user: User) -> Subject:
    """Everything that is surely theirs: the account, the person that is linked to it, and the addresses they verified.

    Not the contact address in the directory, which they may set to anybody's: what was bought with it would be told.
    """
    people = Person.objects.filter(user=user).values_list("pk", flat=True)
    verified = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return Subject(user.pk, frozenset(people), frozenset(verified))


def subject_named(*, user: User | None = None, person: Person | None = None, email: str | None = None) -> Subject:
    """Whom somebody who answers for it means by an account, a person of the directory, an address, or several of these.

    Nobody is found: an empty Subject. Refused: an address that several people of the directory give as their contact
    (`ambiguous`), such as an agent's; name the person as well then.
    """
    emails = {email.strip()} if email and email.strip() else set()
    if person is None and emails:
        (address,) = emails
        people = list(Person.objects.filter(email_index=blind_index(address))[:2])
        if len(people) > 1:
            raise Conflict(
                "Several people of the directory are reached by this address. Name the person as well.",
                code="ambiguous",
            )
        person = people[0] if people else None
    if user is None and person is not None:
        user = person.user
    if user is None and emails:
        (address,) = emails
        user = (
            User.objects.filter(emailaddress__email__iexact=address, emailaddress__verified=True).first()
            or User.objects.filter(email=address).first()
        )
    known = subject_of_account(user) if user is not None else Subject()
    people_ids = known.person_ids | ({person.pk} if person is not None else set())
    return Subject(known.user_id, frozenset(people_ids), known.emails | emails)


def held_by_directory(subject: Subject) -> Held:
    """Their entries, other names, consents and credits. Answers `held_about`."""
    people = sorted(subject.person_ids)
    return {
        "directory.person": told(
            Person.objects.filter(pk__in=people),
            *("kind", "name", "sort_name", "pronouns", "bio", "email", "phone", "published_at"),
        ),
        "directory.alias": told(Alias.objects.filter(person__in=people), "name", "internal"),
        "directory.consent": told(
            Consent.objects.filter(person__in=people), "purpose", "given_at", "withdrawn_at", "note"
        ),
        "directory.credit": told(
            Credit.objects.filter(person__in=people).select_related("production"),
            *("kind", "role", "note", "holding", "credited_as", "starts_on", "ends_on"),
            production="production.title",
        ),
    }
