from productions.models.brand import BrandKit
from productions.models.fields import PartialDateField
from productions.models.productions import Production, ProductionStatus
from productions.models.seasons import Season

__all__ = ["BrandKit", "PartialDateField", "Production", "ProductionStatus", "Season"]
