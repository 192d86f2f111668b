"""The frame of the kit: scenarios that need a capability, and the answer expected of who does not declare it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Final, ParamSpec

import pytest

from interlace.contracts.connection import Capabilities
from interlace.errors import UnsupportedCapability

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session

__all__ = ["PROPERTIES", "missing_capabilities", "needs_of", "requires"]

P = ParamSpec("P")

PROPERTIES: Final = frozenset({"transactional_ddl", "persistent", "transactions", "try_cast", "validates_input"})
"""Capabilities that are properties of the system, not requests to it: there is nothing to refuse, so without them
their scenarios are skipped."""

_KNOWN: Final = frozenset(field.name for field in fields(Capabilities))


def requires(*capabilities: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Mark a scenario that needs capabilities of the connection under test.

    The scenario takes the fixture ``session`` or ``connection``.  Where a capability is missing the scenario runs all
    the same, and must end in `UnsupportedCapability`; so the request that needs it stands before what depends on it.

    Raises:
        ValueError: a word that is no field of `Capabilities`.
    """
    unknown = sorted(set(capabilities) - _KNOWN)
    if unknown:
        raise ValueError(f"no such capability: {', '.join(unknown)}; known: {', '.join(sorted(_KNOWN))}")

    def decorate(scenario: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(scenario)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            missing = missing_capabilities(_declared(kwargs), capabilities)
            if not missing:
                scenario(*args, **kwargs)
            elif set(missing) <= PROPERTIES:
                pytest.skip(f"not declared: {', '.join(missing)}")
            else:
                with pytest.raises(UnsupportedCapability):
                    scenario(*args, **kwargs)

        run.needs = capabilities  # type: ignore[attr-defined]  # what `needs_of` reads
        return run

    return decorate


def needs_of(scenario: object) -> tuple[str, ...]:
    """The capabilities that a scenario needs."""
    found: tuple[str, ...] = getattr(scenario, "needs", ())
    return found


def missing_capabilities(declared: Capabilities, needed: tuple[str, ...]) -> list[str]:
    """The needed capabilities that are not declared, in the order they were named."""
    return [name for name in needed if not getattr(declared, name)]


def _declared(fixtures: Mapping[str, object]) -> Capabilities:
    session: Session | None = fixtures.get("session")  # type: ignore[assignment]
    connection: Connection | None = fixtures.get("connection")  # type: ignore[assignment]
    if connection is None and session is not None:
        connection = session.connection
    if connection is None:
        raise TypeError("a scenario with @requires takes the fixture `session` or `connection`")
    return connection.capabilities
