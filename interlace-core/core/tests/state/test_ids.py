from __future__ import annotations

import threading
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from interlace.state.ids import Ids, new_id


@given(st.lists(st.integers(min_value=0, max_value=2**47 * 1_000_000), min_size=1))
def test_identifiers_grow_whatever_the_clock_says(ticks: list[int]) -> None:
    clock = iter(ticks)
    ids = Ids(lambda: next(clock))
    made = [ids.new() for _ in ticks]

    assert sorted(made) == made
    assert len(made) == len(set(made))


def test_an_identifier_is_a_uuid_of_version_7_with_its_time() -> None:
    made = UUID(Ids(lambda: 1_700_000_000_123_000_000).new())

    assert (7, "specified in RFC 4122") == (made.version, made.variant)
    assert 1_700_000_000_123 == made.int >> 80


def test_of_two_processes_the_later_identifier_sorts_after() -> None:
    first, second = Ids(lambda: 1_700_000_000_000_500_000), Ids(lambda: 1_700_000_000_000_600_000)

    assert first.new() < second.new()


def test_threads_get_different_identifiers() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(new_id() for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 2000 == len(set(made))
