"""Reading the keys of a model that say what is attached to its relation: indexes, constraints, grants."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from interlace.contracts.attachments import Constraint, Grant, Index
from interlace.errors import did_you_mean
from interlace.model.values import Unacceptable, boolean, mapping, shown, text, words

__all__ = ["constraints", "grants", "indexes"]

PRIVILEGES: Final = ("select", "insert", "update", "delete", "truncate", "references", "trigger", "maintain", "all")
_KEYS: Final = ("columns", "unique", "method", "where")
_CONSTRAINTS: Final = ("check", "unique")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")


def indexes(value: object) -> tuple[Index, ...]:
    """``[customer_id, [customer_id, ordered_on], {columns: email, unique: true, method: btree, where: …}]``."""
    given = value if isinstance(value, list | tuple) else [value]
    found = tuple(_index(entry) for entry in given)
    for index in found:
        if found.count(index) > 1:
            raise Unacceptable(f"names the index on {', '.join(index.columns)} twice")
    return found


def _index(entry: object) -> Index:
    if isinstance(entry, Index):
        return entry
    if not isinstance(entry, Mapping):
        return Index(_columns(entry))
    said: dict[str, Any] = mapping(entry)
    for key in said:
        if key not in _KEYS:
            raise Unacceptable(f"has no key {key!r}. {did_you_mean(key, _KEYS, label='Keys')}")
    if "columns" not in said:
        raise Unacceptable(f"must name the 'columns' of the index {shown(entry)}")
    method = text(said["method"]) if "method" in said else None
    if method is not None and not _WORD.fullmatch(method):
        raise Unacceptable(f"must have a 'method' such as btree or gin, not {shown(method)}")
    where = text(said["where"]) if "where" in said else None
    return Index(_columns(said["columns"]), boolean(said.get("unique", False)), method, where)


def _columns(value: object, what: str = "index") -> tuple[str, ...]:
    found = words(value)
    if not found:
        raise Unacceptable(f"must name at least one column for each {what}")
    return found


def constraints(value: object) -> tuple[Constraint, ...]:
    """``[{check: amount >= 0}, {unique: [customer, ordered_on]}]``."""
    given = value if isinstance(value, list | tuple) else [value]
    found = tuple(_constraint(entry) for entry in given)
    for constraint in found:
        if found.count(constraint) > 1:
            raise Unacceptable(f"names {constraint.check or ', '.join(constraint.unique)} twice")
    return found


def _constraint(entry: object) -> Constraint:
    if isinstance(entry, Constraint):
        return entry
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise Unacceptable(f"must be a list of {{check: condition}} and {{unique: columns}}, not {shown(entry)}")
    [(word, said)] = entry.items()
    match word:
        case "check":
            return Constraint(check=text(said))
        case "unique":
            return Constraint(unique=_columns(said, "constraint"))
    near = did_you_mean(str(word), _CONSTRAINTS, label="Constraints")
    raise Unacceptable(f"has no constraint {word!r}. {near}")


def grants(value: object) -> tuple[Grant, ...]:
    """``{select: [analyst, public], update: editor}``."""
    if isinstance(value, tuple) and all(isinstance(entry, Grant) for entry in value):
        return value
    found: dict[Grant, None] = {}
    for privilege, roles in mapping(value).items():
        word = privilege.lower()
        if word not in PRIVILEGES:
            raise Unacceptable(f"has no privilege {privilege!r}. {did_you_mean(word, PRIVILEGES, label='Privileges')}")
        found.update(dict.fromkeys(Grant(word, role) for role in words(roles)))
    return tuple(found)
