"""The query of a sample: the same rows whenever it is asked, and the same keys of whatever is sampled by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlace.errors import UnsupportedCapability, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column
    from interlace.model.definition import Source
    from interlace.plan.sampling import Sample

__all__ = ["refuse_unsampled", "sampled_query"]

_COLLATION: Final = {"duckdb": "", "postgres": ' COLLATE "C"'}
"""By the dialects in which ``md5`` gives hexadecimal text: what makes text compare byte by byte."""

_DIGITS: Final = 8
"""How many hexadecimal digits of a hash are compared with the part that is wanted."""


def refuse_unsampled(session: Session) -> None:
    """Refuse an engine that the hash cannot be asked of.

    Raises:
        UnsupportedCapability: names the connection.
    """
    if session.connection.dialect not in _COLLATION:
        raise UnsupportedCapability(
            f"--sample: connection {session.connection.name!r} is none of {', '.join(sorted(_COLLATION))}",
            hint="Copy its sources whole: leave --sample out.",
        )


def sampled_query(source: Source, columns: Sequence[Column], rows: str, session: Session, sample: Sample | None) -> str:
    """The rows to copy.

    A row is in the sample by a hash of the text of its values in `Source.sample_by` (of all, where it says nothing): those
    below the part that is wanted, or so many with the smallest.  Equal values have equal hashes in every relation and on
    every engine, as far as they print alike.

    Args:
        source: what is copied.
        columns: its columns.
        rows: what stands after FROM.
        session: of the database that is asked.
        sample: how much of it; None for all.

    Raises:
        UsageError: `sample_by` names no column.
    """
    chosen = ", ".join(session.quote(c.name) for c in columns)
    query = f"SELECT {chosen} FROM {rows}"
    if sample is None:
        return query
    collation = _COLLATION[session.connection.dialect]
    hashed = _hash(_sampled_by(source, columns), session)
    if sample.part is not None:
        below = f"{round(sample.part * 16**_DIGITS):0{_DIGITS}x}"
        return f"{query} WHERE SUBSTR({hashed}, 1, {_DIGITS}){collation} < '{below}'"
    ties = _hash([c.name for c in columns], session)
    return f"{query} ORDER BY {hashed}{collation}, {ties}{collation} LIMIT {sample.rows}"


def _sampled_by(source: Source, columns: Sequence[Column]) -> list[str]:
    known = {c.name.casefold(): c.name for c in columns}
    for name in source.sample_by:
        if name.casefold() not in known:
            near = did_you_mean(name, [c.name for c in columns], label="Columns")
            raise UsageError(
                f"the source {source.name!r} has no column {name!r}, which its 'sample_by' names ({source.file}:{source.line})",
                hint=near or None,
            )
    return [known[name.casefold()] for name in source.sample_by] or [c.name for c in columns]


def _hash(names: Sequence[str], session: Session) -> str:
    """The hash of some values: each text with its length before it, so that no two lists of values run together."""
    parts = []
    for name in names:
        text = f"CAST({session.quote(name)} AS VARCHAR)"
        parts.append(f"COALESCE(CAST(LENGTH({text}) AS VARCHAR) || ':' || {text}, '-')")
    return f"MD5({' || '.join(parts)})"
