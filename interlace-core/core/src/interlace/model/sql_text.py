"""Statements that are no query of a model, such as those of ``pre`` and ``post``: only their variables matter."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import TokenType

from interlace.model.definition import Variable

__all__ = ["find_variables"]

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


@lru_cache(maxsize=1024)
def find_variables(text: str, dialect: str) -> tuple[Variable, ...]:
    """Where ``$name`` stands in a statement; what is inside a text, a comment or a quoted name is none."""
    tokens = Dialect.get_or_raise(dialect).tokenize(text)
    return tuple(
        Variable(name.text, token.start, name.end + 1)
        for token, name in pairwise(tokens)
        if token.token_type is TokenType.PARAMETER
        and token.text == "$"
        and name.start == token.end + 1
        and _IDENTIFIER.fullmatch(name.text)
    )
