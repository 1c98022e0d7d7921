"""The waiting lists of performances."""

from __future__ import annotations

from typing import ClassVar

from django.core import signing
from django.core.validators import EmailValidator, MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models

from scheduling.models import Occurrence
from theater_site.core.encryption import BlindIndexField, EncryptedTextField
from theater_site.core.models import ContentModel

_SALT = "ticketing.waiting_list"


class WaitingListEntry(ContentModel):
    """A person who waits for `places` seats at a performance. Entries are served in the order of their ids."""

    section_lookup: ClassVar[str] = "performance__section_id"
    view_permission: ClassVar[str] = "view_tickets"
    personal: ClassVar[frozenset[str]] = frozenset({"name", "email", "email_index"})
    chance: ClassVar[frozenset[str]] = frozenset({"offer_holder", "offered_until"})

    performance = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="waiting", db_index=False)
    name = EncryptedTextField(
        one_line=True,
        validators=[MaxLengthValidator(200)],
        help_text="The name of the person who waits. Example: Bea Buyer",
    )
    email = EncryptedTextField(
        one_line=True,
        validators=[EmailValidator(), MaxLengthValidator(254)],
        help_text="The e-mail address for the offer. Example: bea@home.example",
    )
    email_index = BlindIndexField("email")
    places = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text="The number of wanted seats, 1 to 20. Example: 2",
    )

    # The digest of the token of an offered hold, and when the offer lapses.
    offer_holder = models.CharField(max_length=64, blank=True, default="", editable=False)
    offered_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Until when the offered seats are held; null before an offer. Example: 2027-03-14T18:30:00Z",
    )

    class Meta:
        base_manager_name = "objects"
        verbose_name = "waiting-list entry"
        indexes = [
            models.Index(fields=["performance", "id"], name="waiting_in_order"),
            models.Index(fields=["offer_holder"], condition=~models.Q(offer_holder=""), name="waiting_by_offer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["performance", "email_index"],
                name="waits_once",
                violation_error_message="This address is already on the waiting list.",
                violation_error_code="waits_already",
            )
        ]

    @property
    def leaving_key(self) -> str:
        """The key in the link to leave the list: the signed id, since a plain id could be guessed."""
        return signing.dumps(self.pk, salt=_SALT)

    @staticmethod
    def id_of_leaving_key(key: str) -> int:
        """The id of the entry in a leaving key. Raises ValueError for any other text."""
        try:
            return int(signing.loads(key, salt=_SALT))
        except (signing.BadSignature, TypeError) as error:
            raise ValueError("not a leaving key") from error

    def __str__(self) -> str:
        return f"{self.places} at {self.performance_id}"
