"""The steps of a load as SQL of a backend: what its engine does in its own way, and what its dialect says differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlace.contracts import applying
from interlace.contracts.load import AlterType, Change, Derive, Examine, Keep, Publish, Stage, Step

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace_ibis.session import IbisSession

__all__ = ["statements"]


def statements(session: IbisSession, step: Step) -> tuple[str, ...]:
    """The statements that perform a step.

    Raises:
        UnsupportedCapability: the backend cannot do it, or would do something else.
    """
    engine = session.engine
    engine.require_writing()
    match step:
        case Change(expression):
            _refuse(session, expression)
            return (changing(expression, session.connection.dialect),)
        case Examine(query) | Keep(_, query):
            _refuse(session, query)
            return applying.statements(session, step)
        case Publish(target, source):
            text, standing = _text(session, source), session.standing(target)
            return session.guarded(text, lambda: engine.publish(target, text, standing))
        case Stage(relation, source) | Derive(relation, source):
            session.refuse_without("staging", "keep the rows of a query for a while")
            return session.temporary(relation, _text(session, source))
        case AlterType(target, column, kind):
            return session.guarded(session.name(target), lambda: engine.alter_type(target, column, kind))
        case _:
            return applying.statements(session, step)


def _text(session: IbisSession, source: Any) -> str:
    _refuse(session, source)
    return applying.query_text(session, source)


def _refuse(session: IbisSession, source: Any) -> None:
    if hasattr(source, "find_all"):
        session.engine.refuse(session.connection.backend.title, source)


def changing(expression: exp.Delete | exp.Update | exp.Insert | exp.Merge, dialect: str) -> str:
    """The SQL of a statement; one that reads another table says so in the words of its dialect."""
    from sqlglot import exp

    match expression:
        case exp.Delete() if dialect == "mysql":
            return _mysql_delete(expression)
        case exp.Update() if dialect == "mysql":
            return _mysql_update(expression)
        case exp.Delete() if expression.args.get("using") and dialect != "postgres":
            return _delete_where_exists(expression, dialect)
        case _:
            return expression.sql(dialect=dialect)


def _delete_where_exists(statement: exp.Delete, dialect: str) -> str:
    from sqlglot import exp

    (using,) = statement.args["using"]
    found = exp.select("1").from_(using.copy()).where(statement.args["where"].this.copy())
    plain = exp.Delete(this=statement.this.copy(), where=exp.Where(this=exp.Exists(this=found)))
    return plain.sql(dialect=dialect)


def _mysql_delete(statement: exp.Delete) -> str:
    target = statement.this
    read = ", ".join(table.sql(dialect="mysql") for table in (target, *(statement.args.get("using") or ())))
    where = statement.args["where"].this.sql(dialect="mysql")
    return f"DELETE {_alias(target)} FROM {read} WHERE {where}"


def _mysql_update(statement: exp.Update) -> str:
    target = statement.this
    source = statement.args.get("from_")
    read = ", ".join(table.sql(dialect="mysql") for table in (target, *([source.this] if source else ())))
    changes = ", ".join(
        f"{_alias(target)}.{change.this.this.sql(dialect='mysql')} = {change.expression.sql(dialect='mysql')}"
        for change in statement.expressions
    )
    where = statement.args.get("where")
    return f"UPDATE {read} SET {changes}" + (f" WHERE {where.this.sql(dialect='mysql')}" if where else "")


def _alias(table: exp.Expr) -> str:
    from sqlglot import exp

    return exp.to_identifier(table.alias_or_name, quoted=True).sql(dialect="mysql")
