"""A section changes its place in the tree: who gains, who loses, what ends, and where it cannot go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Section, SectionKind, User
from accounts.permissions.services.moving import move_section
from accounts.permissions.services.sections import create_section, remove_section
from productions.services.moving import move_production
from tests import world
from tests.interfaces.test_delegation import DAY, holds, manager, refused
from tests.laws.scenes import Theater
from tests.worlds import delegation
from theater_site.core.actors import System
from theater_site.core.errors import NotAllowed, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


def _area(t: Theater, parent: Section | None = None) -> Section:
    """A section of no season's and no production's, in the season unless told otherwise."""
    made: Section = create_section(
        actor=t.acting(), parent=parent or t.section, kind=SectionKind.AREA, name=f"Area {world.number()}"
    )
    return made


def _again(section: Section) -> Section:
    return Section.objects.get(pk=section.pk)


def test_moving_a_production_changes_the_inherited_permissions(theater: Theater) -> None:
    old, new, production = theater.season, theater.draft_season, theater.production
    loses = world.give("viewer", old.section, by=theater.director)
    gains = world.give("viewer", new.section, by=theater.director)
    local = manager(theater)
    guest = world.give("viewer", production.section, by=local)
    inside = world.give("director", production.section, by=theater.director)
    deeper = world.give("viewer", production.section, by=inside)
    mine = world.give("box_office", production.section, by=theater.director)
    browser = world.client(theater.director)
    path = f"/api/v1/productions/{production.pk}/move-season/"
    assert world.post(world.client(local), path, {"season": new.pk}).status_code in (400, 403)
    assert not holds(gains, "view_cast", production)
    seen = world.post(browser, path + "?preview=true", {"season": new.pk})
    assert seen.status_code == 200, seen.content
    answer = world.post(browser, path, {"season": new.pk})
    assert answer.status_code == 200, answer.content
    production.refresh_from_db()
    assert production.season_id == new.pk
    fresh = Section.objects.get(pk=production.section_id)
    assert fresh.path == f"{new.section.path}{fresh.label}/"
    assert [holds(who, "view_cast", fresh) for who in (loses, gains, deeper)] == [False, True, True]
    assert holds(mine, "edit_tickets", fresh)
    assert holds(guest, "view_cast", fresh), "anybody who moved it could give it there, so it stays, by their word"
    assert set(guest.assignments.get().grants.values_list("origin__user_id", flat=True)) == {theater.director.pk}
    assert world.post(browser, path, {"season": new.pk}).json()["code"] == "there_already"


def test_roles_that_the_mover_cannot_grant_end_with_a_move(theater: Theater) -> None:
    """The mover manages both seasons, and holds on them what is to be gained, but nothing of tickets."""
    role = delegation.role(["manage_members", "view_members"], theater.root, by=theater.director)
    mover, here = world.user(), _area(theater)
    for section in (theater.section, theater.draft_season.section):
        world.assign(role.name, section, by=theater.director, to=mover)
    local = manager(theater)
    guest = world.give("box_office", here, by=local)
    partly = world.user()
    mixed = delegation.role(["view_members", "view_tickets"], theater.root, by=theater.director)
    world.assign(mixed.name, here, by=local, to=partly)
    move_section(actor=world.acting(mover), section=here, parent=theater.draft_season.section)
    assert not holds(guest, "edit_tickets", here)
    assert guest.assignments.get().ends_at is not None
    fresh = Section.objects.get(pk=here.pk)
    assert [holds(partly, permission, fresh) for permission in ("view_members", "view_tickets")] == [True, False]
    assert partly.assignments.get().ends_at is None


def test_roles_that_outlast_the_movers_own_end_with_a_move(theater: Theater) -> None:
    role = delegation.role(["manage_members", "view_members"], theater.root, by=theater.director)
    mover, here, soon = world.user(), _area(theater), timezone.now() + DAY
    for section in (theater.section, theater.draft_season.section):
        world.assign(role.name, section, by=theater.director, to=mover, ends_at=soon)
    local = manager(theater)
    for_long, for_now = world.user(), world.user()
    observer = delegation.role(["view_members"], theater.root, by=theater.director)
    world.assign(observer.name, here, by=local, to=for_long)
    kept = world.assign(observer.name, here, by=local, to=for_now, ends_at=soon)
    move_section(actor=world.acting(mover), section=here, parent=theater.draft_season.section)
    fresh = Section.objects.get(pk=here.pk)
    assert [holds(who, "view_members", fresh) for who in (for_long, for_now)] == [False, True]
    kept.refresh_from_db()
    assert kept.passed_on_from is not None
    assert kept.passed_on_from.user == mover


def test_invalid_moves_are_refused(theater: Theater) -> None:
    here, new = _area(theater), theater.draft_season.section

    def move(by: User, section: Section = here, parent: Section = new) -> Callable[[], Any]:
        return lambda: move_section(actor=world.acting(by), section=section, parent=parent)

    refused("not_allowed", move(manager(theater)))
    refused("not_allowed", move(manager(theater, new)))
    refused("not_allowed", move(manager(theater, here)))
    refused("root_stays", move(theater.director, theater.root))
    refused("below_itself", move(theater.director, here, _area(theater, here)))
    refused("below_itself", move(theater.director, here, here))
    refused("there_already", move(theater.director, here, theater.section))
    # The section of a season or of a production goes where that goes, or it would be of one season and below another.
    refused("moves_with_content", move(theater.director, theater.section, _area(theater, theater.root)))
    refused("moves_with_content", move(theater.director, theater.production.section))
    # Somebody holds more on the new season than the mover does on the old one: they would gain it by the move.
    role = delegation.role(["manage_members", "view_members"], theater.root, by=theater.director)
    mover = world.user()
    for section in (theater.section, new):
        world.assign(role.name, section, by=theater.director, to=mover)
    world.give("box_office", new, by=theater.director)
    assert "edit_tickets" in refused("beyond_own_permissions", move(mover)).data["lacking"]
    actor = world.acting(mover)
    assert actor.holds("manage_members", new, timezone.now())
    for assignment in mover.assignments.filter(section=new):
        delegation.end(assignment, by=theater.director)
    refused("not_allowed", lambda: move_section(actor=actor, section=here, parent=new))
    refused(
        "there_already",
        lambda: move_production(actor=theater.acting(), production=theater.production, season=theater.season),
    )


def test_the_depth_of_the_tree_is_limited(theater: Theater) -> None:
    deep = theater.root
    for _ in range(17):
        deep = _area(theater, deep)
    top = _area(theater, theater.root)
    _area(theater, top)
    refused("too_deep", lambda: move_section(actor=theater.acting(), section=top, parent=deep))
    move_section(actor=System("test"), section=top, parent=theater.section)
    assert Section.objects.filter(path__startswith=Section.objects.get(pk=top.pk).path).count() == 2


def test_a_section_created_below_a_moved_section_gets_the_new_path(theater: Theater) -> None:
    stale = _area(theater)
    move_section(actor=theater.acting(), section=_again(stale), parent=theater.draft_season.section)
    made = create_section(actor=theater.acting(), parent=stale, kind=SectionKind.AREA, name="Props")
    assert made.path.startswith(theater.draft_season.section.path)
    gone = create_section(actor=theater.acting(), parent=theater.root, kind=SectionKind.AREA, name="Gone")
    Section.objects.filter(pk=gone.pk).delete()
    with pytest.raises(NotFound):
        create_section(actor=theater.acting(), parent=gone, kind=SectionKind.AREA, name="Below it")
    with pytest.raises(NotAllowed):
        create_section(actor=world.acting(theater.stranger), parent=theater.root, kind=SectionKind.AREA, name="No")
    assert AuditEntry.objects.filter(action="section.move").count() == 1


def test_managers_of_the_old_parent_create_nothing_after_a_concurrent_move(theater: Theater) -> None:
    """What they loaded, the section and their permissions, says that they may; asked behind the lock it does not."""
    stale, local = _area(theater), manager(theater)
    actor = world.acting(local)
    assert actor.holds("manage_members", stale, timezone.now())
    move_section(actor=theater.acting(), section=_again(stale), parent=theater.draft_season.section)
    refused("not_allowed", lambda: create_section(actor=actor, parent=stale, kind=SectionKind.AREA, name="Not theirs"))
    mover = manager(theater, _again(stale))
    actor = world.acting(mover)
    assert actor.holds("manage_members", _again(stale), timezone.now())
    delegation.end(mover.assignments.get(), by=theater.director)
    refused(
        "not_allowed", lambda: create_section(actor=actor, parent=_again(stale), kind=SectionKind.AREA, name="Too late")
    )


def test_sections_are_created_and_deleted(theater: Theater) -> None:
    refused(
        "not_below",
        lambda: create_section(
            actor=theater.acting(), parent=theater.root, kind=SectionKind.ORGANIZATION, name="Another"
        ),
    )
    empty = _area(theater)
    remove_section(actor=theater.acting(), section=empty)
    assert not Section.objects.filter(pk=empty.pk).exists()
