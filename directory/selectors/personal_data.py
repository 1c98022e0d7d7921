"""Find a data subject across all apps, and the directory's data about them."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db.models import Q

from accounts.models import User
from accounts.privacy.rules.subjects import Subject
from accounts.privacy.selectors.personal_data import Held, told
from directory.models import Alias, Consent, Credit, DistinctPair, Person, PersonMerge
from theater_site.core.encryption import blind_index
from theater_site.core.errors import Conflict


def subject_of_account(user: User) -> Subject:
    """Return what surely belongs to a user: the account, its linked person, and its verified addresses.

    Without the contact address in the directory: users may set it to another person's, and would see their orders.
    """
    people = Person.objects.filter(user=user).values_list("pk", flat=True)
    verified = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return Subject(user.pk, frozenset(people), frozenset(verified))


def subject_named(*, user: User | None = None, person: Person | None = None, email: str | None = None) -> Subject:
    """Return the subject named by an account, a person of the directory, an address, or several of these.

    Returns an empty Subject if none is found. Raises: `ambiguous` for an address that several people of the directory
    give as their contact, such as an agent's; name the person as well.
    """
    emails = {email.strip()} if email and email.strip() else set()
    if person is None and emails:
        (address,) = emails
        people = list(Person.objects.filter(email_index=blind_index(address))[:2])
        if len(people) > 1:
            raise Conflict(
                "Several people of the directory have this address. Name the person as well.",
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
    """Return their entries, other names, consents and credits. Answers `held_about`."""
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
        "directory.personmerge": told(PersonMerge.objects.filter(survivor__in=people), "old_id", "merged_at", "memory"),
        "directory.distinctpair": told(
            DistinctPair.objects.filter(Q(first__in=people) | Q(second__in=people)), one="first_id", other="second_id"
        ),
    }
