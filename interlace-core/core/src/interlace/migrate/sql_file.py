"""SQL files: statements under ``-- up``, and under ``-- down`` those that take them back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from interlace.errors import InvalidMigration, Location
from interlace.migrate.migration import Direction, Script, Statement

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

__all__ = ["read_script", "split_statements"]

# What dbmate, goose and sql-migrate write is understood, too.
_MARK: Final = re.compile(r"--[ \t]*(?:migrate:|\+goose|\+migrate)?[ \t]*(up|down)[ \t]*", re.IGNORECASE)
# What may hide something that looks like a comment: strings, quoted names, block comments, dollar quotes.
_PIECES: Final = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|/\*.*?\*/|\$((?:[A-Za-z_]\w*)?)\$.*?\$\1\$|(?P<comment>--[^\n]*)", re.DOTALL
)


def read_script(text: str, file: str, dialect: str) -> Script:
    """The statements of a file.

    Args:
        text: of the file.
        file: for messages.
        dialect: of the connection, which says where a statement ends.

    Raises:
        InvalidMigration: no ``-- up``, a section that is there twice, statements outside of them.
    """
    marks = list(_marks(text))
    found: dict[Direction, tuple[Statement, ...]] = {}
    for at, (direction, start, end) in enumerate(marks):
        line = text.count("\n", 0, start) + 1
        if direction in found:
            raise InvalidMigration(f"'-- {direction}' is there twice", where=Location(file, line))
        stop = marks[at + 1][1] if at + 1 < len(marks) else len(text)
        found[direction] = _statements(text[end:stop], file, line, dialect)
    before = _statements(text[: marks[0][1]] if marks else text, file, 1, dialect)
    if before and marks:
        raise InvalidMigration("a statement stands before '-- up'", where=Location(file, before[0].line))
    if not found.get("up"):
        raise InvalidMigration(
            "it has no statement under '-- up'",
            where=Location(file, before[0].line if before else None),
            hint="Write '-- up' above what is to be done, and '-- down' above what takes it back.",
        )
    return Script(found["up"], found.get("down", ()))


@lru_cache(maxsize=256)
def split_statements(text: str, dialect: str) -> tuple[Statement, ...]:
    """The statements of a text, without what stands between them.

    Raises:
        TokenError: a string or a comment that is never closed.
    """
    from sqlglot.dialects.dialect import Dialect
    from sqlglot.tokenizer_core import TokenType

    found: list[Statement] = []
    pending: list[Token] = []
    for token in Dialect.get_or_raise(dialect).tokenize(text):
        if token.token_type is not TokenType.SEMICOLON:
            pending.append(token)
        elif pending:
            found.append(_statement(text, pending))
            pending = []
    if pending:
        found.append(_statement(text, pending))
    return tuple(found)


def _statement(text: str, tokens: list[Token]) -> Statement:
    start = tokens[0].start
    return Statement(text[start : tokens[-1].end + 1], text.count("\n", 0, start) + 1)


def _statements(text: str, file: str, line: int, dialect: str) -> tuple[Statement, ...]:
    from sqlglot.errors import TokenError

    try:
        return tuple(Statement(s.text, line + s.line - 1) for s in split_statements(text, dialect))
    except TokenError as error:
        why = str(error.__cause__ or error).split("\n", 1)[0]
        raise InvalidMigration(f"a statement is never closed: {why}", where=Location(file, line)) from None


def _marks(text: str) -> Iterator[tuple[Direction, int, int]]:
    """Where each section's line begins and ends."""
    for piece in _PIECES.finditer(text):
        comment = piece.group("comment")
        if comment is None or (mark := _MARK.fullmatch(comment)) is None:
            continue
        if not text[text.rfind("\n", 0, piece.start()) + 1 : piece.start()].strip():
            yield ("up" if mark.group(1).lower() == "up" else "down"), piece.start(), piece.end()
