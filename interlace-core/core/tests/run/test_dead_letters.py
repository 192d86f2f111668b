from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from interlace.errors import UsageError
from interlace.plan.incremental import Asked
from interlace.plan.windows import Size
from interlace.run.dead_letters import find_letter, plain_asked, plain_variables, refuse_replay, replay
from interlace.state.store import Store
from interlace.testing.conformance.state_store import NOON, letter_at


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.embedded(tmp_path / "state.db")
    store.open()
    yield store
    store.close()


def test_a_letter_is_found_by_how_its_id_begins(store: Store) -> None:
    for number in (1, 2):
        store.add_dead_letter(letter_at(number, f"m{number}"))

    assert "letter-2" == find_letter(store, "letter-2").id
    with pytest.raises(UsageError, match=r"2 dead letters begin with 'lett'\nwrite more of it: letter-2, letter-1"):
        find_letter(store, "lett")
    with pytest.raises(UsageError, match="there is no dead letter ''"):
        find_letter(store, "")


def test_a_settled_letter_is_not_replayed() -> None:
    with pytest.raises(UsageError, match=r"is resolved already \(mended\)"):
        refuse_replay(letter_at(1, status="resolved", note="mended"), "dev")


def test_variables_become_plain_values_that_are_read_again() -> None:
    given = {"a": 1, "b": date(2024, 2, 3), "c": (1, datetime(2024, 1, 1, tzinfo=UTC)), "d": Decimal("1.5"), "e": None}

    expected = {"a": 1, "b": "2024-02-03", "c": [1, "2024-01-01T00:00:00+00:00"], "d": "1.5", "e": None}
    assert expected == plain_variables(given)


class Recorded:
    """A project that only says how it was run."""

    environment = "dev"

    def run(self, select: list[str], **options: Any) -> dict[str, Any]:
        return {"select": select, **options}


@pytest.mark.parametrize(
    "asked",
    [
        None,
        Asked(),
        Asked(since=NOON, until=NOON + timedelta(days=3), window=Size(2, "week"), scope="all", backfill=True),
    ],
)
def test_a_replay_asks_for_what_the_command_asked(asked: Asked | None) -> None:
    letter = replace(letter_at(1), arguments={"full_refresh": True, **plain_asked(asked)})
    ran: Any = replay(Recorded(), letter)  # type: ignore[arg-type]

    assert (["orders"], True, NOON, asked, True) == tuple(
        ran[name] for name in ("select", "force", "at", "asked", "full_refresh")
    )
