"""Erases a person from the directory."""

from __future__ import annotations

from typing import Any

from accounts.audit.services.retention import erase_values
from accounts.privacy.rules.subjects import NAME_WITHHELD, Subject
from directory.models import Alias, Consent, Credit, Person, PersonMerge

_SAID = {"name", "sort_name", "pronouns", "bio", "email", "email_index", "phone"}


def forget(subject: Subject, keep_public_credits: bool, **_: Any) -> None:
    """Erase the fields of their entries and delete page, other names and consents. Credits stay, under a placeholder or,
    with `keep_public_credits` and if a public program names them, under the printed name."""
    for person in Person.objects.select_for_update(of=("self",)).filter(pk__in=subject.person_ids).order_by("pk"):
        for kind, rows in (("directory.alias", Alias.objects), ("directory.consent", Consent.objects)):
            for pk in rows.filter(person=person).values_list("pk", flat=True):
                erase_values(kind, pk, {"name", "note"})
            rows.filter(person=person).delete()
        for merge in PersonMerge.objects.filter(survivor=person):
            _forget_merged(merge)
        printed = Credit.objects.filter(person=person, production__published_at__isnull=False).exists()
        if not (keep_public_credits and printed):
            person.name = NAME_WITHHELD
            person.sort_name = ""
            for credit in Credit.objects.filter(person=person).exclude(credited_as="").select_related("production"):
                credit.credited_as = ""
                credit.save()
                erase_values("directory.credit", credit.pk, {"credited_as"})
        person.pronouns = person.bio = person.email = person.phone = ""
        person.user = person.published_at = None
        person.save()
        erase_values("directory.person", person.pk, _SAID)


def _forget_merged(merge: PersonMerge) -> None:
    """Erase the values of a record that was merged into an erased person. The merge cannot be undone then; its old id still
    leads to the survivor."""
    for label, rows in ((merge.memory or {}).get("rows") or {}).items():
        for values in rows["dropped"] if isinstance(rows, dict) else ():
            erase_values(label, values["id"], values.keys() - {"id"})
    merge.memory = None
    merge.save()
    erase_values("directory.personmerge", merge.pk, {"memory"})
    erase_values("directory.person", merge.old_id, _SAID)
