"""Finds the brand guidelines that apply to a section."""

from __future__ import annotations

from accounts.models import Section, SectionKind
from productions.models import BrandKit
from productions.rules.brand import Fault
from theater_site.core.judges import Finding, Severity
from theater_site.core.models import ContentModel


class BrandKits:
    """All guidelines, loaded with one query; no more queries if only the organization has guidelines."""

    def __init__(self) -> None:
        self._everywhere: BrandKit | None = None
        self._below: dict[str, BrandKit] = {}
        self._paths: dict[int, str] = {}
        for kit in BrandKit.objects.select_related("section"):
            if kit.section.kind == SectionKind.AREA and kit.section.name == "Brand":
                self._everywhere = kit
            else:
                self._below[kit.section.path] = kit

    def __bool__(self) -> bool:
        return self._everywhere is not None or bool(self._below)

    def of(self, section_id: int | None) -> BrandKit | None:
        """Return the nearest guidelines at or above that section, else the organization's, else None."""
        if not self._below or section_id is None:
            return self._everywhere
        if section_id not in self._paths:
            path = Section.objects.filter(pk=section_id).values_list("path", flat=True).first()
            self._paths[section_id] = path or ""
        own = [path for path in self._below if self._paths[section_id].startswith(path)]
        return self._below[max(own, key=len)] if own else self._everywhere


def finding(kit: BrandKit, fault: Fault, row: ContentModel) -> Finding:
    """Convert `fault` to a finding: a warning if the kit lists the rule as a warning, else an error."""
    return Finding.on(
        row,
        rule=fault.rule,
        severity=Severity.WARNING if fault.rule in kit.only_warn else Severity.ERROR,
        message=fault.message,
        hint=fault.hint,
        field=fault.field,
    )
