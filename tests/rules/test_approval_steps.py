"""Which agreements something needs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from accounts.approvals.rules.approval_steps import Step, approve, governing, narrower, role_word, standing

PATHS = ["a/", "a/b/", "a/b/c/", "a/d/"]
steps = st.lists(
    st.builds(
        Step, st.sampled_from(PATHS), st.sampled_from(["details", "media"]), st.integers(0, 5), st.just("view_x")
    ),
    max_size=12,
    unique_by=lambda step: (step.path, step.area, step.position),
)


@given(steps, st.sampled_from(PATHS), st.sampled_from(["details", "media"]))
def test_all_steps_of_the_nearest_section_with_steps_apply(known: list[Step], path: str, area: str) -> None:
    told = governing(known, area, path)
    # The oracle walks up, section by section.
    here = path
    while here:
        own = [step for step in known if step.path == here and step.area == area]
        if own:
            assert told == sorted(own, key=lambda step: step.position)
            return
        here = "/".join(here.rstrip("/").split("/")[:-1])
        here = f"{here}/" if here else ""
    assert [step.word for step in told] == [approve(area)]


def test_a_position_after_the_last_step_is_the_last_step() -> None:
    both = [Step("a/", "details", 0, "view_details"), Step("a/", "details", 1, "approve_details")]
    assert [standing(both, position).position for position in (0, 1, 2, 9)] == [0, 1, 1, 1]


def test_the_overlap_of_two_sections_is_the_deeper_one() -> None:
    assert narrower("a/", "a/b/") == narrower("a/b/", "a/") == "a/b/"
    assert narrower("a/b/", "a/d/") is None
    assert narrower("", "a/") == "a/"


def test_a_role_is_not_accepted_as_a_permission() -> None:
    assert role_word(7) == "role:7"
