"""``query: "SELECT * FROM $this WHERE amount < 0"``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace_checks import asking

if TYPE_CHECKING:
    from datetime import datetime

    from interlace.model.definition import Reference, SqlBody

__all__ = ["Query", "QueryOptions"]


class QueryOptions(CheckOptions):
    """Options of ``query``.

    Attributes:
        query: gives the rows that fail.  ``$this`` stands for the checked relation; other names mean what they mean in a
            model, and so do variables.
    """

    query: Annotated[str, Field(min_length=1)]


class Query(Check):
    """A query gives no rows.

    It may read other models; they are built before the checked one is checked.
    """

    Config: ClassVar[type[CheckOptions]] = QueryOptions
    shorthand = "query"

    def columns(self, options: QueryOptions) -> tuple[str, ...]:
        """None by name: the database looks them up."""
        del options
        return ()

    def reads(self, options: QueryOptions, dialect: str) -> tuple[str, ...]:
        """The models that it reads, but for ``$this``."""
        from interlace.model.check_query import THIS

        found = [r.parts for r in _read(options, dialect).references if r.parts != (THIS,)]
        return tuple(dict.fromkeys(".".join(map(_quoted, parts)) for parts in found))

    def validate(self, options: QueryOptions, dialect: str) -> None:
        """It must parse, and be a query."""
        _read(options, dialect)

    def compile(self, target: CheckTarget, options: QueryOptions) -> Measure:
        """Count its rows."""
        import sqlglot

        from interlace.model.check_query import filled

        body = _read(options, target.dialect)
        text = filled(body, lambda reference: _relation(reference, target), target.variables)
        bad = sqlglot.parse_one(text, dialect=target.dialect)
        rows = exp.Subquery(this=bad, alias=exp.TableAlias(this=exp.to_identifier("bad")))
        count = exp.select(exp.Count(this=exp.Star())).from_(rows.copy())
        return Measure(count.subquery(), exp.select(exp.Star()).from_(rows))

    def judge(self, value: Any, options: QueryOptions, now: datetime) -> Verdict:
        """Pass when there are none."""
        del options, now
        failing = int(value or 0)
        if not failing:
            return Verdict(True, "the query gives no row", 0)
        return Verdict(False, f"the query gives {asking.rows(failing)}", failing)


def _read(options: QueryOptions, dialect: str) -> SqlBody:
    from interlace.model.check_query import read_check_query

    return read_check_query(options.query, dialect)


def _relation(reference: Reference, target: CheckTarget) -> str:
    """What stands for a name in the query; where it has no alias, it keeps the name that columns are qualified by."""
    from interlace.model.check_query import THIS

    this = reference.parts == (THIS,)
    relation = target.relation if this else target.resolve(".".join(map(_quoted, reference.parts)))
    name = exp.Identifier(this=reference.parts[-1], quoted=True)
    alias = "" if reference.aliased else f" AS {name.sql(dialect=target.dialect)}"
    return asking.table(relation).sql(dialect=target.dialect) + alias


def _quoted(part: str) -> str:
    """A part of a name as it stands in a dotted one."""
    return part if part.isidentifier() else '"' + part.replace('"', '""') + '"'
