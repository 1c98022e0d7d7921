"""Announcements and questions keep their contracts."""

from __future__ import annotations

import pytest

from theater_site.core.announcements import Announcement, Question


def test_an_announcement_refuses_undeclared_arguments() -> None:
    told: list[int] = []
    happened = Announcement("x", number=int)
    happened.connect(lambda number, **_: told.append(number), weak=False)
    happened.announce(number=1)
    for wrong in ({}, {"number": "1"}, {"number": 1, "more": 2}):
        with pytest.raises(TypeError):
            happened.announce(**wrong)
    assert told == [1]


def test_an_error_of_a_listener_reaches_the_caller() -> None:
    happened = Announcement("x")

    def breaks(**_: object) -> None:
        raise LookupError

    happened.connect(breaks)
    with pytest.raises(LookupError):
        happened.announce()


def test_a_question_has_one_answerer() -> None:
    def one(ids: list[int]) -> list[int]:
        return [*ids, 1]

    def two(ids: list[int]) -> list[int]:
        return [*ids, 2]

    single: Question[list[int]] = Question("x", arguments=("ids",), default=list)
    assert single.ask(ids=[0]) == []
    single.answered_by(one)
    single.answered_by(one)
    assert single.ask(ids=[0]) == [0, 1]
    with pytest.raises(TypeError):
        single.answered_by(two)
    with pytest.raises(TypeError):
        single.answered_by(list)
    with pytest.raises(TypeError):
        single.ask(other=1)
    both: Question[list[int]] = Question("x", arguments=("ids",), default=list, combine=lambda a, b: a + b)
    both.answered_by(one)
    both.answered_by(two)
    assert both.ask(ids=[0]) == [0, 1, 0, 2]
