"""What permissions answer where the question itself is odd."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import Section
from accounts.permissions.rules.permissions import PERMISSIONS, permissions_like
from accounts.permissions.selectors import permissions as selectors
from accounts.permissions.selectors.permissions import SectionBackend, SignedIn, actor_for, holders_of, people_holding
from productions.models import Production
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater():
    root, director = world.found()
    season = world.season(root, by=director)
    return root, director, season


def test_a_pattern_without_a_permission_fails_at_import():
    with pytest.raises(ValueError, match="edit_detials"):
        permissions_like("edit_detials")


def test_many_sections_are_filtered_by_path_with_the_same_result(theater, monkeypatch):
    root, director, season = theater
    editor = world.give("viewer", season.section, by=director)
    drafts = [world.production(season, by=director) for _ in range(4)]
    world.production(world.season(root, by=director), by=director)
    seen = set(Production.objects.visible_to(world.acting(editor)).values_list("pk", flat=True))
    monkeypatch.setattr(selectors, "_FEW", 2)
    narrowed = world.acting(editor)
    held = narrowed.sections_held("view_details", timezone.now())
    assert set(Production.objects.visible_to(narrowed).values_list("pk", flat=True)) == seen == {p.pk for p in drafts}
    assert season.section_id in held
    assert {draft.section_id for draft in drafts} <= set(held)
    assert root.pk not in set(held)


def test_nobody_has_permissions_on_what_has_no_section(theater):
    root, director, season = theater
    manager = world.give("production_manager", season.section, by=director)
    actor, now = world.acting(manager), timezone.now()
    assert not actor.holds("edit_details", object(), now)
    assert not actor.holds("edit_details", Production(title="Not in any section yet"), now)
    assert not actor.holds("edit_details", Production(title="In one that is gone", section_id=10**9), now)


def test_get_all_permissions_agrees_with_has_perm(theater):
    root, director, season = theater
    viewer = world.give("viewer", season.section, by=director)
    backend = SectionBackend()
    told = backend.get_all_permissions(viewer, season)
    assert told == {
        f"accounts.{permission}" for permission in PERMISSIONS if viewer.has_perm(f"accounts.{permission}", season)
    }
    assert "accounts.view_details" in told
    assert backend.get_all_permissions(AnonymousUser(), season) == set()
    assert not viewer.has_perm("accounts.view_details")
    assert not viewer.has_perm("auth.view_details", season)
    assert not viewer.has_perm("accounts.fly", season)


def test_holders_of_a_permission_or_role_are_found_until_it_ends(theater):
    root, director, season = theater
    viewer = world.give("viewer", season.section, by=director)
    assert holders_of("view_details", season.section) == [director, viewer]
    assert holders_of("view_details", root) == [director]
    assert people_holding("viewer") == [viewer]
    viewer.is_active = False
    viewer.save()
    assert people_holding("viewer") == []
    assert holders_of("view_details", season.section) == [director]
    assert actor_for(viewer).user_id is None
    assert actor_for(None).user_id is None


def test_a_missing_second_factor_is_given_as_the_reason(theater):
    root, director, season = theater
    now = timezone.now()
    bare = SignedIn(director, second_factor=False)
    told = bare.why_not("edit_details", season, now)
    assert told is not None
    assert told.code == "second_factor_needed"
    assert SignedIn(director).why_not("edit_details", season, now) is None
    stranger = SignedIn(world.user(), second_factor=False)
    assert stranger.why_not("edit_details", season, now) is None


def test_a_section_checked_before_takes_no_query(theater, django_assert_num_queries):
    root, director, season = theater
    manager = world.give("production_manager", season.section, by=director)
    draft = Production.objects.get(pk=world.production(season, by=director).pk)
    actor, now = world.acting(manager), timezone.now()
    assert actor.holds("edit_details", season, now)
    with django_assert_num_queries(1):
        assert actor.holds("edit_details", draft, now)
    with django_assert_num_queries(0):
        assert actor.holds("edit_details", draft, now)
        assert actor.holds("edit_schedule", draft, now)
    assert Section.objects.get(pk=draft.section_id).path.startswith(season.section.path)


def test_roles_on_two_sections_are_distinguished_without_another_query(theater, django_assert_num_queries):
    root, director, season = theater
    other = world.season(root, by=director)
    helper = world.give("viewer", season.section, by=director)
    world.give("casting_director", other.section, by=director, to=helper)
    actor, now = world.acting(helper), timezone.now()
    assert set(actor.sections_held("view_media", now)) == {season.section_id}
    with django_assert_num_queries(0):
        assert set(actor.sections_held("edit_cast", now)) == {other.section_id}
        assert set(actor.sections_held("view_details", now)) == {season.section_id, other.section_id}


def test_a_deleted_section_grants_nothing(theater):
    root, director, season = theater
    manager = world.give("production_manager", season.section, by=director)
    actor, now = world.acting(manager), timezone.now()
    assert actor.holds("edit_details", season, now)
    assert not actor.holds("edit_details", Production(title="In one that is gone", section_id=10**9), now)
