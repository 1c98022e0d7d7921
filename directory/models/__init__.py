from directory.models.consents import Consent, ConsentPurpose
from directory.models.credits import Credit, CreditKind
from directory.models.people import Alias, Person, PersonKind
from directory.models.teams import TeamNight

__all__ = ["Alias", "Consent", "ConsentPurpose", "Credit", "CreditKind", "Person", "PersonKind", "TeamNight"]
