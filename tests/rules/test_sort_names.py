"""The sort name that is suggested for a person."""

from __future__ import annotations

import pytest

from directory.rules.sort_names import suggested_sort_name


@pytest.mark.parametrize(
    ("name", "suggested"),
    [("Anna Bell", "Bell, Anna"), ("Jan van der Berg", "van der Berg, Jan"), ("Maria de la Cruz", "de la Cruz, Maria"),
     ("Cher", "Cher"), ("Bell, Anna", "Bell, Anna"), ("毛 泽东", "毛 泽东"), ("김 민준", "김 민준"),
     ("Sammy Davis Jr.", "Davis, Sammy Jr."),
     ("Mary Ann O’Brien-Smith", "O’Brien-Smith, Mary Ann"), ("Van Morrison", "Morrison, Van"), ("", ""),
     ("Юрий Гагарин", "Гагарин, Юрий")],
)  # fmt: skip
def test_the_sort_name_of_a_person_is_suggested(name: str, suggested: str) -> None:
    assert suggested_sort_name(name) == suggested


def test_groups_keep_their_name() -> None:
    assert suggested_sort_name("The Riverside Players", group=True) == "The Riverside Players"
