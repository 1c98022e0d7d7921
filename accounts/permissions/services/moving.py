"""Moves a section in the tree, with all sections below it. This changes who inherits permissions there."""

from __future__ import annotations

from typing import Annotated

from django.db.models import F, Value
from django.db.models.functions import Concat, Substr

from accounts.permissions.models.sections import RoleAssignment, Section, SectionGrant, SectionKind
from accounts.permissions.rules.ceilings import Hold, Wanted, origins
from accounts.permissions.selectors.permissions import holds_in
from accounts.permissions.services.delegation import AUTHORITY, Giver, lasting, one_at_a_time, reach_of
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, NotAllowed

LONGEST_PATH = 255


@action(
    "section.move",
    needs=(
        Needs("manage_members", on="section"),
        Needs("manage_members", on="section.parent"),
        Needs("manage_members", on="parent"),
    ),
    subject="section",
    lock=one_at_a_time,
)
def move_section(
    *,
    section: Section,
    parent: Annotated[Section, Doc("Id of the new parent section. Example: 3")],  # type: ignore[valid-type]
) -> Section:
    """Move a section, and all sections below it, to another parent. You need the permission at both parents.

    Users with a permission above the new parent gain it on the moved sections. You must have each such permission on the
    section yourself. Users with a permission only above the old parent lose it there. Some grants inside were given by
    users who lose their permission by the move. They now depend on your grants, if you could give them; else they end.

    You cannot move the section of a season or a production on its own: move the season or production.
    Errors: `root_stays` for the organization; `moves_with_content`; `below_itself`; `there_already`; `too_deep`;
    `beyond_own_permissions`; `own_role`; `last_director`.
    """
    if section.parent_id is None:
        raise Conflict("The organization is at the top.", code="root_stays")
    if section.kind in (SectionKind.SEASON, SectionKind.PRODUCTION) and current().cause is None:
        raise Conflict(
            f"This section belongs to a {section.kind}. Move that: its section goes along.", code="moves_with_content"
        )
    parent = Section.objects.get(pk=parent.pk)
    if parent.path.startswith(section.path):
        raise Conflict("A section cannot be moved below itself.", code="below_itself", field="parent")
    if parent.pk == section.parent_id:
        raise Conflict("The section is below this parent already.", code="there_already", field="parent")
    giver = Giver.acting(current().actor)
    _refuse_gains(giver, section, parent)
    outside = {
        permission: [hold for hold in holds if not hold.path.startswith(section.path)]
        for permission, holds in giver.permissions.all().items()
    }
    _rehang(section, parent)
    _settle(section, outside, everything=giver.everything)
    return section


def _refuse_gains(giver: Giver, section: Section, parent: Section) -> None:
    """Refuse the move if others would gain a permission that the actor does not have.

    Users gain what they have above the new parent and not above the old one.
    """
    if giver.everything:
        return
    now = current().instant
    gained = holds_in(
        SectionGrant.objects.filter(
            lasting(now), content_object__path__in=set(parent.paths_above) - set(section.paths_above)
        )
    )
    lacking = sorted(
        {
            hold.permission
            for hold in gained
            if not any(
                own.reaches(section.path) and own.lasts(max(hold.starts_at or now, now), hold.ends_at)
                for own in giver.permissions.all().get(hold.permission, ())
            )
        }
    )
    if lacking:
        raise NotAllowed(
            f"Others would gain there what you do not hold here: {', '.join(lacking)}.",
            code="beyond_own_permissions",
            data={"lacking": lacking},
        )


def _rehang(section: Section, parent: Section) -> None:
    old, new = section.path, f"{parent.path}{section.label}/"
    below = Section.objects.filter(path__startswith=old).exclude(pk=section.pk)
    longest = max((len(path) for path in below.values_list("path", flat=True)), default=len(old))
    if longest - len(old) + len(new) > LONGEST_PATH:
        raise Conflict("The sections would be too deep there.", code="too_deep", field="parent")
    below.update(path=Concat(Value(new), Substr(F("path"), len(old) + 1)))
    section.parent, section.path = parent, new
    section.save()


def _settle(section: Section, held: dict[str, list[Hold]], *, everything: bool) -> None:
    """Reattach the grants and assignments inside whose origin no longer covers them to `held`, or end them.

    `held` is what the mover has outside of the section. There can be no cycle, because nothing outside depends on anything
    inside.
    """
    now = current().instant
    inside = {"section__path__startswith": section.path}
    led = RoleAssignment.objects.filter(lasting(now), **inside).select_related("section", "passed_on_from__section")
    ended = []
    for assignment in led.exclude(passed_on_from=None).order_by("pk"):
        leading = assignment.passed_on_from
        if leading is None or assignment.section.path.startswith(leading.section.path):
            continue
        new = _hold_for(AUTHORITY, assignment, assignment.section.path, held)
        if new is None and not everything:
            ended.append(assignment)
            continue
        assignment.passed_on_from_id = new.assignment if new is not None else None
        assignment.save()
    rows = SectionGrant.objects.filter(lasting(now), content_object__path__startswith=section.path).select_related(
        "content_object", "permission", "user", "origin__content_object"
    )
    lost, kept = [], []
    for row in rows.exclude(origin=None).order_by("pk"):
        if row.content_object.path.startswith(row.origin.content_object.path):
            continue
        new = _hold_for(row.permission.codename, row, row.content_object.path, held)
        if new is None and not everything:
            lost.append(row)
            continue
        row.origin_id = new.grant if new is not None else None
        kept.append(row)
    SectionGrant.objects.bulk_update(kept, ["origin"], batch_size=200)
    reach_of(now, assignments=ended, grants=lost).cut(
        "The section was moved, and the role from which this was passed on no longer covers it."
    )


def _hold_for(
    permission: str, row: RoleAssignment | SectionGrant, path: str, held: dict[str, list[Hold]]
) -> Hold | None:
    now = current().instant
    wanted = Wanted({permission}, path, max(row.starts_at or now, now), row.ends_at)
    return origins(wanted, held)[0].get(permission)
