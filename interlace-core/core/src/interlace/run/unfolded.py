"""The query of a model with those of the models that are inlined into it: what it is really made of, as one text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from interlace.model.definition import Model, SqlBody
from interlace.plan.compile import Compiled, Inline, Renamed, compile_query
from interlace.plan.versions import digest, made_of, made_together
from interlace.run.declaring import declares
from interlace.run.document import definition_of

if TYPE_CHECKING:
    from interlace.contracts.relation import Column
    from interlace.contracts.state import DefinitionRecord
    from interlace.model.definition import Reference, Variable
    from interlace.run.view import View

__all__ = ["made_now", "named", "nodes_in", "record_of", "rest_and_made", "unfolded"]

MARK: Final = "model:"
"""Before the name of what an unfolded query reads, so that no WITH of a query around it takes the name for its own."""


_MARKED: Final = re.compile(f'{MARK}([^"`]+)')


def record_of(view: View, model: Model, columns: Iterable[Column] | None) -> DefinitionRecord:
    """What a model was built from, that of the models inlined into it included.

    Args:
        columns: those that were published; None where it has no relation.
    """
    record = definition_of(model, rest_and_made(view, model), columns)
    if not _direct(view, model):
        return record
    text = _unfolded(view, model)
    if text is None:
        return replace(record, query=None)
    return replace(record, query=definition_of(replace(model, body=SqlBody(text, model.line)), "", None).query)


def rest_and_made(view: View, model: Model) -> str:
    """What decides a model's data besides its unfolded query, and, after a space, which inlined models it is made of."""
    direct = _direct(view, model)
    if not direct:
        return view.rest(model)
    below = sorted(_below(view, direct))
    return f"{digest(view.rest(model), *(f'{n}={view.rest(view.models[n])}' for n in below))} {made_now(view, model)}"


def made_now(view: View, model: Model) -> str:
    """A digest of the definitions of the models that are inlined into a model; empty where there are none."""
    fingerprints = {n: view.fingerprints[n] for n in view.inlined}
    parents = view.loaded.graph.parents
    return made_together({n: made_of(n, fingerprints, parents) for n in _direct(view, model)})


def unfolded(view: View, model: Model) -> SqlBody | None:
    """The query of a model with queries in place of the models that are inlined, variables as written.

    Returns:
        as it is written where nothing is inlined; None where there is no such query: something is inlined that is
        Python, that is cast to declared types, or that is in another connection.
    """
    if not isinstance(model.body, SqlBody) or not _direct(view, model):
        return model.body if isinstance(model.body, SqlBody) else None
    text = _unfolded(view, model)
    if text is None:
        return None
    from interlace.errors import InvalidSql
    from interlace.model.sql_query import QueryReader
    from interlace.run.lineage import dialects_of

    try:
        return QueryReader(dialects_of(view)(model)).read(text, model.file, model.line)[0]
    except (InvalidSql, RecursionError):
        return None


def named(parts: tuple[str, ...]) -> tuple[str, ...] | str:
    """The name of the node that an unfolded query reads by a name of these parts; they themselves where they are an author's."""
    return parts[0].removeprefix(MARK) if len(parts) == 1 and parts[0].startswith(MARK) else parts


def _unfolded(view: View, model: Model) -> str | None:
    if not isinstance(model.body, SqlBody):
        return None
    if not all(_is_plain(view, view.models[n], model) for n in _below(view, _direct(view, model))):
        return None
    from interlace.run.lineage import dialects_of

    return _text(view, model, dialects_of(view)(model))


def nodes_in(view: View, model: Model, text: str) -> set[str]:
    """What a model reads now through all that is inlined, and what an unfolded query reads; found without a parser."""
    now = {p for n in (model.name, *_below(view, _direct(view, model))) for p in view.loaded.graph.parents(n)}
    return (now - view.inlined).union(n for n in _MARKED.findall(text) if n in view.loaded.graph.nodes)


def _text(view: View, model: Model, dialect: str) -> str:
    from sqlglot import exp

    body = model.body
    assert isinstance(body, SqlBody)  # noqa: S101  looked at before
    names = view.loaded.graph.references(model.name)

    def quote(name: str) -> str:
        return exp.to_identifier(name, quoted=True).sql(dialect=dialect)

    def stands(reference: Reference) -> Compiled:
        node = names[reference.parts]
        if node in view.inlined:
            return Inline(_text(view, view.models[node], dialect))
        return Renamed(quote(f"{MARK}{node}"))

    def kept(variable: Variable) -> str:
        return body.text[variable.start : variable.end]

    return compile_query(body, stands, {}, quote, model.file, kept)


def _is_plain(view: View, model: Model, reader: Model) -> bool:
    if not isinstance(model.body, SqlBody) or declares(model) or model.pre or model.post or model.files:
        return False
    return view.connection_name(model) == view.connection_name(reader) and model.incremental is None


def _direct(view: View, model: Model) -> list[str]:
    return [p for p in view.loaded.graph.parents(model.name) if p in view.inlined]


def _below(view: View, direct: list[str]) -> set[str]:
    found: set[str] = set()
    pending = list(direct)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += _direct(view, view.models[name])
    return found
