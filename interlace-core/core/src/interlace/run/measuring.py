"""Asking a database about a relation: the checks compiled, gathered into as few statements as possible, answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from interlace.errors import InvalidModel, QueryFailed, did_you_mean

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure
    from interlace.contracts.connection import Session
    from interlace.model.definition import CheckUse
    from interlace.run.narrowing import Narrowing

__all__ = ["Answer", "Asked", "Checks", "ask", "prepared", "unique_name", "validated"]


class Checks(Protocol):
    """Where checks are found by the word that a project uses."""

    def get(self, name: str, /) -> type[Check]:
        """The class of a check."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One check, ready to be asked.

    Attributes:
        narrowing: the rows that it is about, where the user said ``where``.
        whole: whether its value is selected from the whole relation.
    """

    name: str
    type: str
    check: Check
    options: CheckOptions
    measure: Measure
    narrowing: Narrowing | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What the database said: the check's value, and how many rows it is about."""

    value: Any
    rows: int


# --- compile ----------------------------------------------------------------------------------------------------------


def prepared(uses: Sequence[CheckUse], checks: Checks, target: CheckTarget) -> list[Asked]:
    """Compile the checks of a relation.

    Raises:
        InvalidModel: a check's options do not fit the relation; names the check, the column, the nearest column.
    """
    asked: list[Asked] = []
    taken: set[str] = set()
    for use in uses:
        one = _compiled(use, checks.get(use.type), target)
        name = unique_name(one.name, taken)
        taken.add(name)
        asked.append(replace(one, name=name))
    return asked


def validated(use: CheckUse, kind: type[Check]) -> CheckOptions:
    """The options of a check.

    Raises:
        InvalidModel: names the check and what is wrong.
    """
    from pydantic import ValidationError

    try:
        return kind.Config.model_validate(dict(use.options))
    except ValidationError as error:
        said = "; ".join(_said(problem["loc"], problem["msg"]) for problem in error.errors())
        raise InvalidModel(f"check {use.type!r}: {said}") from error


def unique_name(name: str, taken: set[str]) -> str:
    """The name, numbered where it is taken: ``range(price)``, ``range(price) 2``."""
    numbered = (name if n == 1 else f"{name} {n}" for n in range(1, len(taken) + 2))
    return next(candidate for candidate in numbered if candidate not in taken)


def _compiled(use: CheckUse, kind: type[Check], target: CheckTarget) -> Asked:
    options, check = validated(use, kind), kind()
    name = options.name or _name(use.type, check.subject(options))
    try:
        _require_columns(check.columns(options), target)
        if options.where is None:
            return Asked(name, use.type, check, options, check.compile(target, options))
        narrowing = _narrowing(options.where, target)
        measure, whole = narrowing.measure(check.compile(narrowing.compiling(), options))
        return Asked(name, use.type, check, options, measure, narrowing, whole)
    except InvalidModel as error:
        raise InvalidModel(f"check {name!r}: {error.message}", where=error.where, hint=error.hint) from error


def _narrowing(text: str, target: CheckTarget) -> Narrowing:
    from sqlglot import exp

    from interlace.model.sql_condition import parse_condition, require_columns
    from interlace.run.narrowing import Narrowing

    condition = parse_condition(text, target.dialect, "'where'")
    require_columns(condition, (c.name for c in target.columns), str(target.relation), text, "'where'")
    return Narrowing(target, exp.Paren(this=condition))


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


# --- ask --------------------------------------------------------------------------------------------------------------


def ask(session: Session, target: CheckTarget, asked: Sequence[Asked]) -> list[Answer]:
    """Ask all checks: one statement over the relation, and one for each ``where`` that cannot be part of it.

    Raises:
        QueryFailed: the database refused; names the check.
    """
    answers: dict[int, Answer] = {}
    for together in _statements(asked):
        answers |= _asked_together(session, target, together)
    return [answers[id(one)] for one in asked]


def _statements(asked: Sequence[Asked]) -> list[list[Asked]]:
    """The checks that are asked together: those over the whole relation, and those over the same rows of it."""
    apart: dict[str, list[Asked]] = {"": [one for one in asked if one.whole]}
    for one in asked:
        if not one.whole:
            apart.setdefault(one.options.where or "", []).append(one)
    return [together for together in apart.values() if together]


def _asked_together(session: Session, target: CheckTarget, asked: Sequence[Asked]) -> dict[int, Answer]:
    counts = {
        one.options.where: one.narrowing.count()
        for one in asked
        if one.whole and one.narrowing is not None and one.options.max_fraction is not None
    }
    values = [*(one.measure.value for one in asked), *counts.values()]
    try:
        rows, *found = session.fetch(_statement(session, target, values, _narrowed(asked)))[0]
    except QueryFailed as error:
        guilty = _guilty(session, target, asked)
        names = ", ".join(repr(one.name) for one in guilty)
        which = f"check {names}" if len(guilty) == 1 else f"one of the checks {names}"
        raise QueryFailed(
            f"{which} of {target.relation} cannot be answered: {error.message}", sql=error.sql, hint=error.hint
        ) from error
    own_rows = dict(zip(counts, found[len(asked) :], strict=True))
    return {
        id(one): Answer(value, int(own_rows.get(one.options.where, rows)))
        for one, value in zip(asked, found, strict=False)
    }


def _narrowed(asked: Sequence[Asked]) -> Narrowing | None:
    return None if asked[0].whole else asked[0].narrowing


def _statement(
    session: Session, target: CheckTarget, values: Iterable[exp.Expr], narrowing: Narrowing | None = None
) -> str:
    """One row: the number of rows, then each measure.

    The count is what makes one row of it where all measures are scalar subqueries.
    """
    write = _writer(target.dialect)
    measures = ", ".join(["COUNT(*)", *(write(value) for value in values)])
    rows = session.name(target.relation) if narrowing is None else write(narrowing.rows())
    return f"SELECT {measures} FROM {rows}"


def _writer(dialect: str) -> Callable[[exp.Expr], str]:
    """Writes expressions as SQL: one generator for all, as making it costs more than small expressions do."""
    from sqlglot.dialects.dialect import Dialect

    return Dialect.get_or_raise(dialect).generator(comments=False).generate


# --- whose fault it is ------------------------------------------------------------------------------------------------


def _guilty(session: Session, target: CheckTarget, asked: Sequence[Asked]) -> Sequence[Asked]:
    """The checks that the database refuses one by one; all of them where that cannot be found out."""
    if len(asked) == 1:
        return asked
    if _refused(session.fetch, _statement(session, target, [])):
        found = _guilty_of_binding(session, target, asked)
    else:
        rows = _narrowed(asked)
        found = [
            one for one in asked if _refused(session.fetch, _statement(session, target, [one.measure.value], rows))
        ]
    return found or asked


def _guilty_of_binding(session: Session, target: CheckTarget, asked: Sequence[Asked]) -> list[Asked]:
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

    from interlace.run.narrowing import table

    wanted = table(target.relation)
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
