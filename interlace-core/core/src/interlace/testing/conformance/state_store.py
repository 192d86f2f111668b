"""What a state store must do: the suite for `interlace.contracts.state`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from interlace.testing.conformance.stores.definitions import DefinitionScenarios
from interlace.testing.conformance.stores.failures import FailureScenarios
from interlace.testing.conformance.stores.housekeeping import HousekeepingScenarios
from interlace.testing.conformance.stores.models import ModelScenarios
from interlace.testing.conformance.stores.progress import ProgressScenarios
from interlace.testing.conformance.stores.queueing import QueueScenarios
from interlace.testing.conformance.stores.runs import RunScenarios
from interlace.testing.conformance.stores.samples import (
    DAY,
    MINUTE,
    NOON,
    a_definition,
    attempt_at,
    full_state,
    letter_at,
    run_at,
)
from interlace.testing.conformance.stores.scheduling import ScheduleScenarios
from interlace.testing.conformance.stores.sharing import SharingScenarios

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = [
    "DAY",
    "MINUTE",
    "NOON",
    "StateStoreConformance",
    "a_definition",
    "attempt_at",
    "full_state",
    "letter_at",
    "run_at",
]


class StateStoreConformance(
    SharingScenarios,
    ModelScenarios,
    DefinitionScenarios,
    RunScenarios,
    ProgressScenarios,
    FailureScenarios,
    ScheduleScenarios,
    QueueScenarios,
    HousekeepingScenarios,
):
    """All scenarios of a state store.  Override `make_store`."""

    @pytest.fixture
    def make_store(self) -> Callable[[], StateStore]:
        """A function that makes a store, not opened yet.

        Each call within one test gives a new object for the same place, each test gets an empty place.
        """
        raise NotImplementedError("override the fixture `make_store`: return a function that makes your store")

    @pytest.fixture
    def store(self, make_store: Callable[[], StateStore]) -> Iterator[StateStore]:
        """An open store."""
        store = make_store()
        store.open()
        yield store
        store.close()
