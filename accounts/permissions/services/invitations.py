"""Offers a role by mail to a person who may have no account yet, and assigns it when they accept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Annotated

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import Role, RoleAssignment, Section
from accounts.permissions.services.delegation import (
    Giver,
    give,
    one_at_a_time,
    refuse_bad_span,
    refuse_outside,
    refuse_own,
)
from accounts.permissions.signals import invitation_sent, role_given
from accounts.users.models.users import stored_email
from accounts.users.services.profiles import checked_name
from theater_site.core.actions import Needs, OpenTo, action, current
from theater_site.core.actors import ActorKind
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotAllowed, NotFound

LASTS = timedelta(days=14)


@action("invitation.create", needs=Needs("manage_members", on="section"), lock=one_at_a_time)
def invite(
    *,
    email: Annotated[str, Doc("The address that the invitation is sent to. Example: bea@home.example")],
    name: Annotated[str | None, Doc("Their name, for an account that has none yet; null for none. Example: Bea Marsh")],
    role: Role,
    section: Section,
    starts_at: datetime | None,
    ends_at: datetime | None,
    reason: str,
) -> Invitation:
    """Invite a person to a role by mail.

    Errors: `own_role` for your own address; `already_invited` if the same offer is open; `not_an_email`;
    same errors as `role.assign`.
    """
    email = _address(email)
    actor = current().actor
    if actor.kind is ActorKind.USER and email == actor.user.email:
        refuse_own(actor, [actor.user.pk])
    refuse_bad_span(starts_at, ends_at)
    refuse_outside(role, section)
    giver = Giver.acting(actor)
    giver.origins(role.permissions, section, starts_at, ends_at)
    invitation = Invitation(
        email=email,
        name=checked_name(name or ""),
        role=role,
        permissions=sorted(role.permissions),
        section=section,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        invited_by=giver.user,
    )
    _send(invitation)
    return invitation


@action("invitation.resend", needs=Needs("manage_members", on="invitation"), subject="invitation", lock=one_at_a_time)
def resend_invitation(*, invitation: Invitation) -> Invitation:
    """Send an invitation again, with a new link.

    Errors: `invitation_used`; `invitation_withdrawn`; `role_widened` if the role has gained permissions since the invitation.
    """
    _still_open(invitation)
    _refuse_widened(invitation)
    _send(invitation)
    return invitation


@action("invitation.withdraw", needs=Needs("manage_members", on="invitation"), subject="invitation", lock=one_at_a_time)
def withdraw_invitation(*, invitation: Invitation) -> Invitation:
    """Withdraw an open invitation. Errors: `invitation_used`; `invitation_withdrawn`."""
    _still_open(invitation)
    invitation.withdrawn_at = current().instant
    invitation.save()
    return invitation


@action("invitation.accept", open_to=OpenTo.SIGNED_IN, lock=one_at_a_time)
def accept_invitation(
    *, token: Annotated[str, Doc("The secret from the link in the mail. Example: Zk3vQ0J7bW9xT1n5")]
) -> RoleAssignment:
    """Accept an invitation with the secret from its link.

    The role is assigned with the permissions that the inviter has now.
    Errors: `invitation_unknown`; `invitation_used`; `invitation_withdrawn`; `invitation_expired`; `address_not_verified`;
    `not_your_invitation` if it was sent to another address; `role_widened` if the role has gained permissions since the
    invitation; `inviter_lost_permissions` if the inviter can no longer give the role.
    """
    run = current()
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("role", "section", "invited_by")
        .filter(token_hash=_hash(token))
        .first()
    )
    if invitation is None:
        raise NotFound("No invitation has this link. Use the newest mail.", code="invitation_unknown")
    _refuse_others(invitation)
    _still_open(invitation)
    if invitation.expires_at <= run.instant:
        raise Conflict("This invitation has expired. Ask for another mail.", code="invitation_expired")
    _refuse_widened(invitation)
    giver = Giver.absent(invitation.invited_by)
    refuse_own(run.actor, [giver.user.pk] if giver.user is not None else [])
    try:
        assignment = give(
            giver,
            user=run.actor.user,
            role=invitation.role,
            section=invitation.section,
            starts_at=invitation.starts_at,
            ends_at=invitation.ends_at,
            reason=invitation.reason,
        )
    except NotAllowed as error:
        raise Conflict(
            "The person who invited you may no longer assign this role. Ask for another invitation.",
            code="inviter_lost_permissions",
        ) from error
    if invitation.name and not run.actor.user.name:
        run.actor.user.name = invitation.name
        run.actor.user.save()
    invitation.assignment = assignment
    invitation.save()
    role_given.announce(assignment=assignment)
    return assignment


def _send(invitation: Invitation) -> None:
    token = secrets.token_urlsafe(32)
    invitation.token_hash = _hash(token)
    invitation.expires_at = current().instant + LASTS
    invitation.save()
    invitation_sent.announce(invitation=invitation, token=token)


def _hash(token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _address(email: str) -> str:
    email = stored_email(email)
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("This is not an e-mail address.", code="not_an_email", field="email") from error
    return email


def _refuse_others(invitation: Invitation) -> None:
    user = current().actor.user
    known = EmailAddress.objects.filter(user=user, email__iexact=invitation.email).first() if user is not None else None
    if known is None:
        raise NotAllowed(
            "This invitation was sent to another address. Sign in with that one.", code="not_your_invitation"
        )
    if not known.verified:
        raise NotAllowed("Confirm your address first; a code was mailed to you.", code="address_not_verified")


def _refuse_widened(invitation: Invitation) -> None:
    """Refuse a role that has gained permissions: its editor could pass them on in the name of the inviter."""
    if more := sorted(set(invitation.role.permissions) - set(invitation.permissions)):
        raise Conflict(
            "This role gives more than when it was offered. Ask for another invitation.",
            code="role_widened",
            data={"added": more},
        )


def _still_open(invitation: Invitation) -> None:
    if invitation.assignment_id is not None:
        raise Conflict("This invitation was accepted already.", code="invitation_used")
    if invitation.withdrawn_at is not None:
        raise Conflict("This invitation was withdrawn.", code="invitation_withdrawn")
