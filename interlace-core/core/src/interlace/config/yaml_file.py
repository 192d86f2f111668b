"""Reading YAML with a line and a column for each key and value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from interlace.config.origin import Entry, Origin
from interlace.errors import InvalidConfig, Location, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["parse_yaml", "read_text", "read_yaml"]

# The C loader is about ten times faster; PyYAML is built without it on some platforms.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE: Final = "tag:yaml.org,2002:merge"
_LIMIT: Final = 100_000


def read_text(path: Path, name: str) -> str:
    """Read a text file of the project.

    Args:
        name: what to call it in messages.

    Raises:
        InvalidConfig: it cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidConfig(f"cannot be read: {error.strerror}.", where=Location(name)) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidConfig(
            f"is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}.",
            where=Location(name, line),
            hint="Save the file as UTF-8.",
        ) from error


def read_yaml(path: Path, name: str) -> Entry | None:
    """Read a YAML file whose top level is a mapping.

    Returns:
        None when the file holds nothing but comments.

    Raises:
        InvalidConfig: not readable, not UTF-8, broken YAML, a duplicate key, a key that is no text, or no mapping.
    """
    return parse_yaml(read_text(path, name), name)


def parse_yaml(text: str, name: str, *, loader: Any = None) -> Entry | None:
    """As `read_yaml`, from text.

    Args:
        text: the document.
        name: what to call it in messages.
        loader: PyYAML's, where plain words mean something else than in a configuration.
    """
    lines = text.splitlines()
    try:
        documents = list(yaml.compose_all(text, Loader=loader or _LOADER))
    except yaml.MarkedYAMLError as error:
        raise _broken(error, name, lines) from error
    except yaml.reader.ReaderError as error:
        raise InvalidConfig(
            f"holds the character U+{_code(error):04X}, which YAML does not allow.",
            where=Location(name, text.count("\n", 0, error.position) + 1),
        ) from error
    builder = _Builder(name, lines)
    match [node for node in documents if node is not None]:
        case []:
            return None
        case [yaml.MappingNode() as node]:
            return builder.entry(node, builder.origin(node))
        case [yaml.ScalarNode() as node] if node.tag.endswith(":null"):
            return None
        case [node]:
            kind = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
            raise builder.error(f"must be a mapping of keys to values at its top level, not {kind}.", node)
        case [_, second, *_]:
            raise builder.error("holds more than one YAML document; one is allowed.", second)
    raise AssertionError  # pragma: no cover


class _Builder:
    """Turns PyYAML's nodes into entries; merge keys (``<<``) and anchors are resolved here."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self.name = name
        self.lines = lines
        self._constructor = yaml.constructor.SafeConstructor()
        self._open: set[int] = set()
        self._count = 0

    def origin(self, node: yaml.Node) -> Origin:
        mark = node.start_mark
        excerpt = self.lines[mark.line] if mark.line < len(self.lines) else None
        return Origin("file", self.name, mark.line + 1, mark.column + 1, excerpt)

    def error(self, message: str, node: yaml.Node, hint: str | None = None) -> InvalidConfig:
        return InvalidConfig(message, where=self.origin(node).location(), hint=hint)

    def entry(self, node: yaml.Node, key_origin: Origin | None = None) -> Entry:
        self._guard(node)
        origin = self.origin(node)
        key_origin = key_origin or origin
        try:
            match node:
                case yaml.MappingNode():
                    return Entry(self._mapping(node), origin, key_origin)
                case yaml.SequenceNode():
                    return Entry([self.entry(child) for child in node.value], origin, key_origin)
                case _:
                    return Entry(self._scalar(node), origin, key_origin)
        finally:
            self._open.discard(id(node))

    def _guard(self, node: yaml.Node) -> None:
        self._count += 1
        if id(node) in self._open:
            raise self.error("an anchor holds itself.", node)
        if self._count > _LIMIT:
            raise self.error(f"has more than {_LIMIT:,} values once its anchors are filled in.", node)
        self._open.add(id(node))

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Entry]:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                merged |= self._merged(value_node)
                continue
            key = self._key(key_node)
            if key in own:
                first = own[key].key_origin.line
                raise self.error(f"the key {key!r} is given twice; the first is in line {first}.", key_node)
            own[key] = self.entry(value_node, self.origin(key_node))
        return merged | own

    def _merged(self, node: yaml.Node) -> dict[str, Entry]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Entry] = {}
        for source in reversed(sources):
            if not isinstance(source, yaml.MappingNode):
                raise self.error("'<<' takes a mapping, or a list of mappings.", source)
            merged |= self.entry(source).mapping
        return merged

    def _key(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":str"):
            return str(node.value)
        said = repr(node.value) if isinstance(node, yaml.ScalarNode) else "a mapping or list"
        hint = (
            f'YAML reads {node.value} as another type: write "{node.value}".' if isinstance(node.value, str) else None
        )
        raise self.error(f"the key {said} is no text.", node, hint)

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            return self._constructor.construct_object(node, deep=True)
        except yaml.constructor.ConstructorError as error:
            tag = node.tag.removeprefix("tag:yaml.org,2002:")
            raise self.error(f"the tag {tag!r} is not allowed here.", node) from error
        except ValueError as error:
            raise self.error(f"{node.value!r} is no valid value: {error}.", node, "Quote it if it is text.") from error


def _broken(error: yaml.MarkedYAMLError, name: str, lines: list[str]) -> InvalidConfig:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return InvalidConfig(f"is no valid YAML: {error.problem}.", where=Location(name))
    excerpt = lines[mark.line] if mark.line < len(lines) else None
    where = Location(name, mark.line + 1, mark.column + 1, excerpt)
    tab = _tab(lines, mark.line)
    if tab is not None:
        where = Location(name, tab + 1, lines[tab].index("\t") + 1, lines[tab].replace("\t", "→"))
        return InvalidConfig("is indented with a tab.", where=where, hint="YAML allows only spaces: replace the tab.")
    return InvalidConfig(f"is no valid YAML: {_words(error)}.", where=where, hint=_advice(error, excerpt))


def _tab(lines: list[str], near: int) -> int | None:
    for number in (near, near - 1):
        if 0 <= number < len(lines) and re.match(r"[ \-]*\t", lines[number]):
            return number
    return None


def _words(error: yaml.MarkedYAMLError) -> str:
    said = ", ".join(part for part in (error.context, error.problem) if part)
    return re.sub(r"\s+", " ", said).rstrip(".")


def _advice(error: yaml.MarkedYAMLError, excerpt: str | None) -> str | None:
    if error.problem and "undefined alias" in error.problem and excerpt:
        anchors = re.findall(r"&(\w+)", excerpt)
        return did_you_mean(excerpt, anchors) or None
    if excerpt and re.search(r"\{.*[^\s\"':,\[{]\s*\$?\{\w+", excerpt):
        return "Inside { } a value that holds a brace must be quoted."
    if excerpt and re.search(r":\s+[@`%{*&!|>\[]", excerpt):
        return "Quote a value that begins with one of @ ` % { * & ! | > [."
    return None


def _code(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character)
