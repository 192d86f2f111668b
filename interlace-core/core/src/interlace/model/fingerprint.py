"""The three-part fingerprint of a model (ruling 7), from what its keys say and a digest of its body."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, Final

from interlace.model.definition import FileDrop, Fingerprint, Incremental, Retry, StrategyUse
from interlace.model.keys import KEYS

if TYPE_CHECKING:
    from interlace.model.definition import CheckUse, ColumnSpec, ExportUse, Model

__all__ = ["digest", "fingerprint_of", "rest_of"]

_PARTS: Final = {
    part: tuple(key.name for key in KEYS.values() if key.part == part)
    for part in ("data", "checks", "metadata", "attached")
}
_RELAXED: Final[Mapping[str, object]] = {"enabled": True}


def digest(*parts: str | bytes) -> str:
    """A short hash of texts, each with its length, so that no two lists of texts run together."""
    contents = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]
    return hashlib.blake2b(b"".join([b"%d:%b" % (len(c), c) for c in contents]), digest_size=16).hexdigest()


def fingerprint_of(keys: Mapping[str, Any], body: str, *, typed: bool) -> Fingerprint:
    """Hash what a model's keys say.

    Args:
        keys: the values by canonical word, defaults filled in; those that say nothing may be missing.
        body: a digest of the query, function or file that gives the rows.
        typed: whether the declared types of columns decide the rows (Python models, seeds), or only describe them.
    """
    columns: Sequence[ColumnSpec] = keys.get("columns", ())
    types = [(c.name, c.type) for c in columns if c.type is not None] if typed else []
    contract = [(c.name, c.type) for c in columns if c.contract]
    facts = [(c.name, c.description, c.tags) if typed else (c.name, c.type, c.description, c.tags) for c in columns]
    return Fingerprint(
        data=digest(body, _hash(_said(keys, "data"), types)),
        checks=_hash(_said(keys, "checks"), contract),
        metadata=_hash(_said(keys, "metadata"), facts) + _attached(keys),
    )


def rest_of(model: Model) -> str:
    """Hash what decides the rows of a model besides its body: the keys of the data, and the declared types of columns.

    For SQL too the types are of it, although they are no part of its fingerprint: its rows are cast to them.
    """
    keys = {word: getattr(model, word) for word in _PARTS["data"]}
    return _hash(_said(keys, "data"), [(c.name, c.type) for c in model.columns if c.type is not None])


def _attached(keys: Mapping[str, Any]) -> str:
    """What is attached to the relation, after a point; empty where nothing is declared.

    Descriptions are not of it: they are metadata, of which nothing runs (ruling 7), and follow with the next build.
    """
    given = [w for w in _PARTS["attached"] if keys.get(w) not in (None, ()) or (w == "grants" and w in keys)]
    if not given:
        return ""
    from interlace.contracts.attachments import Attachments

    said = {word: astuple(Attachments(**{word: keys[word]})) for word in given}
    return "." + digest(json.dumps(said, sort_keys=True))


def _said(keys: Mapping[str, Any], part: str) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (word, _simple(keys[word]))
        for word in _PARTS[part]
        if keys.get(word) not in (None, (), {}) and keys[word] != _RELAXED.get(word)
    )


def _simple(value: Any) -> Any:
    if isinstance(value, StrategyUse) and not value.options:
        return value.name
    return value


def _hash(said: Sequence[tuple[str, Any]], more: Sequence[object]) -> str:
    if not more and all(isinstance(value, str) for _, value in said):
        return _hash_of_texts(tuple(said))
    return digest(json.dumps([said, more], sort_keys=True, default=_as_json))


@functools.lru_cache(maxsize=256)
def _hash_of_texts(said: tuple[tuple[str, Any], ...]) -> str:
    # Most models say the same few words or none: ten thousand of them share a handful of hashes.
    return digest(json.dumps([said, []], sort_keys=True))


def _as_json(value: StrategyUse | CheckUse | ExportUse | Incremental | Retry | FileDrop) -> object:
    if isinstance(value, Retry):
        return astuple(value)
    if isinstance(value, FileDrop):
        # The rest says which files are loaded when, and what becomes of them.
        return [value.connection, value.path, value.format, value.columns, value.filename, value.options]
    if isinstance(value, Incremental):
        # The rest says which part of time is loaded when, and changes no row.
        return [value.by, value.column, value.grain]
    return [getattr(value, "name", None) or getattr(value, "type", None), value.options]
