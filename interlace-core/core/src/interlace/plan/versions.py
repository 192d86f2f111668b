"""Data versions: what a model read, so that it can be told later whether that moved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from interlace.contracts.state import ModelState

__all__ = ["UNSEEN", "Unfolded", "Versions", "digest", "made_in", "made_of", "made_together", "read_in", "unfold"]

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


class Unfolded(NamedTuple):
    """The version of a model that is inlined.

    Attributes:
        digest: of all that it is made of.
        made: of the definitions alone: its own, and those inlined into it.
        leaves: by name the versions of what it reads that is not inlined itself.
    """

    digest: str
    made: str
    leaves: dict[str, str]


def unfold(version: str | None) -> Unfolded | None:
    """A version of a model that was inlined; None for any other, and for one that an older Interlace kept."""
    return Unfolded(*json.loads(version)) if version is not None and version.startswith("[") else None


def read_in(parents: Mapping[str, str]) -> dict[str, str]:
    """What was read through all that was inlined, by name with its version, out of what was read at first hand."""
    found: dict[str, str] = {}
    for name, version in parents.items():
        inlined = unfold(version)
        found |= {name: version} if inlined is None else inlined.leaves
    return found


def made_in(parents: Mapping[str, str]) -> str:
    """A digest of the definitions that were inlined, out of the versions of what was read; empty where none were."""
    return made_together({n: inlined.made for n, v in parents.items() if (inlined := unfold(v)) is not None})


def made_together(made: Mapping[str, str]) -> str:
    """A digest of what several inlined models are made of, by name; empty where there are none."""
    return digest(*(f"{n}={m}" for n, m in sorted(made.items()))) if made else ""


def made_of(name: str, inlined: Mapping[str, str], parents: Callable[[str], Iterable[str]]) -> str:
    """A digest of the definitions that an inlined model is made of: its own, and those inlined into it."""
    return digest(*(f"{n}={inlined[n]}" for n in sorted(_inlined_below(name, inlined, parents))))


class Versions:
    """The present data version of each node.

    A model that is inlined has no rows of its own: its version is made of its definition and of its parents' versions,
    which it names, so that it can be told later what of it moved: see `unfold`.

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
        digests: dict[str, str] = {}
        leaves: dict[str, str] = {}
        for inner in _inlined_below(name, self._inlined, self._parents):
            read = sorted(self._parents(inner))
            leaves |= {p: self._known.get(p, UNSEEN) for p in read if p not in self._inlined}
            said = (f"{p}={digests[p] if p in digests else leaves[p]}" for p in read)
            digests[inner] = digest(self._inlined[inner], *said)
        made = digest(*(f"{n}={self._inlined[n]}" for n in sorted(digests)))
        return json.dumps([digests[name], made, leaves], sort_keys=True)

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


def _inlined_below(name: str, inlined: Mapping[str, str], parents: Callable[[str], Iterable[str]]) -> list[str]:
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
            pending.extend((p, False) for p in parents(at) if p in inlined)
    return ordered
