"""What is said of a model, as plain JSON: what the state keeps of each version and ``interlace docs export`` writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from interlace.contracts.state import DefinitionRecord
from interlace.model.definition import SqlBody
from interlace.redaction import redacted

if TYPE_CHECKING:
    from interlace.contracts.relation import Column
    from interlace.model.definition import ColumnSpec, Model, Node

__all__ = ["columns_document", "definition_of", "document_of", "plain", "said_of", "without_secrets"]

T = TypeVar("T")


def definition_of(model: Model, rest: str, columns: Iterable[Column] | None) -> DefinitionRecord:
    """What a model was built from.

    Args:
        rest: `View.rest` of it.
        columns: those that were published; None where it has no relation.
    """
    query = model.body.text if isinstance(model.body, SqlBody) else None
    # A secret that somebody wrote into a query is not kept, and what is masked cannot be compared.
    if query is not None and redacted(query) != query:
        query = None
    return DefinitionRecord(query, rest, without_secrets(document_of(model, columns)))


def document_of(model: Model, columns: Iterable[Column] | None) -> dict[str, Any]:
    """What is said of a model and what it was published with.

    Returns:
        ``description, owner, tags, meta, checks, columns, group, materialise, strategy, key, incremental, exports``; the
        same keys for every model.
    """
    strategy, incremental = model.strategy, model.incremental
    return {
        **said_of(model),
        "columns": columns_document(model.columns, columns),
        "group": model.group,
        "materialise": model.materialise,
        "strategy": None if strategy is None else {"name": strategy.name, "options": plain(strategy.options)},
        "key": list(model.key),
        "incremental": None if incremental is None else asdict(incremental),
        "exports": [{"format": e.format, "options": plain(e.options)} for e in model.export],
    }


def said_of(node: Node) -> dict[str, Any]:
    """What can be said of models and sources alike: ``description, owner, tags, meta, checks``."""
    return {
        "description": node.description,
        "owner": node.owner,
        "tags": list(node.tags),
        "meta": plain(node.meta),
        "checks": [{"type": c.type, "options": plain(c.options)} for c in node.checks],
    }


def columns_document(declared: Iterable[ColumnSpec], recorded: Iterable[Column] | None) -> list[dict[str, Any]]:
    """Columns as they were published, in their order, then those that are only declared.

    Returns:
        ``name, type, declared, nullable, description, tags``; `type` and `nullable` are None where nothing is recorded.
    """
    specs = {c.name.casefold(): c for c in declared}
    found = [_column(c.name, c.type, c.nullable, specs.pop(c.name.casefold(), None)) for c in recorded or ()]
    return [*found, *(_column(c.name, None, None, c) for c in specs.values())]


def without_secrets(value: T) -> T:
    """Plain JSON without what is concealed."""
    text = json.dumps(value, ensure_ascii=False)
    masked = redacted(text)
    return value if masked == text else json.loads(masked)


def _column(name: str, type_: str | None, nullable: bool | None, spec: ColumnSpec | None) -> dict[str, Any]:
    return {
        "name": name,
        "type": type_,
        "declared": None if spec is None else spec.type,
        "nullable": nullable,
        "description": None if spec is None else spec.description,
        "tags": [] if spec is None else list(spec.tags),
    }


def plain(value: object) -> Any:
    """What YAML gave, as JSON has it: a date is its text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case Mapping():
            return {str(k): plain(v) for k, v in value.items()}
        case set() | frozenset():
            return sorted((plain(v) for v in value), key=str)
        case Collection():
            return [plain(v) for v in value]
        case _:
            return str(value)
