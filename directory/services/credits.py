"""Who plays and who helps: credits are given, corrected and taken back."""

from __future__ import annotations

from typing import TypedDict

from directory.models import Credit, CreditKind, Person
from productions.models import Production
from productions.services.addresses import in_order
from theater_site.core.actions import Needs, action


class CreditFields(TypedDict, total=False):
    """What can be said of a credit: absent means unchanged, "" means empty.

    `note` is printed beside the role (the act, the piece, "understudy"). Those with equal `billing_order` stand in the
    order of their entry. `starts_on` and `ends_on` may be partial ("2026-09"), for a part taken over during the run.
    """

    kind: CreditKind
    role: str
    note: str
    billing_order: int
    starts_on: str
    ends_on: str


@action("credit.add", needs=Needs("edit_cast", on="production"), proposable=True)
def add_credit(*, production: Production, person: Person, fields: CreditFields) -> Credit:
    """Credit `person`, or a group, with a part or a job in `production`; public as soon as the production is.

    Refused: the same credit again (person, kind, role, note and first day), blank roles included; an end surely before
    the start.
    """
    credit = Credit(production=production, person=person)
    _describe(credit, fields)
    credit.save()
    return credit


@action("credit.update", needs=Needs("edit_cast", on="credit"), subject="credit", proposable=True)
def update_credit(*, credit: Credit, changes: CreditFields) -> Credit:
    """Correct it. Who it credits and in what stays: remove it and add another for that. Refused as at its making."""
    _describe(credit, changes)
    credit.save()
    return credit


@action("credit.remove", needs=Needs("edit_cast", on="credit"), subject="credit", proposable=True)
def remove_credit(*, credit: Credit) -> None:
    """Take it back: this person had no such part. For one who leaves during the run set `ends_on` instead."""
    credit.delete()


def _describe(credit: Credit, fields: CreditFields) -> None:
    for name, value in fields.items():
        setattr(credit, name, " ".join(value.split()) if name in ("role", "note") else value)  # type: ignore[attr-defined]
    credit.check_values()
    in_order(credit.starts_on, credit.ends_on, field="ends_on")
