"""Transfers role assignments: from a user who leaves to a successor, and from one section to another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import RoleAssignment, Section, SectionGrant
from accounts.permissions.models.tokens import ApiToken
from accounts.permissions.rules.ceilings import Hold
from accounts.permissions.services.delegation import (
    AUTHORITY,
    Giver,
    Origins,
    close,
    keep_a_director,
    lasting,
    lay,
    one_at_a_time,
    refuse_own,
)
from accounts.permissions.services.roles import assign_role
from accounts.permissions.signals import role_ended, role_given
from accounts.users.models.users import User
from theater_site.core.actions import Needs, OpenTo, action, current
from theater_site.core.actors import Actor, ActorKind
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotAllowed


@action("role.hand_over", open_to=OpenTo.SIGNED_IN, lock=one_at_a_time)
def hand_over(
    *,
    leaver: Annotated[User, Doc("Id of the user who leaves. Example: 7")],  # type: ignore[valid-type]
    successor: Annotated[User, Doc("Id of the user who gets their roles. Example: 9")],  # type: ignore[valid-type]
    reason: Annotated[str, Doc("Why, for those who see the members. Example: Ann moves away.")],
) -> list[RoleAssignment]:
    """Transfer all roles of a user who leaves to a successor.

    Grants and assignments that the leaver passed on keep their holders and now depend on the successor's. Open
    invitations and API tokens are transferred if both the leaver and the actor could still give their permissions. The
    others are withdrawn or revoked, and the note of the audit entry lists them. The secret of a transferred token does
    not change. Submissions of the leaver stay with the leaver.

    The actor must be able to give all of these roles; the leaver is allowed too.
    Errors: `same_person`; `own_role` if the successor is the actor; `user_inactive` if the successor's account is closed;
    `nothing_held`; `last_director`; `beyond_own_permissions`, `beyond_own_sections`, `beyond_own_time`.
    """
    run = current()
    if leaver.pk == successor.pk:
        raise Invalid("Somebody else must take over.", code="same_person", field="successor")
    refuse_own(run.actor, [successor.pk])
    giver = Giver.acting(run.actor)
    held = list(
        RoleAssignment.objects.filter(lasting(run.instant), user=leaver)
        .select_related("section", "role", "user")
        .order_by("pk")
    )
    _refuse_strangers(giver, run.actor, leaver, held)
    successor = User.objects.get(pk=successor.pk)
    if not successor.is_active:
        raise Invalid("This account is closed; open it again first.", code="user_inactive", field="successor")
    if not held:
        raise Conflict("They hold nothing that could be handed over.", code="nothing_held")
    _transfer_invitations_and_tokens(giver, leaver, successor)
    made = [_handed(giver, assignment, successor, reason) for assignment in held]
    if any(assignment.section.parent_id is None for assignment in held):
        keep_a_director()
    return made


@action(
    "role.carry_over",
    needs=(Needs("view_members", on="source"), Needs("manage_members", on="target")),
    lock=one_at_a_time,
)
def carry_over(
    *,
    source: Annotated[Section, Doc("Id of the section whose assignments are copied. Example: 4")],  # type: ignore[valid-type]
    target: Annotated[Section, Doc("Id of the section that gets the copies. Example: 5")],  # type: ignore[valid-type]
    assignments: Annotated[
        list[RoleAssignment] | None, Doc("Ids of the assignments to copy; null copies all of them. Example: [21, 22]")
    ],
    starts_at: Annotated[
        datetime | None, Doc("When the copies start: an instant in UTC; null is now. Example: 2027-09-01T00:00:00Z")
    ],
    ends_at: Annotated[
        datetime | None,
        Doc("When the copies end (exclusive): an instant in UTC; null for no end. Example: 2028-07-01T00:00:00Z"),
    ],
    reason: Annotated[str, Doc("Why, for those who see the members. Example: Season 2027/28")],
) -> list[RoleAssignment]:
    """Copy the role assignments of one section to another, such as the next season. The old ones stay as they are.

    Each copy is checked like a new assignment. Assignments on productions below are not copied, because the next season
    has other companies.

    With null as list, some assignments are skipped: your own, those of closed accounts, those that exist on the target
    already, and roles of a part of the theater to which the target does not belong. The note of the audit entry lists
    the latter. An assignment that you choose by its id is refused instead.
    Errors: `same_section`; `not_in_section`; `held_already`; same errors as `role.assign`.
    """
    run = current()
    if source.pk == target.pk:
        raise Invalid("Choose another section to carry over to.", code="same_section", field="target")
    standing = RoleAssignment.objects.filter(lasting(run.instant), section=source).select_related(
        "user", "role__section"
    )
    if assignments is None:
        chosen = [row for row in standing.order_by("pk") if row.user.is_active and row.user_id != run.actor.user_id]
        if elsewhere := [row.pk for row in chosen if not target.path.startswith(row.role.section.path)]:
            run.note["made_for_elsewhere"] = elsewhere
            chosen = [row for row in chosen if row.pk not in elsewhere]
    else:
        wanted = {assignment.pk for assignment in assignments}
        chosen = list(standing.filter(pk__in=wanted).order_by("pk"))
        if strangers := sorted(wanted - {row.pk for row in chosen}):
            raise Invalid(
                f"Assignment {strangers[0]} is not held on {source.name} now.",
                code="not_in_section",
                field="assignments",
            )
    there = set(RoleAssignment.objects.filter(lasting(run.instant), section=target).values_list("user_id", "role_id"))
    made = []
    for row in chosen:
        if (row.user_id, row.role_id) not in there:
            there.add((row.user_id, row.role_id))
            made.append(
                assign_role.as_consequence(
                    user=row.user, role=row.role, section=target, starts_at=starts_at, ends_at=ends_at, reason=reason
                )
            )
        elif assignments is not None:
            raise Conflict(
                f"{row.role.title} is held on {target.name} already by user {row.user_id}.", code="held_already"
            )
    return made


def _transfer_invitations_and_tokens(giver: Giver, leaver: User, successor: User) -> None:
    """Transfer open invitations and API tokens whose permissions both the leaver and the actor can still give.

    End the others: an invitation that the leaver can no longer give would become valid through the successor's grants.
    """
    run = current()
    givers = {Giver.absent(User.objects.get(pk=leaver.pk)), *([] if run.actor.user_id == leaver.pk else [giver])}
    ended: dict[str, list[int]] = {"invitations_withdrawn": [], "tokens_revoked": []}
    for invitation in Invitation.objects.filter(invited_by=leaver, assignment=None, withdrawn_at=None).order_by("pk"):
        permissions, span = invitation.role.permissions, (invitation.starts_at, invitation.ends_at)
        if all(each.could_give(permissions, invitation.section, *span) for each in givers):
            invitation.invited_by = successor
        else:
            invitation.withdrawn_at = run.instant
            ended["invitations_withdrawn"].append(invitation.pk)
        invitation.save()
    for token in ApiToken.objects.filter(made_by=leaver, revoked_at=None, expires_at__gt=run.instant).order_by("pk"):
        if all(each.could_give(token.permissions, token.section, run.instant, run.instant) for each in givers):
            token.made_by = successor
        else:
            token.revoked_at = run.instant
            ended["tokens_revoked"].append(token.pk)
        token.save()
    run.note.update({name: pks for name, pks in ended.items() if pks})


def _refuse_strangers(giver: Giver, actor: Actor, leaver: User, held: Iterable[RoleAssignment]) -> None:
    """Refuse an actor who could not give all of it, and do not reveal the roles to an actor who may not see them."""
    if actor.kind is ActorKind.SYSTEM:
        return
    if actor.user_id != leaver.pk and not any(
        hold.lives_at(current().instant) for hold in giver.permissions.all().get(AUTHORITY, ())
    ):
        raise NotAllowed("You may not hand over roles. Ask somebody who manages members.", data={"needs": [AUTHORITY]})
    for assignment in held:
        permissions = assignment.grants.filter(lasting(current().instant)).values_list(
            "permission__codename", flat=True
        )
        begin = assignment.starts_at
        later = begin if begin is not None and begin > current().instant else None
        try:
            giver.origins(set(permissions), assignment.section, later, assignment.ends_at)
        except NotAllowed:
            if actor.user_id == leaver.pk or actor.holds("view_members", assignment.section, current().instant):
                raise
            raise NotAllowed(
                "They hold something that you cannot give. Ask somebody who manages members wherever they hold a role."
            ) from None


def _handed(giver: Giver, old: RoleAssignment, successor: User, reason: str) -> RoleAssignment:
    """Replace an assignment by a new one for the successor. It keeps the origin and the dependent grants."""
    now = current().instant
    was = {row.permission.codename: row for row in old.grants.filter(lasting(now)).select_related("permission")}
    new = RoleAssignment(
        user=successor,
        role=old.role,
        section=old.section,
        starts_at=old.starts_at if old.starts_at is not None and old.starts_at > now else now,
        ends_at=old.ends_at,
        reason=reason,
        granted_by=giver.user,
        passed_on_from_id=old.passed_on_from_id,
    )
    new.save()
    hung = Origins(holds={permission: Hold(permission, "", grant=row.origin_id) for permission, row in was.items()})
    made = lay(new, was, hung, {permission: row.ends_at for permission, row in was.items()})
    place = {was[row.permission.codename].pk: row for row in made}
    hanging = list(SectionGrant.objects.filter(origin__in=place).order_by("pk"))
    for row in hanging:
        row.origin = place[row.origin_id]
    SectionGrant.objects.bulk_update(hanging, ["origin"], batch_size=200)
    RoleAssignment.objects.filter(passed_on_from=old).update(passed_on_from=new)
    old.grants.all().delete()
    close(old, now, reason)
    role_ended.announce(assignment=old)
    role_given.announce(assignment=new)
    return new
