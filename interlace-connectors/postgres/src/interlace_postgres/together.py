"""Several small tables by few messages: one asks what stands, one makes them all and says what they have become."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from interlace.contracts import applying
from interlace.contracts.connection import Published
from interlace_postgres.catalogue import COLUMNS_OF_C, columns_of
from interlace_postgres.publishing import exchanged, publish, substitute
from interlace_postgres.quoting import literal, qualified
from interlace_postgres.standing import PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import Publish
    from interlace.contracts.relation import Relation
    from interlace_postgres.session import PostgresSession

__all__ = ["publish_together"]

NOW: Final = "SELECT extract(epoch FROM clock_timestamp())::float8"


def publish_together(session: PostgresSession, steps: Sequence[Publish]) -> list[Published]:
    """Perform the steps in order; a table that something stands on is published by itself, between the others."""
    plain = _plain(session, [step.target for step in steps])
    found: list[Published] = []
    message: list[tuple[Publish, bool]] = []
    for step, easy in zip(steps, plain, strict=True):
        if easy is not None:
            message.append((step, easy))
            continue
        found += _send(session, message)
        found.append(_alone(session, step))
        message = []
    return found + _send(session, message)


def _plain(session: PostgresSession, targets: Sequence[Relation]) -> list[bool | None]:
    """For each target whether it must give way; None where it takes more than that."""
    names = ", ".join(f"({number}, to_regclass({literal(qualified(t))}))" for number, t in enumerate(targets))
    standing = session.fetch(
        f"SELECT number, oid::oid FROM (VALUES {names}) AS targets(number, oid) WHERE oid IS NOT NULL"
    )
    if not standing:
        return [False] * len(targets)
    oids = ", ".join(f"({number}, {oid}::oid)" for number, oid in standing)
    plain = session.fetch(
        f"SELECT number, {PLAIN} FROM (VALUES {oids}) AS targets(number, oid) JOIN pg_catalog.pg_class c ON c.oid = targets.oid"
    )
    ways = {number: True if is_plain else None for number, is_plain in plain}
    return [ways.get(number, False) for number in range(len(targets))]


def _send(session: PostgresSession, message: Sequence[tuple[Publish, bool]]) -> list[Published]:
    """One message, and after each table the time."""
    if not message:
        return []
    said = [NOW]
    for step, stands in message:
        made = substitute(step.target) if stands else step.target
        then = exchanged(step.target, made) if stands else ()
        said += [f"CREATE TABLE {qualified(made)} AS {applying.query_text(session, step.source)}\n", *then, NOW]
    said.append(_columns([step.target for step, _ in message]))
    results = iter(session.results("; ".join(said)))
    now = _moment(next(results))
    found: list[tuple[int, float]] = []
    for step, stands in message:
        made_rows, _ = next(results)
        for _ in exchanged(step.target, step.target) if stands else ():
            next(results)
        before, now = now, _moment(next(results))
        found.append((made_rows, now - before))
    _, columns = next(results)
    return [Published(rows, columns_of(text), took) for (rows, took), (text,) in zip(found, columns, strict=True)]


def _alone(session: PostgresSession, step: Publish) -> Published:
    began = time.monotonic()
    rows = [
        session.execute(statement)
        for statement in publish(session, step.target, applying.query_text(session, step.source))
    ]
    return Published(rows[-1], session.columns(step.target), time.monotonic() - began)


def _columns(targets: Sequence[Relation]) -> str:
    oids = ", ".join(f"({number}, {literal(qualified(target))}::regclass)" for number, target in enumerate(targets))
    return (
        f"SELECT {COLUMNS_OF_C} FROM (VALUES {oids}) AS targets(number, oid) JOIN pg_catalog.pg_class c ON c.oid = targets.oid "
        "ORDER BY number"
    )


def _moment(result: tuple[int, list[tuple[Any, ...]]]) -> float:
    [[moment]] = result[1]
    return float(moment)
