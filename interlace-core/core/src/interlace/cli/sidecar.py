"""Fill the ``columns`` of a sidecar's text: what is missing is inserted, what is written stays as it is, comments too.

Only insertions are made, at places that the YAML parser names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import Defect, UsageError

if TYPE_CHECKING:
    from interlace.contracts.relation import Column

__all__ = [
    "STEP",
    "declares_columns",
    "has_sections",
    "is_null",
    "line_after",
    "on_own_lines",
    "scalar",
    "with_columns",
]

WORDS: Final = ("columns", "fields")
STEP: Final = "  "
_PLAIN: Final = re.compile(r"[A-Za-z_][\w.]*( \w+)*(\([\w, ]*\))?")
_PLAIN_IN_FLOW: Final = re.compile(r"[A-Za-z_]\w*( \w+)*")


@dataclass(frozen=True, slots=True)
class _Insertion:
    at: int
    text: str


def with_columns(text: str, columns: Sequence[Column], *, model: str | None = None) -> str:
    """The sidecar's text with every column and type in it.

    Args:
        text: the sidecar; empty where there is none.
        columns: as recorded.
        model: where the sidecar speaks of several models, the one meant: its keys stand under ``models: {NAME: …}``.

    Raises:
        UsageError: the text is no mapping in block style.
    """
    import yaml

    before = yaml.safe_load(text) if text.strip() else None
    path = () if model is None else ("models", model)
    insertions = sorted(_insertions(text, columns, path), key=lambda i: i.at, reverse=True)
    changed = text
    for insertion in insertions:
        changed = changed[: insertion.at] + insertion.text + changed[insertion.at :]
    _verify(before, yaml.safe_load(changed), columns, path)
    return changed


def has_sections(text: str) -> bool:
    """Whether a sidecar speaks of models by name: ``models: {NAME: …}``."""
    import yaml

    read = yaml.safe_load(text)
    return isinstance(read, dict) and "models" in read


def declares_columns(text: str, *, model: str | None = None) -> bool:
    """Whether a sidecar has a section of columns, for one of several models by its name."""
    import yaml

    read = yaml.safe_load(text)
    for key in () if model is None else ("models", model):
        found = {str(k).casefold(): v for k, v in read.items()} if isinstance(read, dict) else {}
        read = found.get(key.casefold())
    return isinstance(read, dict) and any(word in read for word in WORDS)


def _insertions(text: str, columns: Sequence[Column], path: Sequence[str]) -> Iterator[_Insertion]:
    import yaml

    node = yaml.compose(text, Loader=yaml.SafeLoader)
    indent = ""
    for depth, key in enumerate(path):
        found = _entry(node, key)
        if found is None or is_null(found[1]):
            yield _new_block(text, node, found, (*path[depth:], WORDS[0]), columns, indent)
            return
        node, indent = found[1], _indent_of(found[1], indent)
    found = next((e for e in (_entry(node, word) for word in WORDS) if e is not None), None)
    if found is None or is_null(found[1]):
        yield _new_block(text, node, found, (WORDS[0],), columns, indent)
        return
    yield from _into(text, found[1], columns)


def _entry(node: Any, key: str) -> tuple[Any, Any] | None:
    if node is None or is_null(node):
        return None
    if node.id != "mapping":
        raise UsageError("The sidecar is no mapping of keys.")
    return next(((k, v) for k, v in node.value if str(k.value).casefold() == key.casefold()), None)


def is_null(node: Any) -> bool:
    """Whether a node says nothing."""
    return bool(node.id == "scalar" and node.tag == "tag:yaml.org,2002:null")


def _indent_of(node: Any, outer: str) -> str:
    return " " * node.start_mark.column if node.id == "mapping" and not node.flow_style else outer


# --- a new block ----------------------------------------------------------------------------------------------


def _new_block(
    text: str, parent: Any, found: tuple[Any, Any] | None, keys: Sequence[str], columns: Sequence[Column], indent: str
) -> _Insertion:
    """``columns:`` with everything in it, after the last key of `parent`, or below the empty key that was found."""
    if parent is not None and parent.id == "mapping" and parent.flow_style:
        raise UsageError("The sidecar is written in {…}: 'describe --write' fills sidecars with one key per line.")
    if found is not None and found[1].start_mark.index != found[1].end_mark.index:
        line = found[1].start_mark.line + 1
        raise UsageError(f"'{found[0].value}' of the sidecar (line {line}) is null: remove the null, then write again.")
    inner = indent + STEP * len(keys)
    lines = [f"{indent}{STEP * i}{scalar(key)}:" for i, key in enumerate(keys)]
    if found is not None:
        lines = lines[1:]
    lines += [f"{inner}{scalar(c.name)}: {scalar(c.type)}" for c in columns]
    at = len(text) if parent is None or is_null(parent) else line_after(text, parent if found is None else found[0])
    return _Insertion(at, on_own_lines(text, at, lines))


def line_after(text: str, node: Any) -> int:
    """The start of the line after a node's last character, its comment on the same line included."""
    end = _last_mark(node)
    if end and text[end - 1] == "\n":
        return end
    newline = text.find("\n", end)
    return len(text) if newline < 0 else newline + 1


