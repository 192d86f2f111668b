"""YAML with line numbers: duplicate keys are errors, dates stay text, only ``true`` and ``false`` are booleans."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from interlace.errors import InvalidModel, Location

__all__ = ["YamlText", "read_yaml"]


@dataclass(frozen=True, slots=True)
class YamlText:
    """A part of a YAML document.

    Attributes:
        value: as plain data.
        line: the line of the file where it begins, from 1.
        entries: where it is a mapping, its keys with their lines and values; else None.
        items: where it is a list, its items; else None.
    """

    value: object
    line: int
    entries: tuple[tuple[str, int, YamlText], ...] | None = None
    items: tuple[YamlText, ...] | None = None


def read_yaml(text: str, file: str, first_line: int = 1) -> YamlText | None:
    """Read one document; None where the text holds nothing.

    Args:
        text: the document.
        file: the file that it stands in, for messages.
        first_line: the line of the file where `text` begins.

    Raises:
        InvalidModel: broken YAML, a duplicate key, a key that is not text; with its line.
    """
    import yaml

    loader = _loader_class()(text)
    try:
        node = loader.get_single_node()
        return None if node is None else _convert(loader, node, file, first_line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # What is never closed is noticed after the last line.
        line = first_line + min(mark.line if mark else 0, text.rstrip().count("\n"))
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise InvalidModel(f"broken YAML: {said}", where=_place(text, file, line, first_line)) from None
    except yaml.YAMLError as error:
        raise InvalidModel(f"broken YAML: {error}", where=Location(file, first_line)) from None
    except RecursionError:
        raise InvalidModel("YAML that contains itself", where=Location(file, first_line)) from None
    finally:
        loader.dispose()


def _place(text: str, file: str, line: int, first_line: int) -> Location:
    lines = text.split("\n")
    index = line - first_line
    excerpt = lines[index] if 0 <= index < len(lines) else None
    return Location(file, line, None, excerpt)


def _convert(loader: Any, node: Any, file: str, first_line: int) -> YamlText:
    line = first_line + node.start_mark.line
    match node.id:
        case "mapping":
            entries = tuple(_entries(loader, node, file, first_line))
            return YamlText(loader.construct_document(node), line, entries=entries)
        case "sequence":
            items = tuple(_convert(loader, item, file, first_line) for item in node.value)
            return YamlText(loader.construct_document(node), line, items=items)
    return YamlText(loader.construct_document(node), line)


def _entries(loader: Any, node: Any, file: str, first_line: int) -> list[tuple[str, int, YamlText]]:
    found: dict[str, tuple[str, int, YamlText]] = {}
    for key, value in node.value:
        line = first_line + key.start_mark.line
        if key.id != "scalar":
            raise InvalidModel("a key must be text", where=Location(file, line))
        word = key.value
        if word in found:
            raise InvalidModel(f"{word!r} is given twice, first on line {found[word][1]}", where=Location(file, line))
        found[word] = (word, line, _convert(loader, value, file, first_line))
    return list(found.values())


@functools.cache
def _loader_class() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    boolean = re.compile(r"(?:true|True|TRUE|false|False|FALSE)$")

    class Loader(base):  # type: ignore[misc]
        yaml_implicit_resolvers = {  # noqa: RUF012
            first: [
                (tag, boolean if tag.endswith(":bool") else pattern)
                for tag, pattern in resolvers
                if not tag.endswith(":timestamp") and not (tag.endswith(":bool") and first not in "tTfF")
            ]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }

    return Loader
