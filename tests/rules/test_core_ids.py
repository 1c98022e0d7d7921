"""Identifiers sort as they were made."""

from __future__ import annotations

import threading
from uuid import RFC_4122, UUID

from theater_site.core.ids import new_id


def test_ids_from_many_threads_are_unique_and_ordered() -> None:
    made: list[list[UUID]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=lambda own=own: own.extend(new_id() for _ in range(5_000))) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for own in made:
        assert own == sorted(own)
    everything = [key for own in made for key in own]
    assert len(set(everything)) == len(everything) == 20_000
    assert {(key.version, key.variant) for key in everything} == {(7, RFC_4122)}
