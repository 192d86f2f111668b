"""Headers of SQL files: a leading block of ``--`` comments that says what a model is.

Two forms, which may be mixed::

    -- @model(name="orders", key=["id"], materialise="table",
    --        checks=[{"unique": "id"}])

    -- @key: id
    -- @description: Orders: one row per order
    -- @checks:
    --   - unique: id
    --   - row_count: {min: 1}

The values of the first are Python literals, those of the second are YAML, except descriptions, owners and values that
begin with ``* @ % & !``, which are plain text, and lists of names, which are split on commas.  A value goes on over
the following lines that are indented by two spaces or more.  A header with a ``name`` inside the file begins another
model.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.errors import InvalidModel, Location, did_you_mean
from interlace.model.keys import KEYS, canonical, key_words
from interlace.model.values import split_list

if TYPE_CHECKING:
    from interlace.model.declared import Declared
    from interlace.model.keys import Key

__all__ = ["Entry", "Section", "read_entries", "split_sections"]

_KEY_LINE: Final = re.compile(r"--([ \t]*)@([A-Za-z_]\w*)[ \t]*:(.*)")
_CALL_LINE: Final = re.compile(r"--[ \t]*@model\b[ \t]*(\(.*)?$")
_WORD: Final = re.compile(r"[A-Za-z_][\w/.*-]*(?: [\w/.*-]+)*")
_YAML_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_PLAIN_STARTS: Final = tuple("*@%&!")
_MAYBE_LATER: Final = re.compile(r"^[ \t]*--[ \t]*@[A-Za-z_]", re.MULTILINE)
# What may hide something that looks like a comment: strings, quoted names, block comments, dollar quotes.
_PIECES: Final = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|/\*.*?\*/|\$((?:[A-Za-z_]\w*)?)\$.*?\$\1\$|(?P<comment>--[^\n]*)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a header line: the text as written, and its line; or, from ``@model(...)``, the literal."""

    word: str
    text: str
    line: int
    literal: bool = False
    value: object = None


@dataclass(frozen=True, slots=True)
class Section:
    """One model of a file: its header's entries, and the text of its query, which begins on `line`."""

    entries: tuple[Entry, ...]
    text: str
    line: int

    @property
    def first_line(self) -> int:
        """The line where the model is defined, from 1."""
        return self.entries[0].line if self.entries else self.line


def split_sections(text: str, file: str) -> list[Section]:
    """Split a file into its models; a file without a header is one section.

    Raises:
        InvalidModel: a header that cannot be read, or a key that stands inside a query.
    """
    if "@" not in text or not _MAYBE_LATER.search(text):
        return [Section((), text, 1)]
    lines = text.split("\n")
    body = _end_of_comments(lines, 0)
    leading = lines[:body]
    entries = _entries(leading, 1, file)
    if not entries:
        body = 0
    starts = [(0, body, entries)]
    rest = "\n".join(lines[body:])
    if _MAYBE_LATER.search(rest):
        starts += _later_headers(rest, lines, body, file)
    ends = [start for start, _, _ in starts[1:]] + [len(lines)]
    return [
        Section(tuple(found), "\n".join(lines[begin:end]), begin + 1)
        for (_, begin, found), end in zip(starts, ends, strict=True)
    ]


def read_entries(entries: tuple[Entry, ...], file: str, declared: Declared) -> None:
    """Take the entries of a header into what is declared, each value read as its key wants it."""
    for entry in entries:
        where = Location(file, entry.line)
        key = canonical(entry.word)
        if entry.literal or key is None:
            declared.add(entry.word, entry.value, where)
            continue
        try:
            declared.add(entry.word, _value(entry, key, file), where)
        except InvalidModel as error:
            error.message = f"{entry.word!r}: {error.message}"
            declared.errors.append(error)


def _value(entry: Entry, key: Key, file: str) -> object:
    first = entry.text.lstrip()
    if key.plain or first.startswith(_PLAIN_STARTS):
        return _folded(entry.text)
    stripped = entry.text.strip()
    if key.listed and stripped and stripped[0] not in "[{-\"'|>" and "\n" not in stripped:
        return split_list(stripped)
    if _WORD.fullmatch(stripped) and stripped.casefold() not in _YAML_WORDS:
        return stripped
    from interlace.model.yaml_text import read_yaml

    document = read_yaml(entry.text, file, entry.line)
    value = None if document is None else document.value
    return stripped if key.textual and isinstance(value, bool | int | float) else value


def _folded(text: str) -> str:
    first, *more = text.split("\n")
    if first.strip() in ("|", ">"):
        joined = "\n" if first.strip() == "|" else " "
        return joined.join(line.strip() for line in more).strip()
    return " ".join(line.strip() for line in (first, *more) if line.strip())


