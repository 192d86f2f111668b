"""What a version of a model's document changed in the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["DocumentChange", "document_changes"]


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """One thing that is said otherwise.

    Attributes:
        what: a key of the document, of one of its columns too: ``description``, ``columns.id``, ``columns.id.type``.
        before: what it said; None where it said nothing, or the column was not there.
        after: what it says.
    """

    what: str
    before: Any
    after: Any


def document_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[DocumentChange]:
    """What differs between two documents: keys first, then columns in their order."""
    words = [w for w in dict.fromkeys((*old, *new)) if w != "columns"]
    return _differing("", old, new, words) + _columns(_by_name(old), _by_name(new))


def _differing(place: str, old: Mapping[str, Any], new: Mapping[str, Any], words: list[str]) -> list[DocumentChange]:
    changes = [DocumentChange(f"{place}{w}", old.get(w), new.get(w)) for w in words]
    return [c for c in changes if c.before != c.after]


def _by_name(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {column["name"].casefold(): column for column in document.get("columns", ())}


def _columns(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> list[DocumentChange]:
    changes = [DocumentChange(f"columns.{c['name']}", c, None) for name, c in old.items() if name not in new]
    for name, column in new.items():
        place = f"columns.{column['name']}"
        if name in old:
            changes += _differing(f"{place}.", old[name], column, list(dict.fromkeys((*old[name], *column))))
        else:
            changes.append(DocumentChange(place, None, column))
    return changes