def _last_mark(node: Any) -> int:
    """Where a node really ends: a block's own mark stands after the blank lines and comments that follow it."""
    while node.id != "scalar" and not node.flow_style and node.value:
        last = node.value[-1]
        key, node = last if isinstance(last, tuple) else (None, last)
        if key is not None and is_null(node):
            node = key
    return int(node.end_mark.index)


def on_own_lines(text: str, at: int, lines: Iterable[str]) -> str:
    """Lines as a text to insert at an offset, beginning on a line of their own."""
    lead = "" if at == 0 or text[at - 1] == "\n" else "\n"
    return lead + "".join(f"{line}\n" for line in lines)


# --- into what is there ---------------------------------------------------------------------------------------


def _into(text: str, node: Any, columns: Sequence[Column]) -> Iterator[_Insertion]:
    if node.id == "mapping":
        known = {str(k.value).casefold(): (k, v) for k, v in node.value}
    elif node.id == "sequence":
        known = {name.casefold(): (None, item) for item in node.value if (name := _name_of(item)) is not None}
    else:
        raise UsageError(f"'columns' of the sidecar (line {node.start_mark.line + 1}) is neither a mapping nor a list.")
    for column in columns:
        if column.name.casefold() in known:
            yield from _type_into(text, *known[column.name.casefold()], column)
    missing = [c for c in columns if c.name.casefold() not in known]
    if missing:
        yield _missing(text, node, missing)


def _name_of(item: Any) -> str | None:
    if item.id == "scalar":
        return str(item.value)
    found = _entry(item, "name")
    return None if found is None else str(found[1].value)


def _type_into(text: str, key: Any, value: Any, column: Column) -> Iterator[_Insertion]:
    if value.id == "mapping":
        if _entry(value, "type") is not None:
            return
        if value.flow_style:
            separator = ", " if value.value else ""
            yield _Insertion(value.start_mark.index + 1, f"type: {scalar(column.type, flow=True)}{separator}")
        else:
            at = int(value.start_mark.index)
            yield _Insertion(at, f"type: {scalar(column.type)}\n{' ' * value.start_mark.column}")
    elif key is None:
        yield _Insertion(value.start_mark.index, "{name: ")
        yield _Insertion(value.end_mark.index, f", type: {scalar(column.type, flow=True)}}}")
    elif is_null(value) and value.start_mark.index == value.end_mark.index:
        colon = text.index(":", key.end_mark.index) + 1
        yield _Insertion(colon, f" {scalar(column.type)}")


def _missing(text: str, node: Any, columns: Sequence[Column]) -> _Insertion:
    named = [(scalar(c.name, flow=True), scalar(c.type, flow=True)) for c in columns]
    items = [f"{n}: {t}" if node.id == "mapping" else f"{{name: {n}, type: {t}}}" for n, t in named]
    if node.flow_style:
        return _Insertion(node.end_mark.index - 1, (", " if node.value else "") + ", ".join(items))
    lead = " " * node.start_mark.column + ("" if node.id == "mapping" else "- ")
    at = line_after(text, node)
    return _Insertion(at, on_own_lines(text, at, [f"{lead}{item}" for item in items]))


def scalar(text: str, *, flow: bool = False) -> str:
    """A text as YAML reads it back, without quotes where none are needed."""
    import yaml

    plain = (_PLAIN_IN_FLOW if flow else _PLAIN).fullmatch(text) and yaml.safe_load(text) == text
    return text if plain else json.dumps(text, ensure_ascii=False)


# --- proof ----------------------------------------------------------------------------------------------------


def _verify(before: Any, after: Any, columns: Sequence[Column], path: Sequence[str]) -> None:
    """Everything that was there is there, and every column has a place."""
    held = after
    for key in path:
        held = next(value for word, value in held.items() if str(word).casefold() == key.casefold())
    declared = next(held[word] for word in WORDS if word in held)
    names = {str(i["name"] if isinstance(i, dict) else i).casefold() for i in declared}
    if not _within(before, after) or not names.issuperset(c.name.casefold() for c in columns):
        raise Defect("The sidecar would not be read back as it was written; nothing was changed.")


def _within(before: Any, after: Any) -> bool:
    if before is None:
        return True
    if isinstance(before, dict) and isinstance(after, dict):
        return all(key in after and _within(value, after[key]) for key, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) <= len(after) and all(map(_within, before, after))
    if isinstance(before, str) and isinstance(after, dict):
        return bool(after.get("name") == before)
    return bool(before == after)
