"""Substitutes, who decide for an absent approver."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from django.db.models import Q

from accounts.approvals.models.approvals import ApprovalStep, Substitute
from accounts.approvals.rules.approval_steps import DECIDE, approve
from accounts.approvals.signals import substitute_ended, substitute_named
from accounts.permissions.models.sections import Section
from accounts.permissions.rules.permissions import APPROVED_AREAS
from accounts.permissions.selectors.explain import members
from accounts.permissions.services.delegation import Giver, one_at_a_time, refuse_own
from accounts.users.models.users import User
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotAllowed

LONGEST = timedelta(days=366)


@action("substitute.name", open_to=OpenTo.SIGNED_IN, lock=one_at_a_time)
def name_substitute(
    *,
    person: Annotated[User, Doc("Id of the user who is absent; yourself, unless you manage members. Example: 7")],  # type: ignore[valid-type]
    substitute: User,
    section: Section,
    area: Annotated[
        str | None,
        Doc("The area in which the substitute decides; null is all. Example: details", lambda: APPROVED_AREAS),
    ],
    starts_at: Annotated[
        datetime | None, Doc("From when: an instant in UTC; null is at once. Example: 2027-07-01T00:00:00Z")
    ],
    ends_at: datetime,
    reason: str,
) -> Substitute:
    """Name a substitute who decides for an absent approver.

    Approvers name their own. Those who manage members there may name one for somebody else; they need all permissions that decide
    there, for the whole period.
    Errors: `own_substitute`; `not_your_substitute`; `nothing_to_substitute_for`; `no_role_here` if the substitute has no role on
    the section; `unknown_area`; `ends_before_start`; `too_long`.
    """
    actor, now = current().actor, current().instant
    starts_at = starts_at or now
    if area and area not in APPROVED_AREAS:
        raise Invalid("This area does not exist.", code="unknown_area", field="area")
    areas = [area] if area else list(APPROVED_AREAS)
    if actor.user_id == person.pk:
        if not any(actor.holds(f"{DECIDE}{one}", section, now) for one in areas):
            raise NotAllowed(
                "You may not decide on submissions here, so you cannot have a substitute.",
                code="nothing_to_substitute_for",
            )
    else:
        if not actor.holds("manage_members", section, now):
            raise NotAllowed(
                "You can name your own substitute. To name one for somebody else you need manage_members here.",
                code="not_your_substitute",
                data={"needs": ["manage_members"]},
            )
        refuse_own(actor, [substitute.pk])
        Giver.acting(actor).origins(_decided_by(areas, section), section, starts_at, ends_at)
    _refuse_span(starts_at, ends_at, now)
    if substitute.pk == person.pk:
        raise Invalid(
            "A person cannot be their own substitute. Choose somebody else.", code="own_substitute", field="substitute"
        )
    if not members(section, now).filter(pk=substitute.pk).exists():
        raise Invalid(
            "A substitute needs a role on this section. Assign one first.",
            code="no_role_here",
            field="substitute",
        )
    named = Substitute(
        person=person,
        substitute=substitute,
        section=section,
        area=area or "",
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        named_by=actor.user,
    )
    named.save()
    substitute_named.announce(substitute=named)
    return named


@action("substitute.end", open_to=OpenTo.SIGNED_IN, subject="substitute")
def end_substitute(*, substitute: Substitute) -> Substitute:
    """End a substitution at once.

    Open to the absent approver, the substitute, the user who named them, and those who manage members there.
    Errors: `not_your_substitute`; `substitute_over`.
    """
    run = current()
    concerned = {substitute.person_id, substitute.substitute_id, substitute.named_by_id} - {None}
    if run.actor.user_id not in concerned and not run.actor.holds("manage_members", substitute, run.instant):
        raise NotAllowed(
            "You may not end this substitution. You need manage_members here.",
            code="not_your_substitute",
            data={"needs": ["manage_members"]},
        )
    if substitute.ends_at <= run.instant:
        raise Conflict("This substitution has ended already.", code="substitute_over")
    substitute.starts_at = min(substitute.starts_at, run.instant)
    substitute.ends_at = run.instant
    substitute.save()
    substitute_ended.announce(substitute=substitute)
    return substitute


def _decided_by(areas: list[str], section: Section) -> list[str]:
    """The permissions that decide in these areas here: the approve permissions, and those of the steps above and below.

    Includes the permissions of the steps' roles, since a substitute decides on all these steps.
    """
    near = Q(section__path__in=section.paths_above) | Q(section__path__startswith=section.path)
    steps = ApprovalStep.objects.filter(near, area__in=areas).select_related("role")
    by_step = {
        permission
        for step in steps
        for permission in (step.role.permissions if step.role is not None else [step.permission])
    }
    return sorted({approve(one) for one in areas} | by_step)


def _refuse_span(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= max(starts_at, now):
        raise Invalid("The end must be after the start and in the future.", code="ends_before_start", field="ends_at")
    if ends_at - starts_at > LONGEST:
        raise Invalid(
            "A year at most. Assign a role to somebody who decides for longer.", code="too_long", field="ends_at"
        )
