from directory.models.consents import Consent, ConsentPurpose
from directory.models.credits import Credit, CreditKind
from directory.models.people import Alias, Person, PersonKind

__all__ = ["Alias", "Consent", "ConsentPurpose", "Credit", "CreditKind", "Person", "PersonKind"]
