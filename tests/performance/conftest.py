"""Limits in seconds are those of the product alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.schema import unchecked


@pytest.fixture(autouse=True)
def answers_are_not_checked(answers_are_as_the_schema_says: None) -> Iterator[None]:
    with unchecked():
        yield
