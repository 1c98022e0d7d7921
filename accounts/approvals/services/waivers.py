"""Waivers: accepting warnings about an object until a date, and revoking that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.apps import apps
from django.core.exceptions import ValidationError

from accounts.approvals.models.waivers import Waiver
from accounts.permissions.models.sections import Section
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid
from theater_site.core.models import ContentModel

LONGEST = timedelta(days=366)


@action("waiver.give", needs=Needs("approve_brand", on="section"))
def give_waiver(
    *,
    section: Section,
    object_type: str,
    object_id: Annotated[str, Doc("Id of the object that it is about, as text. Example: 12")],
    rule: str,
    reason: str,
    until: datetime,
) -> Waiver:
    """Give a waiver: accept warnings of a rule about an object until a date. Errors of the rule cannot be waived.

    Errors: `required` without a reason or a rule; `bad_until` in the past or after more than a year; `unknown_type`;
    `does_not_exist`; `outside_section`.
    """
    run = current()
    if not reason.strip():
        raise Invalid("Give a reason.", code="required", field="reason")
    if not run.instant < until <= run.instant + LONGEST:
        raise Invalid("The end must be in the future, at most a year from now.", code="bad_until", field="until")
    if not rule.strip():
        raise Invalid("Give the rule, as in the finding.", code="required", field="rule")
    found = _object(object_type, object_id)
    if found.owning_section_id != section.pk:
        raise Invalid("This object is not in that section.", code="outside_section", field="section")
    waiver = Waiver(
        section=section,
        object_type=found._meta.label_lower,
        object_id=str(found.pk),
        rule=rule.strip(),
        reason=reason,
        by=run.actor.user,
        until=until,
    )
    waiver.save()
    return waiver


@action("waiver.revoke", needs=Needs("approve_brand", on="waiver"), subject="waiver")
def revoke_waiver(*, waiver: Waiver) -> Waiver:
    """Revoke a waiver.

    Errors: `waiver_over`.
    """
    now = current().instant
    if not waiver.holds_at(now):
        raise Conflict("This waiver has ended already.", code="waiver_over")
    waiver.revoked_at = now
    waiver.save()
    return waiver


def _object(object_type: str, object_id: str) -> ContentModel:
    """The object, if the actor may see it.

    Raises: Invalid `unknown_type`; `does_not_exist`, also for objects that the actor may not see.
    """
    unknown = Invalid("This object does not exist, or you may not see it.", code="does_not_exist", field="object_id")
    try:
        model: Any = apps.get_model(object_type)
        if not issubclass(model, ContentModel):
            raise LookupError
    except (LookupError, ValueError) as error:
        raise Invalid(
            "Give a type of object as in findings, such as productions.production.",
            code="unknown_type",
            field="object_type",
        ) from error
    try:
        found = model.objects.visible_to(current().actor).filter(pk=object_id).first()
    except (ValueError, ValidationError, OverflowError) as error:
        raise unknown from error
    if found is None:
        raise unknown
    made: ContentModel = found
    return made
