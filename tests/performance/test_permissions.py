"""Whether somebody may do something is answered at once: under 5 ms added, where 50 are the user's limit."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import pytest
from django.utils import timezone

from accounts.models import Section, SectionKind, User
from accounts.permissions.selectors.explain import explain
from accounts.permissions.selectors.permissions import actor_for
from accounts.permissions.services.sections import create_section
from productions.models import Production
from tests import world
from tests.laws.scenes import Theater

LIMIT, WANTED, ROUNDS = 0.050, 0.005, 30


def _median(work: object) -> float:
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        assert work()  # type: ignore[operator]
        times.append(perf_counter() - start)
    return median(times)


@pytest.mark.django_db
def test_a_permission_check_is_fast() -> None:
    """Somebody with ten roles in ten places, seven sections deep, asked about as every request does: from nothing."""
    theater = Theater()
    here: Section = theater.production.section
    who = world.give("production_manager", theater.section, by=theater.director)
    for role in ("viewer", "box_office", "archivist"):
        for _ in range(3):
            world.give(role, world.season(theater.root, by=theater.director).section, by=theater.director, to=who)
    for _ in range(4):
        here = create_section(actor=theater.acting(), parent=here, kind=SectionKind.AREA, name=f"Area {world.number()}")
    user, production = User.objects.get(pk=who.pk), Production.objects.get(pk=theater.production.pk)
    at = timezone.now()

    def check() -> bool:
        production._state.fields_cache.clear()
        return actor_for(user).holds("edit_details", production, at)

    def has_perm() -> bool:
        return User.objects.get(pk=who.pk).has_perm("accounts.edit_schedule", here)

    def listing() -> bool:
        return bool(list(Production.objects.visible_to(actor_for(user))[:50]))

    def explanation() -> bool:
        return explain(user, "edit_schedule", here, at).allowed

    for work in (check, has_perm, listing, explanation):
        took = _median(work)
        print(f"{work.__name__}: {took * 1e3:.2f} ms")
        assert took < LIMIT
    assert _median(check) < WANTED
