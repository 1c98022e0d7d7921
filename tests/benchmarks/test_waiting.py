""" "Waiting for me" among 10,000 submissions against its floor, on either database.

`pytest tests/benchmarks/test_waiting.py -s` prints the ratios; on PostgreSQL by DATABASE_URL. The floor, in the same run,
is the two statements by a bare cursor, their rows fetched: what this person holds, in whose place and at which steps they
decide, and the same rows by a statement that was written by hand for exactly what they hold, which it need not find out.
A page is the first 50; the counts are by area.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.approvals.selectors.deciding import _REACH
from accounts.approvals.selectors.waiting import Waits, counts_for, page_for
from accounts.models import Section, SectionKind, Submission, SubmissionState, User, Waiting
from accounts.permissions.selectors.permissions import actor_for
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import approvals
from tests.worlds.at_scale import unseen

SUBMISSIONS, SECTIONS, ROUNDS, RATIO, QUERIES = 10_000, 200, 60, 2.0, 3
AREAS = ("details", "media", "schedule", "promotions")


class Scene:
    def __init__(self) -> None:
        dice = random.Random(7)
        theater = self.theater = Theater()
        seasons = [theater.season, *(world.season(theater.root, by=theater.director) for _ in range(4))]
        below = [
            Section.below(dice.choice(seasons).section, SectionKind.PRODUCTION, f"Play {n}") for n in range(SECTIONS)
        ]
        unseen(Section, below)
        sections = list(Section.objects.filter(kind=SectionKind.PRODUCTION))
        authors = [world.user() for _ in range(20)]
        states = [SubmissionState.SUBMITTED] * 6 + [SubmissionState.APPLIED] * 3 + [SubmissionState.DRAFT]
        rows = [
            Submission(author=dice.choice(authors), section=dice.choice(sections), area=dice.choice(AREAS),
                       title=f"Change {n}", state=dice.choice(states), round=1, items=[], digest="0" * 64,
                       submitted_at=timezone.now())
            for n in range(SUBMISSIONS)
        ]  # fmt: skip
        unseen(Submission, rows)
        now = timezone.now()
        Waiting.objects.bulk_create(
            Waiting(submission_id=pk, since=now) for pk in Submission.objects.values_list("pk", flat=True)
        )
        # Of one season, of all of them, and of one production; each has written some of it.
        permissions = ["approve_details", "approve_media", "approve_schedule"]
        self.people = {
            "a season": (approvals.holder(permissions, theater.section, by=theater.director), theater.section),
            "everything": (approvals.holder(permissions, theater.root, by=theater.director), theater.root),
            "a production": (approvals.holder(permissions, sections[3], by=theater.director), sections[3]),
        }
        for person, _ in self.people.values():
            own = Submission.objects.filter(author=authors[0]).values_list("pk", flat=True)[:100]
            models.QuerySet(Submission).filter(pk__in=list(own)).update(author=person)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


@pytest.fixture
def scene(db: None) -> Scene:
    return Scene()


def _statement(what: str, order: str) -> str:
    return (
        f"SELECT {what} FROM accounts_submission s "
        "JOIN accounts_section p ON p.id = s.section_id LEFT JOIN accounts_waiting w ON w.submission_id = s.id "
        "WHERE s.state = 'submitted' AND s.area IN ('details', 'media', 'schedule') AND p.path LIKE %s "
        "AND s.author_id <> %s AND NOT EXISTS (SELECT 1 FROM accounts_submissionauthor a WHERE a.submission_id = s.id "
        "AND a.user_id = %s AND a.wrote_at IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM accounts_agreement g "
        f"WHERE g.submission_id = s.id AND g.round = s.round AND g.user_id = %s) {order}"
    )


_PAGE = _statement(
    "s.id, s.version, s.title, s.area, s.section_id, s.author_id, s.round, s.step, s.run_at, s.submitted_at, "
    "COALESCE(w.since, s.submitted_at), "
    "w.escalated_to_id",
    "ORDER BY s.id LIMIT 50",
)
_COUNTS = _statement("s.area, COUNT(*)", "GROUP BY s.area ORDER BY s.area")


def _by_hand(sql: str, user: User, section: Section) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_REACH, [user.pk] * 4)
        cursor.fetchall()
        cursor.execute(sql, [section.path + "%", user.pk, user.pk, user.pk])
        return cursor.fetchall()


def _page(user: User) -> list[Waits]:
    return page_for(actor_for(user), timezone.now(), size=50)


def _together(one: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float]:
    """The medians of both, taken in turn, so that whatever slows this machine slows both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for times, ask in zip(taken, (one, other), strict=True):
            began = perf_counter()
            ask()
            times.append(perf_counter() - began)
    return median(taken[0]), median(taken[1])


def test_pending_submissions_of_a_user_stay_near_their_floor(scene: Scene) -> None:
    for of, (user, section) in scene.people.items():
        with CaptureQueriesContext(connection) as queries:
            page = _page(user)
        assert [row.id for row in page] == [row[0] for row in _by_hand(_PAGE, user, section)]
        assert page
        ours, floor = _together(lambda: _page(user), lambda: _by_hand(_PAGE, user, section))
        print(f"{connection.vendor}: a page of what is pending for one of {of}: {len(queries)} queries, "
              f"{ours * 1e3:.2f} ms, by hand {floor * 1e3:.2f} ms, {ours / floor:.2f} times")  # fmt: skip
        with CaptureQueriesContext(connection) as counting:
            counts = counts_for(actor_for(user), timezone.now())
        assert list(counts.items()) == _by_hand(_COUNTS, user, section)
        ours_c, floor_c = _together(
            lambda: counts_for(actor_for(user), timezone.now()), lambda: _by_hand(_COUNTS, user, section)
        )
        print(f"{connection.vendor}: counts for one of {of}: {len(counting)} queries, "
              f"{ours_c * 1e3:.2f} ms, by hand {floor_c * 1e3:.2f} ms, {ours_c / floor_c:.2f} times")  # fmt: skip
        assert max(len(queries), len(counting)) <= QUERIES
        assert max(ours / floor, ours_c / floor_c) <= RATIO
