"""Data versions: what a model read, so that it can be told later whether that moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlace.contracts.state import ModelState

__all__ = ["UNSEEN", "Versions", "digest"]

UNSEEN = "unseen"
"""The version of what Interlace cannot see into."""


def digest(*parts: str) -> str:
    """A short hash of some texts, each with its length, so that no two lists give one hash."""
    hashed = blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        hashed.update(len(data).to_bytes(8, "little"))
        hashed.update(data)
    return hashed.hexdigest()


class Versions:
    """The present data version of each node.

    A model that is inlined has no rows of its own: its version is made of its definition and of its parents' versions.

    Args:
        known: the versions of models that are published; missing where nothing is.
        inlined: the fingerprint of each model that is inlined.
        parents: gives the names that a node reads.
        states: of the models that are published, which say what moved since older versions.
    """

    def __init__(
        self,
        known: Mapping[str, str],
        inlined: Mapping[str, str],
        parents: Callable[[str], Iterable[str]],
        states: Mapping[str, ModelState] | None = None,
    ) -> None:
        self._known = dict(known)
        self._inlined = inlined
        self._parents = parents
        self._states = states or {}
        self._since: dict[tuple[str, str], Mapping[str, tuple[str, ...]]] = {}

    def of(self, name: str) -> str:
        """The version of one node; `UNSEEN` for a source and for what was never published."""
        if name not in self._inlined:
            return self._known.get(name, UNSEEN)
        for inner in self._inlined_below(name):
            read = sorted(self._parents(inner))
            self._known[inner] = digest(self._inlined[inner], *(f"{p}={self._known.get(p, UNSEEN)}" for p in read))
        return self._known[name]

    def read_by(self, name: str) -> dict[str, str]:
        """The versions of all that a model reads now, by name."""
        return {parent: self.of(parent) for parent in self._parents(name)}

    def since(self, name: str, version: str) -> frozenset[str] | None:
        """The columns of a published node, in lower case, that moved since an older version; None where anything may have."""
        now = self.of(name)
        if now == version:
            return frozenset()
        moved = self._since.get((name, now))
        if moved is None and name in self._states and self._states[name].data_version == now:
            moved = self._states[name].since
        return frozenset(moved[version]) if moved is not None and version in moved else None

    def move(self, name: str, version: str, since: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """Say that a model was published with this version, and which columns moved since older ones."""
        self._known[name] = version
        if since is not None:
            self._since[name, version] = since

    def _inlined_below(self, name: str) -> list[str]:
        """The chain of inlined models that `name` is made of, inner ones first."""
        ordered: list[str] = []
        pending = [(name, False)]
        seen: set[str] = set()
        while pending:
            at, done = pending.pop()
            if done:
                ordered.append(at)
            elif at not in seen:
                seen.add(at)
                pending.append((at, True))
                pending.extend((p, False) for p in self._parents(at) if p in self._inlined)
        return ordered
