"""What was built on a part of the source data, so that it is never promoted.  Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.model.definition import Model, Source

if TYPE_CHECKING:
    from interlace.contracts.state import ModelState, StateSnapshot
    from interlace.graph.build import Graph
    from interlace.plan.deferral import Deferral

__all__ = ["SAMPLED", "Sample", "knows_samples", "read_sample", "sample_tokens", "sampled_from"]

SAMPLED: Final = "sample of "
"""Before the name of a source, the input of what was built on a sample of it: how large the sample is."""

_PART: Final = re.compile(r"(?P<number>\d+(\.\d+)?)\s*%")
_ROWS: Final = re.compile(r"(?P<number>\d+)(\s*rows?)?")


@dataclass(frozen=True, slots=True)
class Sample:
    """How much of a relation is copied: a part of it, or a number of rows.

    Attributes:
        part: between 0 and 1; None for a number of rows.
        rows: None for a part.
    """

    part: float | None = None
    rows: int | None = None

    def __str__(self) -> str:
        if self.part is not None:
            return f"{self.part * 100:g}%"
        return f"{self.rows} {'row' if self.rows == 1 else 'rows'}"


def read_sample(text: str) -> Sample:
    """A sample as it is written: ``5%``, ``0.1%``, ``1000``, ``1000 rows``.

    Raises:
        ValueError: it is none, or all or nothing.
    """
    if part := _PART.fullmatch(text.strip()):
        found = float(part["number"]) / 100
        if 0 < found < 1:
            return Sample(part=found)
    elif (rows := _ROWS.fullmatch(text.strip())) and int(rows["number"]) > 0:
        return Sample(rows=int(rows["number"]))
    raise ValueError(text)


def sampled_from(state: ModelState) -> dict[str, str]:
    """The sources of whose samples something was made, and how large these are."""
    return {key.removeprefix(SAMPLED): how for key, how in state.inputs.items() if key.startswith(SAMPLED)}


def knows_samples(state: StateSnapshot, deferral: Deferral) -> bool:
    """Whether anything was made of a sample."""
    there = (*deferral.read.values(), *deferral.clones.values())
    known = (*state.models.values(), *(one.state for one in there))
    return any(sampled_from(one) for one in known if one.inputs)


def sample_tokens(
    graph: Graph,
    state: StateSnapshot,
    deferral: Deferral,
    selected: Collection[str],
    *,
    copies: Collection[str],
    keeping: Collection[str],
    refreshed: Collection[str],
) -> dict[str, dict[str, str]]:
    """What to record of the samples that each selected model is made of, through what it reads.

    A table that keeps rows keeps what it was made of until it is made anew.

    Args:
        state: of the environment.
        deferral: what is read from another, or begins as a copy of it.
        copies: the sources that are read from copies in this environment.
        keeping: the selected models whose tables keep rows.
        refreshed: those that are made anew.
    """
    found: dict[str, dict[str, str]] = {}
    for name in graph.order():
        node = graph.nodes[name]
        recorded = _recorded(state.models.get(name))
        if isinstance(node, Source):
            found[name] = recorded if name in copies else {}
        elif name in deferral.read:
            found[name] = _recorded(deferral.read[name].state)
        elif isinstance(node, Model) and (name in selected or name not in state.models):
            made = _joined(found[parent] for parent in graph.parents(name))
            if name in deferral.clones:
                made |= _recorded(deferral.clones[name].state)
            found[name] = {**recorded, **made} if name in keeping and name not in refreshed else made
        else:
            found[name] = recorded
    return {name: found[name] for name in selected if found.get(name) and isinstance(graph.nodes[name], Model)}


def _recorded(state: ModelState | None) -> dict[str, str]:
    return {f"{SAMPLED}{name}": how for name, how in sampled_from(state).items()} if state is not None else {}


def _joined(tokens: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {name: how for one in tokens for name, how in one.items()}