def _end_of_comments(lines: list[str], start: int) -> int:
    position = start
    while position < len(lines) and (not lines[position].strip() or lines[position].lstrip().startswith("--")):
        position += 1
    return position


def _entries(lines: list[str], first_line: int, file: str) -> list[Entry]:
    entries: list[Entry] = []
    position = 0
    while position < len(lines):
        content = lines[position].strip()
        if call := _CALL_LINE.match(content):
            found, position = _call(lines, position, first_line, file, written=call.group(1) or "")
            entries.extend(found)
        elif match := _KEY_LINE.match(content):
            line = first_line + position
            value = [match.group(3)]
            position += 1
            while position < len(lines) and (more := _continued(lines[position])) is not None:
                value.append(more)
                position += 1
            entries.append(Entry(match.group(2), "\n".join(_dedented(value)), line))
        else:
            position += 1
    return entries


def _continued(line: str) -> str | None:
    content = line.lstrip()
    if not content.startswith("--"):
        return None
    rest = content[2:].rstrip()
    if not rest.strip():
        return None
    return rest if rest.startswith(("  ", "\t", " \t")) else None


def _dedented(value: list[str]) -> list[str]:
    from textwrap import dedent

    first, *more = value
    return [first, *dedent("\n".join(more)).split("\n")] if more else [first.strip()]


def _call(lines: list[str], position: int, first_line: int, file: str, *, written: str) -> tuple[list[Entry], int]:
    line = first_line + position
    if not written:
        return [], position + 1
    # Each line is parsed with those before it until the call is complete; a header is a few lines long.
    source = "model" + written
    problem: SyntaxError | None = None
    while True:
        position += 1
        try:
            tree = ast.parse(source, mode="eval")
            return _keywords(tree.body, line, file), position
        except SyntaxError as error:
            problem = error
        if position >= len(lines) or not lines[position].lstrip().startswith("--"):
            break
        source += "\n" + lines[position].lstrip()[2:]
    at = line + (problem.lineno or 1) - 1
    raise InvalidModel(f"@model(...) cannot be read: {problem.msg}", where=Location(file, at))


def _keywords(call: ast.expr, line: int, file: str) -> list[Entry]:
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise InvalidModel("@model(...) must be one call with keywords", where=Location(file, line))
    if call.args:
        raise InvalidModel("@model(...) takes keywords only, such as name='orders'", where=Location(file, line))
    entries = []
    for keyword in call.keywords:
        at = line + keyword.value.lineno - 1
        if keyword.arg is None:
            raise InvalidModel("@model(...) takes no **", where=Location(file, at))
        try:
            value = ast.literal_eval(keyword.value)
        except ValueError:
            message = f"{keyword.arg!r} must be a Python literal, not {ast.unparse(keyword.value)}"
            raise InvalidModel(message, where=Location(file, at)) from None
        entries.append(Entry(keyword.arg, "", at, literal=True, value=value))
    return entries


def _later_headers(rest: str, lines: list[str], body: int, file: str) -> list[tuple[int, int, list[Entry]]]:
    """The headers after the first: (first line of the header, first line of its query, entries), lines from 0."""
    comments = _comment_lines(rest, body)
    found: list[tuple[int, int, list[Entry]]] = []
    done = body
    for number in sorted(comments):
        if number < done or not _is_entry(lines[number]):
            continue
        end = number
        while end < len(lines) and (end in comments or not lines[end].strip()):
            end += 1
        entries = _entries(lines[number:end], number + 1, file)
        if any(canonical(entry.word) is KEYS["name"] for entry in entries):
            found.append((number, end, entries))
        else:
            _refuse_keys_in_query(entries, file)
        done = end
    return found


def _is_entry(line: str) -> bool:
    content = line.strip()
    return bool(_KEY_LINE.match(content) or _CALL_LINE.match(content))


def _comment_lines(rest: str, body: int) -> set[int]:
    """The numbers of the lines, from 0, that hold a line comment and nothing else."""
    found: set[int] = set()
    line = body
    counted = 0
    for piece in _PIECES.finditer(rest):
        if piece.lastgroup != "comment":
            continue
        line += rest.count("\n", counted, piece.start())
        counted = piece.start()
        before = rest[rest.rfind("\n", 0, piece.start()) + 1 : piece.start()]
        if not before.strip():
            found.add(line)
    return found


def _refuse_keys_in_query(entries: list[Entry], file: str) -> None:
    for entry in entries:
        if canonical(entry.word) is not None or did_you_mean(entry.word, key_words()):
            raise InvalidModel(
                f"the header line @{entry.word} stands after the query has begun",
                where=Location(file, entry.line),
                hint="Put it before the query; for another model in this file begin its header with '-- @name: ...'.",
            )
