from productions.models.brand import BrandKit
from productions.models.departments import Department, Job
from productions.models.fields import PartialDateField
from productions.models.licenses import License
from productions.models.planning import SeasonSlot, SeasonStrand, SlotStatus, Strand, StrandKind
from productions.models.productions import (
    AccessibilityService,
    FormerAddress,
    PremiereKind,
    Production,
    ProductionStatus,
)
from productions.models.scenes import Appearance, Character, CharacterKind, Scene
from productions.models.seasons import Season

__all__ = [
    "AccessibilityService", "Appearance", "BrandKit", "Character", "CharacterKind", "Department", "FormerAddress", "Job",
    "License", "PartialDateField", "PremiereKind", "Production", "ProductionStatus", "Scene", "Season", "SeasonSlot",
    "SeasonStrand", "SlotStatus", "Strand", "StrandKind",
]  # fmt: skip
