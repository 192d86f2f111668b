"""The code of models, as it is written and as it runs; nothing is opened or imported for it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from interlace.config.masking import masked
from interlace.model.definition import Model, PythonBody, SqlBody
from interlace.model.incremental import part_variables
from interlace.plan.compile import Compiled, Inline, Renamed, compile_query
from interlace.run.view import PER_RUN

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation
    from interlace.model.definition import Node, Reference, Variable
    from interlace.run.view import View

__all__ = ["Compiling", "Sources"]


class Sources:
    """Gives the code of models as it is written.

    Args:
        root: the project's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._functions: dict[str, dict[tuple[str, int], str]] = {}

    def of(self, node: Node) -> str | None:
        """The query of a SQL model, the function of a Python model with its decorators; None for anything else."""
        body = node.body if isinstance(node, Model) else None
        match body:
            case SqlBody():
                return body.text
            case PythonBody():
                return self._function(body)
            case _:
                return None

    def _function(self, body: PythonBody) -> str | None:
        """None where the function is made by another: its file has no ``def`` of it."""
        if body.file not in self._functions:
            self._functions[body.file] = _functions((self._root / body.file).read_text(encoding="utf-8-sig"))
        return self._functions[body.file].get((body.function, body.line))


def _functions(text: str) -> dict[tuple[str, int], str]:
    """The functions of a file by name and line."""
    lines = text.splitlines()
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min((d.lineno for d in node.decorator_list), default=node.lineno)
            found[node.name, node.lineno] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


class Compiling:
    """Fills in the names and variables of queries, as this environment runs them.

    What is another in each load (``$start``, ``$end``, ``$cursor``, ``$files``, ``$run_id``) stays as it is written, and
    so does a variable whose value is not shown.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._dialects = view.loaded.connections.dialects()
        shown = {name: masked(("vars", name), value) for name, value in view.variables.items()}
        self._hidden = {name for name, value in view.variables.items() if shown[name] != value}

    def of(self, node: Node) -> str | None:
        """The query of a SQL model; None for anything else."""
        if not isinstance(node, Model) or not isinstance(node.body, SqlBody):
            return None
        return self._query(node, node.body, self._view.connection_name(node))

    def _query(self, model: Model, body: SqlBody, connection: str) -> str:
        names = self._view.loaded.graph.references(model.name)
        dialect = self._dialects.get(connection) or self._dialects[self._view.loaded.config.default_connection]
        loose = PER_RUN | self._hidden | set(part_variables(model))

        def stands(reference: Reference) -> Compiled:
            return self._stand_in(names[reference.parts], connection, dialect)

        def left(span: Variable) -> str | None:
            return f"${span.name}" if span.name in loose else None

        return compile_query(body, stands, self._view.variables, lambda n: _quoted(n, dialect), model.file, left)

    def _stand_in(self, name: str, connection: str, dialect: str) -> Compiled:
        node = self._view.loaded.graph.nodes[name]
        if name in self._view.inlined and isinstance(node, Model):
            if isinstance(node.body, SqlBody):
                return Inline(self._query(node, node.body, connection))
            return _quoted(f"__interlace_{name}", dialect)
        if self._view.connection_name(node) != connection:
            from interlace.run.transfer import copy_relation

            return Renamed(_name(copy_relation(name), dialect))
        relation = self._view.reads(name)
        return _quoted(name, dialect) if relation is None else _name(relation, dialect)


def _name(relation: Relation, dialect: str) -> str:
    return ".".join(_quoted(part, dialect) for part in relation.parts)


@cache
def _quoted(name: str, dialect: str) -> str:
    from sqlglot import exp

    return exp.to_identifier(name, quoted=True).sql(dialect=dialect)
