"""Judges productions: loads the changed rows once, for the brand guidelines and for the licenses."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from productions.models import BrandKit, License, Production, ProductionStatus
from productions.receivers import brand, licenses
from theater_site.core.changes import Change
from theater_site.core.judges import Finding


def judge_productions(changes: list[Change]) -> list[Finding]:
    """Return findings on changed productions, and on those with changed licenses. The archive is not judged.

    One query if there are neither guidelines nor licenses; none if neither can concern the changes.
    """
    by_brand = brand.concerned(change for change in changes if change.model is Production)
    by_license = licenses.concerned(changes)
    if not by_brand and not by_license:
        return []
    living = Production.objects.exclude(status=ProductionStatus.ARCHIVED).annotate(
        guided=Exists(BrandKit.objects.all()), licensed=Exists(License.objects.filter(production=OuterRef("pk")))
    )
    # An import may have more ids than one statement takes.
    rows = living.in_bulk(list({**by_brand, **by_license}))
    guided = {pk: change for pk, change in by_brand.items() if pk in rows and rows[pk].guided}
    licensed = {pk: asked for pk, asked in by_license.items() if pk in rows and rows[pk].licensed}
    return [
        *(brand.faults_of_brand(rows, guided) if guided else ()),
        *(licenses.faults_of_licenses(rows, licensed) if licensed else ()),
    ]
