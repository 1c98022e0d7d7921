from directory.models.consents import Consent, ConsentPurpose
from directory.models.credits import Credit, CreditKind
from directory.models.duplicates import DistinctPair, PersonMerge
from directory.models.people import Alias, Person, PersonKind
from directory.models.teams import TeamNight

__all__ = [
    "Alias",
    "Consent",
    "ConsentPurpose",
    "Credit",
    "CreditKind",
    "DistinctPair",
    "Person",
    "PersonKind",
    "PersonMerge",
    "TeamNight",
]
