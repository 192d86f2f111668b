"""Add entries to the text of a ``sources.yaml``; what is written stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interlace.cli.sidecar import STEP, is_null, line_after, on_own_lines, scalar
from interlace.errors import Defect, UsageError

if TYPE_CHECKING:
    from interlace.contracts.relation import Column, Relation

__all__ = ["Imported", "with_sources"]


@dataclass(frozen=True, slots=True)
class Imported:
    """A relation to declare: `connection` is None where it is the project's default."""

    name: str
    relation: Relation
    columns: tuple[Column, ...]
    connection: str | None = None


def with_sources(text: str, sources: Sequence[Imported]) -> str:
    """The file's text with entries for these sources after those that are there.

    Raises:
        UsageError: the text is no mapping in block style.
    """
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    parent, indent, lead = root, "", []
    if root is None or is_null(root):
        at, lead, indent = len(text), ["sources:"], STEP
    else:
        section = _section(root)
        if section is not None:
            parent = section[1]
        at = line_after(text, section[0] if section is not None and is_null(parent) else parent)
        indent = STEP if is_null(parent) else " " * _block(parent).start_mark.column
    lines = [*lead, *(line for source in sources for line in _lines(source, indent))]
    changed = text[:at] + on_own_lines(text, at, lines) + text[at:]
    _verify(yaml.safe_load(changed), sources)
    return changed


def _section(root: Any) -> tuple[Any, Any] | None:
    """The key ``sources:``, which may be left out where the file holds nothing else."""
    entries = _block(root).value
    return entries[0] if len(entries) == 1 and entries[0][0].value == "sources" else None


def _block(node: Any) -> Any:
    if node.id != "mapping" or node.flow_style:
        raise UsageError("sources.yaml is no mapping with one source per line: the import cannot add to it.")
    return node


def _lines(source: Imported, indent: str) -> list[str]:
    inner = indent + STEP
    lines = [f"{indent}{scalar(source.name)}:"]
    if source.connection is not None:
        lines.append(f"{inner}connection: {scalar(source.connection)}")
    lines.append(f"{inner}relation: {scalar(_written(source.relation))}")
    lines.append(f"{inner}columns:")
    return [*lines, *(f"{inner}{STEP}{scalar(c.name)}: {scalar(c.type)}" for c in source.columns)]


def _written(relation: Relation) -> str:
    """A relation's name as it is read back: parts that are no plain words in double quotes."""
    return ".".join(
        p if p.replace("_", "a").isalnum() else f'"{p.replace(chr(34), chr(34) * 2)}"' for p in relation.parts
    )


def _verify(read: Any, sources: Sequence[Imported]) -> None:
    held = read["sources"] if list(read) == ["sources"] else read
    if not {s.name for s in sources} <= set(held):
        raise Defect("sources.yaml would not be read back as it was written; nothing was changed.")
