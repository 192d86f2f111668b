"""Checks of one relation: one statement asks for all of them, then each is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from interlace.contracts.check import CheckTarget
from interlace.contracts.state import CheckRecord
from interlace.errors import InvalidModel, QueryFailed, did_you_mean
from interlace.run.sample import sample

if TYPE_CHECKING:
    from datetime import datetime

    from sqlglot import exp

    from interlace.contracts.check import Check, CheckOptions, Measure
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column, Relation
    from interlace.model.definition import CheckUse

__all__ = ["Checks", "audit"]


class Checks(Protocol):
    """Where checks are found by the word that a project uses."""

    def get(self, name: str, /) -> type[Check]:
        """The class of a check."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One check, ready to be asked."""

    name: str
    type: str
    check: Check
    options: CheckOptions
    measure: Measure


def audit(
    session: Session,
    relation: Relation,
    columns: Sequence[Column],
    uses: Sequence[CheckUse],
    checks: Checks,
    *,
    resolve: Callable[[str], Relation],
    now: datetime,
    samples: int = 10,
    masked: frozenset[str] = frozenset(),
) -> list[CheckRecord]:
    """Run the checks of a relation, on the cursor that built it.

    Args:
        session: sees the staged relation; a transaction may be open.
        relation: what to check.
        columns: its columns.
        uses: the checks, as the model names them.
        checks: the installed checks.
        resolve: gives the relation of another model by its name.
        now: the moment that ages are judged by, in UTC.
        samples: the most failing rows that are kept of a check; 0 keeps none.
        masked: columns whose values are not kept, in any case.

    Returns:
        one record for each use, in order, their names unique.

    Raises:
        InvalidModel: a check's options do not fit the relation; names the check, the column, the nearest column.
        QueryFailed: the database refused a check's SQL; names the check.
    """
    if not uses:
        return []
    target = CheckTarget(relation, tuple(columns), session.connection.dialect, resolve)
    asked = _prepared(uses, checks, target)
    values = _ask(session, target, asked)
    hidden = frozenset(name.casefold() for name in masked)
    return [_record(session, one, value, now, samples, hidden) for one, value in zip(asked, values, strict=True)]


# --- compile ----------------------------------------------------------------------------------------------------------


def _prepared(uses: Sequence[CheckUse], checks: Checks, target: CheckTarget) -> list[_Asked]:
    asked: list[_Asked] = []
    taken: set[str] = set()
    for use in uses:
        one = _compiled(use, checks.get(use.type), target)
        name = _unique(one.name, taken)
        taken.add(name)
        asked.append(replace(one, name=name))
    return asked


def _compiled(use: CheckUse, kind: type[Check], target: CheckTarget) -> _Asked:
    options, check = _options(use, kind), kind()
    name = options.name or _name(use.type, check.subject(options))
    try:
        _require_columns(check.columns(options), target)
        return _Asked(name, use.type, check, options, check.compile(target, options))
    except InvalidModel as error:
        raise InvalidModel(f"check {name!r}: {error.message}", where=error.where, hint=error.hint) from error


def _options(use: CheckUse, kind: type[Check]) -> CheckOptions:
    from pydantic import ValidationError

    try:
        return kind.Config.model_validate(dict(use.options))
    except ValidationError as error:
        said = "; ".join(_said(problem["loc"], problem["msg"]) for problem in error.errors())
        raise InvalidModel(f"check {use.type!r}: {said}") from error


def _said(path: tuple[int | str, ...], message: str) -> str:
    return ": ".join(part for part in (".".join(map(str, path)), message.removeprefix("Value error, ")) if part)


def _require_columns(names: Iterable[str], target: CheckTarget) -> None:
    known = {column.name.casefold() for column in target.columns}
    for name in names:
        if name.casefold() not in known:
            near = did_you_mean(name, [c.name for c in target.columns], label="Columns")
            raise InvalidModel(f"{target.relation} has no column {name!r}. {near}".rstrip())


def _name(type_: str, subject: str) -> str:
    return f"{type_}({subject})" if subject else type_


def _unique(name: str, taken: set[str]) -> str:
    """The name, numbered where it is taken: ``range(price)``, ``range(price) 2``."""
    numbered = (name if n == 1 else f"{name} {n}" for n in range(1, len(taken) + 2))
    return next(candidate for candidate in numbered if candidate not in taken)


# --- ask --------------------------------------------------------------------------------------------------------------


