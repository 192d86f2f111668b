"""The names of what a load makes beside its target."""

from __future__ import annotations

import hashlib
from typing import Final

from interlace.contracts.relation import Relation

__all__ = ["PREFIX", "positions_of", "rejects_of", "temporary"]

PREFIX: Final = "__interlace_"

_LONGEST: Final = 63
"""Bytes of a name; PostgreSQL cuts what is longer."""


def temporary(target: Relation, what: str) -> Relation:
    """The temporary relation that a load of this target keeps something in, such as its batch."""
    return Relation(_short(f"{PREFIX}{target.name}", f"_{what}"))


def rejects_of(target: Relation) -> Relation:
    """The side table for the rows that were not loaded, beside the target."""
    return Relation(_short(target.name, "__rejects"), target.schema, target.catalog)


def positions_of(target: Relation) -> Relation:
    """The side table for the positions of what a stream deleted, beside the target."""
    return Relation(_short(target.name, "__positions"), target.schema, target.catalog)


def _short(name: str, ending: str) -> str:
    """The name with its ending; of one that is too long the middle is a hash."""
    if len((name + ending).encode()) <= _LONGEST:
        return name + ending
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    room = _LONGEST - len(ending.encode()) - len(digest) - 1
    return f"{name.encode()[:room].decode(errors='ignore')}_{digest}{ending}"
