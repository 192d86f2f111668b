"""What a Python model's parameters are given: a parent's rows, in the form that the annotation asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from interlace.errors import ModelFailed

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Literal

    from interlace.contracts.connection import Session

    Wants = Literal[
        "ibis.Table",
        "pyarrow.Table",
        "pyarrow.RecordBatchReader",
        "pandas.DataFrame",
        "polars.DataFrame",
        "polars.LazyFrame",
    ]

__all__ = ["provide"]


def provide(wants: Wants, session: Session, sql: str, name: str) -> Any:
    """Give a query's rows in the form that a parameter asks for.

    Args:
        wants: the form.  An ibis table is lazy; a reader streams in bounded memory; the others hold all rows.
        session: where the query runs.  A reader is valid until the session's next statement: give it one of its own.
        sql: the query: ``SELECT * FROM`` a relation, or that of an inlined model.
        name: the parameter, for messages.

    Raises:
        ModelFailed: the form's package is not installed.
        QueryFailed: the database refused the query.
        UnsupportedCapability: the connection gives no Arrow, or no ibis backend.
    """
    match wants:
        case "ibis.Table":
            return session.ibis().sql(sql)
        case "pyarrow.RecordBatchReader":
            return session.arrow(sql)
        case "pyarrow.Table":
            return session.arrow(sql).read_all()
        case "pandas.DataFrame":
            _package("pandas", wants, name)
            return session.arrow(sql).read_all().to_pandas()
        case "polars.DataFrame":
            return _package("polars", wants, name).from_arrow(session.arrow(sql).read_all())
        case "polars.LazyFrame":
            return _package("polars", wants, name).from_arrow(session.arrow(sql).read_all()).lazy()
        case _:
            assert_never(wants)


def _package(package: str, wants: str, name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ModelFailed(
            f"The parameter {name!r} asks for a {wants}, and {package} is not installed.",
            hint=f"Install it with: pip install 'interlace[{package}]'",
        ) from error
