"""What a check must do: the suite for `interlace.contracts.check`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from sqlglot import exp

from interlace.contracts.check import CheckTarget, HistoryCheck, Measure, Verdict
from interlace.contracts.relation import Relation
from interlace.errors import InvalidModel
from interlace.model.definition import CheckUse
from interlace.testing.conformance.working import OnConnection

if TYPE_CHECKING:
    from interlace.contracts.check import Check
    from interlace.contracts.connection import Session

__all__ = ["CheckConformance"]

NOW = datetime(2024, 1, 10, tzinfo=UTC)

Judge = Callable[..., Verdict]


class CheckConformance(OnConnection):
    """All scenarios of a check.

    Override `check`, `rows`, `passing`, `failing` and `connect`.
    """

    @pytest.fixture
    def check(self) -> type[Check]:
        """The class under test."""
        raise NotImplementedError("override the fixture `check`: return your class")

    @pytest.fixture
    def rows(self) -> str:
        """A query for the rows that are checked."""
        raise NotImplementedError("override the fixture `rows`: return a query")

    @pytest.fixture
    def passing(self) -> dict[str, Any]:
        """Options that hold for the rows."""
        raise NotImplementedError("override the fixture `passing`: return options that hold for the rows")

    @pytest.fixture
    def failing(self) -> dict[str, Any]:
        """Options that do not hold for the rows."""
        raise NotImplementedError("override the fixture `failing`: return options that do not hold for the rows")

    @pytest.fixture
    def history(self) -> Sequence[float]:
        """What earlier runs measured, newest first, by which `passing` holds and `failing` does not; for a `HistoryCheck`."""
        return ()

    @pytest.fixture
    def resolve(self, target: Relation) -> Callable[[str], Relation]:
        """Gives the relation of another model; here each is the checked one."""
        return lambda name: target  # noqa: ARG005  whatever the name

    @pytest.fixture
    def compiled(
        self, check: type[Check], session: Session, target: Relation, resolve: Callable[[str], Relation]
    ) -> Callable[[str, dict[str, Any]], Measure]:
        """A function that makes a table of a query's rows and compiles the check for it."""

        def compile_(query: str, options: dict[str, Any]) -> Measure:
            with session.transaction():
                session.drop(target, "table")
                session.execute(f"CREATE TABLE {session.name(target)} AS {query}")
            asked = CheckTarget(target, session.columns(target), session.connection.dialect, resolve)
            return check().compile(asked, check.Config.model_validate(options))

        return compile_

    @pytest.fixture
    def judge(
        self,
        check: type[Check],
        session: Session,
        target: Relation,
        compiled: Callable[[str, dict[str, Any]], Measure],
        history: Sequence[float],
    ) -> Judge:
        """A function that runs the check over a query's rows."""

        def run(query: str, options: dict[str, Any]) -> Verdict:
            value = _ask(session, target, compiled(query, options).value)
            given, made = check.Config.model_validate(options), check()
            if isinstance(made, HistoryCheck):
                return made.compare(made.measured(value, given, NOW), history, given)
            return made.judge(value, given, NOW)

        return run

    def test_it_passes_where_it_holds(self, judge: Judge, rows: str, passing: dict[str, Any]) -> None:
        assert judge(rows, passing).passed

    def test_it_fails_where_it_does_not(self, judge: Judge, rows: str, failing: dict[str, Any]) -> None:
        assert not judge(rows, failing).passed

    def test_its_verdict_is_a_sentence(
        self, judge: Judge, rows: str, passing: dict[str, Any], failing: dict[str, Any]
    ) -> None:
        for options in (passing, failing):
            assert " " in judge(rows, options).message

    def test_what_passes_counts_no_failing_rows(self, judge: Judge, rows: str, passing: dict[str, Any]) -> None:
        assert judge(rows, passing).failing in (0, None)

    def test_failing_rows_can_be_shown_where_they_are_counted(
        self,
        judge: Judge,
        compiled: Callable[[str, dict[str, Any]], Measure],
        session: Session,
        rows: str,
        failing: dict[str, Any],
    ) -> None:
        verdict, measure = judge(rows, failing), compiled(rows, failing)
        if measure.failing is None:
            pytest.skip("a failure has no rows")
        shown = session.fetch(measure.failing.sql(dialect=session.connection.dialect))

        assert len(shown) >= (verdict.failing or 1)

    def test_no_failing_rows_are_shown_where_it_holds(
        self,
        compiled: Callable[[str, dict[str, Any]], Measure],
        session: Session,
        rows: str,
        passing: dict[str, Any],
    ) -> None:
        measure = compiled(rows, passing)
        if measure.failing is None:
            pytest.skip("a failure has no rows")

        assert [] == session.fetch(measure.failing.sql(dialect=session.connection.dialect))

    def test_the_rows_that_it_would_set_aside_are_those_that_it_shows(
        self,
        check: type[Check],
        compiled: Callable[[str, dict[str, Any]], Measure],
        session: Session,
        target: Relation,
        rows: str,
        failing: dict[str, Any],
    ) -> None:
        if not check.quarantines:
            pytest.skip("it cannot say which rows fail")
        measure, dialect = compiled(rows, failing), session.connection.dialect
        assert measure.broken is not None
        assert measure.failing is not None
        broken = session.fetch(f"SELECT * FROM {session.name(target)} WHERE {measure.broken.sql(dialect=dialect)}")
        shown = session.fetch(measure.failing.sql(dialect=dialect))

        assert sorted(map(repr, shown)) == sorted(map(repr, broken))

    def test_it_can_be_asked_of_a_part_of_the_rows(
        self,
        check: type[Check],
        compiled: Callable[[str, dict[str, Any]], Measure],
        session: Session,
        target: Relation,
        resolve: Callable[[str], Relation],
        rows: str,
        failing: dict[str, Any],
    ) -> None:
        from interlace.run.measuring import ask, prepared

        compiled(rows, failing)
        asked = CheckTarget(target, session.columns(target), session.connection.dialect, resolve)
        use = CheckUse("it", {**failing, "where": "1 = 0", "max_fraction": 0.5})
        one = prepared([use], _Only(check), asked)
        answer = ask(session, asked, one)[0]

        assert 0 == answer.rows
        assert check().judge(answer.value, one[0].options, NOW).failing in (0, None)

    def test_it_answers_over_no_rows(self, judge: Judge, rows: str, failing: dict[str, Any]) -> None:
        verdict = judge(f"SELECT * FROM ({rows}) AS none_of_them WHERE 1 = 0", failing)

        assert verdict.failing in (0, None)

    def test_it_answers_over_rows_of_nulls(
        self, judge: Judge, session: Session, rows: str, failing: dict[str, Any]
    ) -> None:
        assert isinstance(judge(_nulls(session, rows), failing), Verdict)

    def test_it_asks_for_one_value(
        self,
        compiled: Callable[[str, dict[str, Any]], Measure],
        session: Session,
        target: Relation,
        rows: str,
        failing: dict[str, Any],
    ) -> None:
        measure = compiled(rows, failing)

        assert 3 == len(_answers(session, target, [measure.value, measure.value]))

    def test_compiling_twice_gives_the_same(
        self, compiled: Callable[[str, dict[str, Any]], Measure], rows: str, failing: dict[str, Any]
    ) -> None:
        assert compiled(rows, failing) == compiled(rows, failing)

    def test_the_columns_that_it_names_are_looked_up(
        self,
        check: type[Check],
        compiled: Callable[[str, dict[str, Any]], Measure],
        failing: dict[str, Any],
    ) -> None:
        if not check().columns(check.Config.model_validate(failing)):
            pytest.skip("it names no column")
        with pytest.raises(InvalidModel):
            compiled("SELECT 1 AS some_other_column", failing)

    def test_a_bare_value_is_its_shorthand(
        self, check: type[Check], passing: dict[str, Any], failing: dict[str, Any]
    ) -> None:
        if check.shorthand is None:
            pytest.skip("it has no shorthand")

        assert check.shorthand in check.Config.model_fields
        assert check.shorthand in {**passing, **failing}

    def test_it_stands_under_a_column(self, check: type[Check], failing: dict[str, Any]) -> None:
        if check.column_option is None:
            pytest.skip("it cannot stand under a column")
        options = check.Config.model_validate({**failing, check.column_option: "some_column"})

        assert ("some_column",) == check().columns(options)

    def test_severity_and_name_are_options(self, check: type[Check], passing: dict[str, Any]) -> None:
        options = check.Config.model_validate({**passing, "severity": "warn", "name": "mine"})

        assert ("warn", "mine") == (options.severity, options.name)

    def test_an_unknown_option_is_refused(self, check: type[Check], passing: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            check.Config.model_validate({**passing, "no_such_option": 1})


class _Only:
    """Finds one check, whatever its word."""

    def __init__(self, check: type[Check]) -> None:
        self._check = check

    def get(self, name: str, /) -> type[Check]:  # noqa: ARG002  there is only one
        return self._check


def _nulls(session: Session, rows: str) -> str:
    """Two rows of NULL, of the types that the rows have."""
    columns = ", ".join(f"CAST(NULL AS {c.type}) AS {session.quote(c.name)}" for c in session.describe(rows))
    return f"SELECT {columns} UNION ALL SELECT {columns}"


def _ask(session: Session, target: Relation, value: exp.Expr) -> Any:
    return _answers(session, target, [value])[1]


def _answers(session: Session, target: Relation, values: list[exp.Expr]) -> tuple[Any, ...]:
    """The row that an audit asks for: the number of rows, then each measure."""
    table = exp.table_(target.name, db=target.schema, catalog=target.catalog, quoted=True)
    measures = [exp.alias_(value.copy(), f"c{n}") for n, value in enumerate(values)]
    asked = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n"), *measures).from_(table)
    found = session.fetch(asked.sql(dialect=session.connection.dialect))
    assert 1 == len(found), "the measures of a relation are selected together: each must be one value"
    return found[0]
