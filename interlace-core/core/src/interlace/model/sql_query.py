"""One SQL query read once: its tokens give the fingerprint, variables and volatile functions, its tree the references."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from interlace.errors import InvalidSql, Location
from interlace.model.definition import Reference, SqlBody, Variable
from interlace.model.fingerprint import digest
from interlace.model.sql_columns import column_named_twice
from interlace.model.sql_functions import (
    BARE_VOLATILE,
    EXTERNAL,
    FILE_READERS,
    HIDDEN_READERS,
    VOLATILE,
    is_file,
    is_system,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["QueryReader", "fold", "references_in"]

_LITERALS: Final = frozenset({
    TokenType.STRING,
    TokenType.NUMBER,
    TokenType.BIT_STRING,
    TokenType.BYTE_STRING,
    TokenType.HEREDOC_STRING,
    TokenType.HEX_STRING,
    TokenType.NATIONAL_STRING,
    TokenType.RAW_STRING,
    TokenType.UNICODE_STRING,
})  # fmt: skip
# A name right after one of these is an alias, whose case is the case of the published column.
_BEFORE_ALIAS: Final = frozenset({
    TokenType.ALIAS,
    TokenType.VAR,
    TokenType.IDENTIFIER,
    TokenType.R_PAREN,
    TokenType.R_BRACKET,
    TokenType.NUMBER,
    TokenType.STRING,
})  # fmt: skip
_NAMES_FIELD: Final = frozenset({TokenType.COLON, TokenType.COLON_EQ})
_QUERIES: Final = (exp.Query, exp.Values, exp.Pivot)
_LEAVES: Final = frozenset({exp.Identifier, exp.Literal})
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_]\w*")
_DBT: Final = re.compile(r"\{\{|\{%")
_UNCLOSED: Final = re.compile(r"Missing (.+) from (\d+):(\d+)")


def fold(dialect: str, part: str, *, quoted: bool) -> str:
    """A part of a name as the engine compares it.

    DuckDB ignores case even in quotes; PostgreSQL folds what is not quoted to lower case and keeps the rest.
    """
    if dialect == "duckdb":
        return part.casefold()
    return part if quoted else part.lower()


class QueryReader:
    """Reads the queries of one dialect; not to be shared by threads."""

    def __init__(self, dialect: str) -> None:
        self.name = dialect
        self._dialect = Dialect.get_or_raise(dialect)
        self._tokenizer = self._dialect.tokenizer()
        self._parser = self._dialect.parser()

    def read(self, text: str, file: str, line: int, *, stored: bool = False) -> tuple[SqlBody, str]:
        """Read one query.

        Args:
            text: from the end of the header on.
            file: for messages, relative to the project's root.
            line: the line of the file where `text` begins.
            stored: whether its columns are those of a relation, which has no two of one name.

        Returns:
            the body, and a digest of its tokens that formatting and comments leave alone.

        Raises:
            InvalidSql: no query, several, not a query, one that does not parse, or a name twice; with line and column.
        """
        place = _Place(text, file, line)
        tokens = self._tokens(text, place)
        start, end = tokens[0].start, tokens[-1].end + 1
        variables = tuple(_variables(tokens, start, place))
        hashed, volatile = _walk_tokens(tokens)
        tree = self._parse(tokens, text, place)
        if stored:
            self._refuse_twice(tree, place)
        tables = _Tables(start, place)
        tables.visit(tree, recursive_cte=_has_cte(tokens))
        first_line = line + text.count("\n", 0, start)
        body = SqlBody(
            text=text[start:end],
            line=first_line,
            references=tuple(sorted(tables.references, key=lambda r: r.start)),
            variables=variables,
            files=tuple(dict.fromkeys(tables.files)),
            volatile=tuple(dict.fromkeys((*volatile, *tables.volatile))),
        )
        return body, digest(self.name, hashed)

    def _refuse_twice(self, tree: exp.Expr, place: _Place) -> None:
        twice = column_named_twice(tree, lambda name: fold(self.name, name.name, quoted=bool(name.args.get("quoted"))))
        if twice is not None:
            hint = "Give one of them another name with AS, or leave it out."
            raise place.error(f"the query gives two columns {twice.name!r}", twice.meta.get("start", 0), hint=hint)

    def _tokens(self, text: str, place: _Place) -> list[Token]:
        try:
            tokens = self._tokenizer.tokenize(text)
        except TokenError as error:
            raise _unclosed(error, place) from None
        if "{{" in text or "{%" in text:
            _refuse_templates(tokens, place)
        while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
            tokens.pop()
        if not tokens:
            raise InvalidSql("the file has no query", where=Location(place.file, place.line))
        for position, token in enumerate(tokens):
            if token.token_type is TokenType.SEMICOLON:
                raise place.error(
                    "a model is one query, and here a second statement begins",
                    tokens[position + 1].start,
                    hint="For another model in this file begin it with a header: -- @name: ...",
                )
        return tokens

    def _parse(self, tokens: list[Token], text: str, place: _Place) -> exp.Expr:
        try:
            trees = self._parser.parse(tokens, text)
        except ParseError as error:
            raise _does_not_parse(error, tokens, place) from None
        except RecursionError:
            raise place.error("the query is nested too deeply to be parsed", tokens[0].start) from None
        tree = trees[0] if trees else None
        if not isinstance(tree, _QUERIES):
            word = tokens[0].text.upper()
            hint = "Write SELECT, FROM, VALUES or WITH; statements beside the query belong under 'pre' and 'post'."
            raise place.error(f"a model is a query, and {word} is none", tokens[0].start, hint=hint)
        return tree


def references_in(tree: exp.Expr, text: str, file: str, line: int) -> tuple[Reference, ...]:
    """The names of tables in a statement of any kind, which are no CTE and none of the database's own catalogue.

    Args:
        tree: what `text` was parsed to.
        text: the statement.
        file: for messages.
        line: of the file where `text` begins.

    Raises:
        InvalidSql: a function that reads a table which cannot be seen.
    """
    tables = _Tables(0, _Place(text, file, line))
    tables.visit(tree, recursive_cte=True)
    return tuple(sorted(tables.references, key=lambda r: r.start))


class _Place:
    """Turns offsets in a text into places in its file."""

    def __init__(self, text: str, file: str, line: int) -> None:
        self.text = text
        self.file = file
        self.line = line

    def at(self, offset: int) -> Location:
        begin = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        excerpt = self.text[begin : end if end >= 0 else len(self.text)]
        return Location(self.file, self.line + self.text.count("\n", 0, offset), offset - begin + 1, excerpt)

    def error(self, message: str, offset: int, *, hint: str | None = None) -> InvalidSql:
        return InvalidSql(message, where=self.at(offset), hint=hint)


def _unclosed(error: TokenError, place: _Place) -> InvalidSql:
    if dbt := _DBT.search(place.text):
        return _dbt(place, dbt.start())
    cause: BaseException | None = error
    while cause is not None:
        if found := _UNCLOSED.search(str(cause)):
            where = Location(place.file, place.line + int(found.group(2)) - 1)
            return InvalidSql(f"the {found.group(1)} that opens here is never closed", where=where)
        cause = cause.__cause__ or cause.__context__
    return InvalidSql(_ANSI.sub("", str(error)), where=Location(place.file, place.line))


def _does_not_parse(error: ParseError, tokens: list[Token], place: _Place) -> InvalidSql:
    said: dict[str, Any] = error.errors[0] if error.errors else {}
    description = _ANSI.sub("", said.get("description") or str(error))
    description = re.sub(r"<Token token_type: [^,]+, text: (.*?), line: .*>", r"\1", description).rstrip(". ")
    # sqlglot names its own classes: "required keyword: 'this' missing for <class '…Paren'>".
    description = re.sub(
        r"required keyword: .*? missing for <class '[\w.]*?(\w+)'>", r"incomplete \1", description, flags=re.IGNORECASE
    )
    if said.get("highlight") and description.endswith("Unexpected token"):
        description = f"unexpected {said['highlight']!r}"
    end = _offset(place.text, said.get("line") or 1, said.get("col") or 1)
    # sqlglot's column is the end of the token.
    offset = max(0, end - len(said.get("highlight") or ""))
    offset = min(offset, tokens[-1].end)
    return place.error(f"{description[:1].lower()}{description[1:]}", offset)


def _offset(text: str, line: int, column: int) -> int:
    position = 0
    for _ in range(line - 1):
        position = text.find("\n", position) + 1
    return position + column


def _refuse_templates(tokens: list[Token], place: _Place) -> None:
    for position, token in enumerate(tokens):
        following = tokens[position + 1] if position + 1 < len(tokens) else token
        adjacent = following.start == token.end + 1 and following.text in ("{", "%")
        if token.text.startswith(("{{", "{%")) or (token.token_type is TokenType.L_BRACE and adjacent):
            raise _dbt(place, token.start)


def _dbt(place: _Place, offset: int) -> InvalidSql:
    inside = re.match(r"\{\{\s*(?:ref|source)\((.*?)\)\s*\}\}", place.text[offset:])
    parts = re.findall(r"['\"]([^'\"]+)['\"]", inside.group(1)) if inside else []
    name = parts[-1] if parts else "x"
    return place.error(f"this is dbt's syntax; write FROM {name}", offset, hint="Interlace has no template language.")


def _variables(tokens: list[Token], start: int, place: _Place) -> Iterator[Variable]:
    for position, token in enumerate(tokens):
        if token.token_type is TokenType.PLACEHOLDER:
            raise place.error("a model takes no '?'; write $name", token.start)
        # SQLite, MySQL, Trino and others read the sign as the beginning of a name.
        if token.token_type is TokenType.VAR and token.text[0] == "$" and _IDENTIFIER.fullmatch(token.text[1:]):
            yield Variable(token.text[1:], token.start - start, token.end + 1 - start)
        if token.token_type is not TokenType.PARAMETER or token.text != "$":
            continue
        following = tokens[position + 1] if position + 1 < len(tokens) else token
        if following.start != token.end + 1 or not _IDENTIFIER.fullmatch(following.text):
            raise place.error("a variable is written $name", token.start)
        # $end and $order are variables although their names are keywords.
        following.token_type = TokenType.VAR
        yield Variable(following.text, token.start - start, following.end + 1 - start)


def _walk_tokens(tokens: list[Token]) -> tuple[str, list[str]]:
    """The text to hash, and the volatile functions that are called."""
    out: list[str] = []
    volatile: list[str] = []
    last = len(tokens) - 1
    previous: TokenType | None = None
    var, identifier = TokenType.VAR, TokenType.IDENTIFIER
    for position, token in enumerate(tokens):
        kind, text = token.token_type, token.text
        if kind is var:
            following = tokens[position + 1].token_type if position < last else None
            named = previous in _BEFORE_ALIAS or following in _NAMES_FIELD or previous is TokenType.PARAMETER
            out.append(text if named else text.casefold())
        elif kind is identifier:
            out.append('"' + text)
        elif kind in _LITERALS:
            out.append(f"'{kind.value} {text}")
        else:
            out.append(text.upper())
        previous_kind, previous = previous, kind
        if kind is identifier or kind in _LITERALS or len(text) < 3:  # noqa: PLR2004  no volatile name is shorter
            continue
        folded = text.casefold()
        if (folded in VOLATILE and _is_called(tokens, position, folded, previous_kind)) or (
            folded == "age" and _one_argument(tokens, position)
        ):
            volatile.append(folded)
        elif _is_sample(kind, folded, previous_kind) and not _is_repeatable(tokens, position):
            volatile.append("sample")
    return "\0".join(out), volatile


def _is_called(tokens: list[Token], position: int, folded: str, previous: TokenType | None) -> bool:
    if previous in (TokenType.DOT, TokenType.ALIAS):
        return False
    following = tokens[position + 1] if position + 1 < len(tokens) else None
    if following is not None and following.token_type is TokenType.L_PAREN:
        return True
    return folded in BARE_VOLATILE and (following is None or following.token_type is not TokenType.DOT)


def _is_sample(kind: TokenType, folded: str, previous: TokenType | None) -> bool:
    return kind is TokenType.TABLE_SAMPLE or (folded == "sample" and previous is TokenType.USING)


def _is_repeatable(tokens: list[Token], position: int) -> bool:
    return any(token.text.casefold() == "repeatable" for token in tokens[position:])


def _one_argument(tokens: list[Token], position: int) -> bool:
    """``age(x)`` counts from today, ``age(x, y)`` does not."""
    if position + 1 >= len(tokens) or tokens[position + 1].token_type is not TokenType.L_PAREN:
        return False
    depth = 0
    for token in tokens[position + 1 :]:
        if token.token_type is TokenType.L_PAREN:
            depth += 1
        elif token.token_type is TokenType.R_PAREN:
            depth -= 1
            if depth == 0:
                return True
        elif token.token_type is TokenType.COMMA and depth == 1:
            return False
    return False


def _has_cte(tokens: list[Token]) -> bool:
    return any(token.token_type is TokenType.WITH for token in tokens)


class _Tables:
    """Collects the names of tables that are no CTE, the files and what cannot be seen into."""

    def __init__(self, start: int, place: _Place) -> None:
        self.references: list[Reference] = []
        self.files: list[str] = []
        self.volatile: list[str] = []
        self._start = start
        self._place = place

    def visit(self, tree: exp.Expr, *, recursive_cte: bool) -> None:
        """Visit all tables of a query; without any WITH nothing can be hidden."""
        if not recursive_cte:
            for table in _tables(tree):
                self._table(table, frozenset())
            return
        todo: list[tuple[exp.Expr, frozenset[str]]] = [(tree, frozenset())]
        while todo:
            node, hidden = todo.pop()
            if isinstance(node, exp.Table):
                self._table(node, hidden)
            ctes = node.args.get("with_")
            if isinstance(ctes, exp.With):
                for cte in ctes.expressions:
                    name = cte.alias.casefold()
                    # A CTE sees those before it, and itself only where WITH says RECURSIVE.
                    todo.append((cte, hidden | {name} if ctes.args.get("recursive") else hidden))
                    hidden |= {name}
            todo.extend((child, hidden) for child in node.iter_expressions() if child is not ctes)

    def _table(self, table: exp.Table, hidden: frozenset[str]) -> None:
        named = table.this
        if isinstance(named, exp.Identifier | exp.Dot):
            self._named(table, hidden)
        elif isinstance(named, exp.Func):
            self._function(named)

    def _named(self, table: exp.Table, hidden: frozenset[str]) -> None:
        identifiers = table.parts
        parts = tuple(part.name for part in identifiers)
        if len(parts) == 1 and parts[0].casefold() in hidden:
            return
        if len(parts) == 1 and identifiers[0].args.get("quoted") and is_file(parts[0]):
            self.files.append(parts[0])
        elif is_system(parts):
            self.volatile.append(".".join(parts).casefold())
        else:
            begin = identifiers[0].meta["start"] - self._start
            end = identifiers[-1].meta["end"] + 1 - self._start
            self.references.append(Reference(parts, begin, end, bool(table.alias)))

    def _function(self, function: exp.Func) -> None:
        name = _function_name(function)
        if name in FILE_READERS:
            literals = _literals(function)
            self.files.extend(literals)
            if not literals:
                self.volatile.append(name)
        elif name in HIDDEN_READERS:
            offset = function.meta.get("start", self._start)
            message = f"{name}() reads a table that Interlace cannot see; write FROM <name>"
            raise self._place.error(message, offset)
        elif name in EXTERNAL or name.startswith(("duckdb_", "pragma_")):
            self.volatile.append(name)


def _tables(tree: exp.Expr) -> Iterator[exp.Table]:
    """All tables, in the order of the text; ``find_all`` would look into every name as well."""
    todo: list[exp.Expr] = [tree]
    while todo:
        node = todo.pop()
        if type(node) in _LEAVES or (type(node) is exp.Column and type(node.this) is exp.Identifier):
            continue
        if isinstance(node, exp.Table):
            yield node
        for value in reversed(node.args.values()):
            if isinstance(value, exp.Expr):
                todo.append(value)
            elif isinstance(value, list):
                todo.extend(child for child in reversed(value) if isinstance(child, exp.Expr))


def _function_name(function: exp.Func) -> str:
    if isinstance(function, exp.Anonymous):
        return str(function.this).casefold()
    return function.sql_name().casefold()


def _literals(function: exp.Func) -> list[str]:
    first = function.this if isinstance(function.this, exp.Expr) else next(iter(function.expressions), None)
    if isinstance(first, exp.Literal) and first.is_string:
        return [first.name]
    if isinstance(first, exp.Array) and all(isinstance(e, exp.Literal) and e.is_string for e in first.expressions):
        return [e.name for e in first.expressions]
    return []
