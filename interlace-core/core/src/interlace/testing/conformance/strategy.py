"""What a strategy must do: the suite for `interlace.contracts.strategy`.  It needs no database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from interlace.contracts.connection import Capabilities
from interlace.contracts.load import Change, Derive, Examine, Keep, LoadPlan, LoadSpec, Query, Stage, Step
from interlace.contracts.options import Options
from interlace.contracts.relation import Column, Relation
from interlace.contracts.strategy import Strategy

__all__ = ["StrategyConformance"]

Specify = Callable[..., "LoadSpec[Options]"]

COLUMNS = (Column("id", "INTEGER"), Column("item", "VARCHAR"))
WIDER = (*COLUMNS, Column("price", "DOUBLE"))


class StrategyConformance:
    """All scenarios of a strategy.

    Override `strategy`; override `options` where the strategy has options that must be given, and `target_columns` where
    it needs columns of its own.
    """

    @pytest.fixture
    def strategy(self) -> type[Strategy]:
        """The class under test."""
        raise NotImplementedError("override the fixture `strategy`: return your class")

    @pytest.fixture
    def options(self) -> dict[str, Any]:
        """Options that are valid for it, as a project gives them."""
        return {}

    @pytest.fixture
    def specify(self, strategy: type[Strategy], options: dict[str, Any]) -> Specify:
        """A function that makes a specification; keywords replace its fields."""
        spec: LoadSpec[Options] = LoadSpec(
            target=Relation("orders", "shop"),
            source=Query("SELECT 1 AS id, 'a' AS item"),
            source_columns=COLUMNS,
            target_columns=COLUMNS,
            key=("id",),
            options=strategy.Config.model_validate(options),
            execution_time=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
            capabilities=Capabilities(transactional_ddl=True),
            dialect="duckdb",
        )

        def make(**changes: Any) -> LoadSpec[Options]:
            return replace(spec, **changes)

        return make

    @pytest.fixture(params=["no table", "same columns", "new column"])
    def spec(self, request: pytest.FixtureRequest, specify: Specify) -> LoadSpec[Options]:
        """Each situation that a load can be in."""
        return {
            "no table": specify(target_columns=None),
            "same columns": specify(),
            "new column": specify(source_columns=WIDER),
        }[request.param]

    def test_one_specification_gives_one_plan(self, strategy: type[Strategy], spec: LoadSpec[Options]) -> None:
        assert strategy().plan(spec) == strategy().plan(spec)

    def test_planning_leaves_no_trace_in_the_strategy(self, strategy: type[Strategy], specify: Specify) -> None:
        used = strategy()
        for columns in (None, COLUMNS, WIDER):
            used.plan(specify(source_columns=WIDER, target_columns=columns))

        assert strategy().plan(specify()) == used.plan(specify())

    def test_a_plan_is_hashable_data(self, strategy: type[Strategy], spec: LoadSpec[Options]) -> None:
        assert hash(strategy().plan(spec)) == hash(strategy().plan(spec))

    def test_a_plan_is_made_of_the_known_steps(self, strategy: type[Strategy], spec: LoadSpec[Options]) -> None:
        plan = strategy().plan(spec)

        assert isinstance(plan, LoadPlan)
        assert [] == [step for step in plan.steps if not isinstance(step, get_args(Step))]

    def test_a_plan_writes_its_target_and_nothing_else(self, strategy: type[Strategy], spec: LoadSpec[Options]) -> None:
        written = {found for step in strategy().plan(spec).steps if (found := _written(step)) is not None}
        written = {name for name in written if not name.startswith(f"{spec.target}__")}  # its side tables

        assert (written == {str(spec.target)}) if strategy.writes else (written == set())

    def test_a_plan_prints_what_it_writes(self, strategy: type[Strategy], spec: LoadSpec[Options]) -> None:
        plan = strategy().plan(spec)

        assert repr(plan) == repr(strategy().plan(spec))
        assert not strategy.writes or spec.target.name in repr(plan)

    def test_the_steps_differ_for_another_target(self, strategy: type[Strategy], specify: Specify) -> None:
        if not strategy.writes:
            pytest.skip("it writes nothing")
        there = strategy().plan(specify(target=Relation("elsewhere", "shop")))

        assert strategy().plan(specify()) != there

    def test_what_may_share_a_transaction_is_idempotent(
        self, strategy: type[Strategy], spec: LoadSpec[Options]
    ) -> None:
        assert not strategy.groupable or strategy().plan(spec).idempotent

    def test_columns_that_are_not_asked_for_are_not_needed(self, strategy: type[Strategy], specify: Specify) -> None:
        if strategy.needs_source_columns:
            pytest.skip("it needs the columns of the source")

        assert strategy().plan(specify()) == strategy().plan(specify(source_columns=None))

    def test_a_key_that_is_not_asked_for_is_not_needed(self, strategy: type[Strategy], specify: Specify) -> None:
        if strategy.needs_key:
            pytest.skip("it needs a key")

        assert isinstance(strategy().plan(specify(key=())), LoadPlan)

    def test_an_unknown_option_is_refused(self, strategy: type[Strategy], options: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            strategy.Config.model_validate({**options, "no_such_option": 1})

    def test_options_are_frozen(self, strategy: type[Strategy]) -> None:
        assert issubclass(strategy.Config, Options)
        assert strategy.Config.model_config.get("frozen") is True


def _written(step: Step) -> str | None:
    """The full name of the relation that a step writes; None for what is temporary or set aside."""
    match step:
        case Stage() | Derive() | Examine() | Keep():
            return None
        case Change(expression):
            from sqlglot import exp

            table = expression.find(exp.Table)
            return None if table is None else ".".join(part.name for part in table.parts)
        case _:
            return str(step.target)
