"""Definitions as plain tuples and back: what the cache writes, quick to read."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from interlace.model.definition import (
    CheckUse,
    ColumnSpec,
    ExportUse,
    FileDrop,
    Fingerprint,
    Incremental,
    Model,
    Parameter,
    PythonBody,
    Reference,
    Retry,
    SeedBody,
    Source,
    SqlBody,
    StrategyUse,
    Variable,
)

if TYPE_CHECKING:
    from interlace.contracts.attachments import Constraint, Grant, Index

__all__ = ["compact_model", "compact_source", "restore_model", "restore_source"]


def compact_model(m: Model) -> tuple[Any, ...]:
    """A model as a tuple of plain data, its fields in their order."""
    return (
        m.name,
        _compact_body(m.body),
        (m.fingerprint.data, m.fingerprint.checks, m.fingerprint.metadata),
        m.file,
        m.line,
        m.sidecar,
        m.schema,
        m.connection,
        m.materialise,
        None if m.strategy is None else (m.strategy.name, m.strategy.options),
        m.key,
        m.dependencies,
        _compact_columns(m.columns),
        tuple((c.type, c.options) for c in m.checks),
        tuple((e.format, e.options) for e in m.export),
        m.timeout,
        m.cache,
        m.tags,
        m.owner,
        m.description,
        m.group,
        m.meta,
        m.enabled,
        m.pre,
        m.post,
        m.inputs,
        m.volatile,
        None if m.incremental is None else astuple(m.incremental),
        m.schema_mode,
        None if m.retry is None else astuple(m.retry),
        m.full_refresh,
        m.renamed_from,
        tuple((i.columns, i.unique, i.method, i.where) for i in m.indexes),
        None if m.grants is None else tuple((g.privilege, g.role) for g in m.grants),
        None if m.files is None else astuple(m.files),
        tuple((c.check, c.unique) for c in m.constraints),
        m.cluster_by,
        m.lineage,
        m.lint,
    )


def restore_model(t: Any) -> Model:
    """The model that `compact_model` made the tuple of."""
    strategy, columns, checks, export = t[9], t[12], t[13], t[14]
    return Model(
        t[0],
        _restore_body(t[1]),
        Fingerprint(*t[2]),
        t[3],
        t[4],
        t[5],
        t[6],
        t[7],
        t[8],
        StrategyUse(*strategy) if strategy else None,
        t[10],
        t[11],
        tuple([ColumnSpec(*c) for c in columns]) if columns else (),
        tuple([CheckUse(*c) for c in checks]) if checks else (),
        tuple([ExportUse(*e) for e in export]) if export else (),
        t[15],
        t[16],
        t[17],
        t[18],
        t[19],
        t[20],
        t[21],
        t[22],
        t[23],
        t[24],
        t[25],
        t[26],
        Incremental(*t[27]) if t[27] else None,
        t[28],
        Retry(*t[29]) if t[29] else None,
        t[30],
        t[31],
        _indexes(t[32]) if t[32] else (),
        None if t[33] is None else _grants(t[33]),
        FileDrop(*t[34]) if t[34] else None,
        _constraints(t[35]) if t[35] else (),
        t[36],
        t[37],
        t[38],
    )


def _indexes(compact: tuple[Any, ...]) -> tuple[Index, ...]:
    from interlace.contracts.attachments import Index

    return tuple([Index(*i) for i in compact])


def _constraints(compact: tuple[Any, ...]) -> tuple[Constraint, ...]:
    from interlace.contracts.attachments import Constraint

    return tuple([Constraint(*c) for c in compact])


def _grants(compact: tuple[Any, ...]) -> tuple[Grant, ...]:
    from interlace.contracts.attachments import Grant

    return tuple([Grant(*g) for g in compact])


def compact_source(s: Source) -> tuple[Any, ...]:
    """A source as a tuple of plain data, its fields in their order."""
    return (
        s.name,
        s.file,
        s.line,
        s.connection,
        s.relation,
        _compact_columns(s.columns),
        tuple((c.type, c.options) for c in s.checks),
        s.freshness,
        s.freshness_column,
        s.owner,
        s.description,
        s.tags,
        s.meta,
        s.schema,
        s.sample_by,
    )


def restore_source(t: Any) -> Source:
    """The source that `compact_source` made the tuple of."""
    columns = tuple(ColumnSpec(*c) for c in t[5])
    checks = tuple(CheckUse(*c) for c in t[6])
    return Source(t[0], t[1], t[2], t[3], t[4], columns, checks, *t[7:15])


def _compact_columns(columns: tuple[ColumnSpec, ...]) -> tuple[Any, ...]:
    return tuple((c.name, c.type, c.description, c.contract, c.tags, c.renamed_from) for c in columns)


def _compact_body(body: Any) -> tuple[Any, ...]:
    match body:
        case SqlBody():
            references = tuple((r.parts, r.start, r.end, r.aliased) for r in body.references)
            variables = tuple((v.name, v.start, v.end) for v in body.variables)
            return ("sql", body.text, body.line, references, variables, body.files, body.volatile)
        case PythonBody():
            parameters = tuple((p.name, p.reference, p.wants) for p in body.parameters)
            return ("python", body.file, body.function, body.line, body.kind, parameters, body.context)
        case _:
            return ("seed", body.file, body.format, body.options)


def _restore_body(t: tuple[Any, ...]) -> SqlBody | PythonBody | SeedBody:
    if t[0] == "sql":
        references = tuple([Reference(*r) for r in t[3]])
        variables = tuple([Variable(*v) for v in t[4]]) if t[4] else ()
        return SqlBody(t[1], t[2], references, variables, t[5], t[6])
    if t[0] == "python":
        return PythonBody(t[1], t[2], t[3], t[4], tuple(Parameter(*p) for p in t[5]), t[6])
    return SeedBody(t[1], t[2], t[3])