def _ask(session: Session, target: CheckTarget, asked: Sequence[_Asked]) -> Sequence[Any]:
    try:
        return session.fetch(_statement(session, target, [one.measure.value for one in asked]))[0][1:]
    except QueryFailed as error:
        guilty = _guilty(session, target, asked)
        names = ", ".join(repr(one.name) for one in guilty)
        which = f"check {names}" if len(guilty) == 1 else f"one of the checks {names}"
        raise QueryFailed(
            f"{which} of {target.relation} cannot be answered: {error.message}", sql=error.sql, hint=error.hint
        ) from error


def _statement(session: Session, target: CheckTarget, values: Iterable[exp.Expr]) -> str:
    """One row: the number of rows, then each measure.

    The count is what makes one row of it where all measures are scalar subqueries.
    """
    write = _writer(target.dialect)
    measures = ", ".join(["COUNT(*)", *(write(value) for value in values)])
    return f"SELECT {measures} FROM {session.name(target.relation)}"


def _writer(dialect: str) -> Callable[[exp.Expr], str]:
    """Writes expressions as SQL: one generator for all, as making it costs more than small expressions do."""
    from sqlglot.dialects.dialect import Dialect

    return Dialect.get_or_raise(dialect).generator(comments=False).generate


def _table(relation: Relation) -> exp.Table:
    from sqlglot import exp

    return exp.table_(relation.name, db=relation.schema, catalog=relation.catalog, quoted=True)


def _guilty(session: Session, target: CheckTarget, asked: Sequence[_Asked]) -> Sequence[_Asked]:
    """The checks that the database refuses one by one; all of them where that cannot be found out."""
    if len(asked) == 1:
        return asked
    if _refused(session.fetch, _statement(session, target, [])):
        found = _guilty_of_binding(session, target, asked)
    else:
        found = [one for one in asked if _refused(session.fetch, _statement(session, target, [one.measure.value]))]
    return found or asked


def _guilty_of_binding(session: Session, target: CheckTarget, asked: Sequence[_Asked]) -> list[_Asked]:
    """The checks that do not bind, in a session of its own: the transaction is dead and takes no more statements.

    The staged relation cannot be seen from there, so an empty one with its columns stands in for it.
    """
    try:
        other = session.connection.session()
    except Exception:  # noqa: BLE001  the failure that led here is the one to report
        return []
    try:
        return [one for one in asked if _refused(other.describe, _stand_in(target, one.measure.value))]
    finally:
        other.close()


def _stand_in(target: CheckTarget, value: exp.Expr) -> str:
    from sqlglot import exp

    wanted = _table(target.relation)
    empty = ", ".join(
        f"CAST(NULL AS {column.type}) AS {exp.to_identifier(column.name, quoted=True).sql(dialect=target.dialect)}"
        for column in target.columns
    )
    stand_in = exp.table_("interlace_stand_in", quoted=True)

    def swap(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.parts == wanted.parts:
            alias = node.alias
            return exp.alias_(stand_in.copy(), alias, table=True) if alias else stand_in.copy()
        return node

    measure = value.copy().transform(swap).sql(dialect=target.dialect, comments=False)
    return f'WITH "interlace_stand_in" AS (SELECT {empty}) SELECT {measure} AS c FROM "interlace_stand_in"'


def _refused(ask: Callable[[str], object], sql: str) -> bool:
    try:
        ask(sql)
    except QueryFailed:
        return True
    return False


# --- judge ------------------------------------------------------------------------------------------------------------


def _record(
    session: Session, asked: _Asked, value: Any, now: datetime, samples: int, hidden: frozenset[str]
) -> CheckRecord:
    verdict = asked.check.judge(value, asked.options, now)
    rows = () if verdict.passed or samples <= 0 else _failing(session, asked, samples, hidden)
    return CheckRecord(
        name=asked.name,
        type=asked.type,
        severity=asked.options.severity,
        passed=verdict.passed,
        message=verdict.message,
        failing=verdict.failing,
        sample=rows,
    )


def _failing(session: Session, asked: _Asked, samples: int, hidden: frozenset[str]) -> Sequence[dict[str, Any]]:
    if asked.measure.failing is None:
        return ()
    query = asked.measure.failing.copy().limit(samples).sql(dialect=session.connection.dialect, comments=False)
    try:
        return sample(session, query, hidden)
    except QueryFailed as error:
        raise QueryFailed(
            f"the failing rows of check {asked.name!r} cannot be read: {error.message}", sql=error.sql, hint=error.hint
        ) from error
