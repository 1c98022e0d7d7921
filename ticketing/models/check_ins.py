"""Check-ins of tickets."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from theater_site.core.models import ContentModel
from ticketing.models.orders import Ticket


class CheckIn(ContentModel):
    """A check-in of a ticket. The database allows at most one per ticket."""

    section_lookup: ClassVar[str] = "ticket__line__order__section_id"
    view_permission: ClassVar[str] = "view_tickets"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="check_ins", db_index=False)
    checked_in_at = models.DateTimeField(
        help_text="When the ticket was checked in: an instant in UTC. Example: 2027-03-14T19:12:00Z"
    )
    checked_in_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"],
                name="ticket_admits_once",
                violation_error_message="This ticket has just been checked in.",
                violation_error_code="already_checked_in",
            )
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} at {self.checked_in_at}"
