"""What a materialiser must do: the suite for `interlace.contracts.materialiser`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from interlace.contracts.load import LoadCounts, LoadPlan, LoadSpec, Publish, Query
from interlace.contracts.options import Options
from interlace.contracts.relation import Relation, RelationInfo
from interlace.contracts.strategy import Strategy
from interlace.errors import InterlaceError, QueryFailed
from interlace.testing.conformance.working import OnConnection

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.materialiser import Materialiser

__all__ = ["MaterialiserConformance"]


class _Replace(Strategy):
    """The simplest strategy, so that the suite depends on none that is installed."""

    groupable = True

    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        return LoadPlan((Publish(spec.target, spec.source),), idempotent=True)


class MaterialiserConformance(OnConnection):
    """All scenarios of a materialiser.

    Override `materialiser`, and `connect`: a connection that can be what it builds.
    """

    @pytest.fixture
    def materialiser(self) -> type[Materialiser]:
        """The class under test."""
        raise NotImplementedError("override the fixture `materialiser`: return your class")

    @pytest.fixture
    def spec(self, session: Session, target: Relation) -> LoadSpec[Options]:
        """Two rows: ``id`` and ``item``."""
        return LoadSpec(
            target=target,
            source=Query("SELECT 1 AS id, 'a' AS item UNION ALL SELECT 2, 'b'"),
            source_columns=None,
            target_columns=None,
            key=(),
            options=Options(),
            execution_time=datetime(2024, 1, 2, tzinfo=UTC),
            capabilities=session.connection.capabilities,
            dialect=session.connection.dialect,
        )

    def test_it_builds_what_it_says(
        self, materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options]
    ) -> None:
        _build(materialiser, session, spec)

        assert materialiser.kind == _kind(session, spec.target)

    def test_what_it_builds_holds_the_rows(
        self, materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options]
    ) -> None:
        _needs_relation(materialiser)
        counts = _build(materialiser, session, spec)

        assert [(1, "a"), (2, "b")] == _rows(session, spec.target)
        assert counts.inserted in (2, None)

    def test_building_again_gives_the_new_rows(
        self, materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options]
    ) -> None:
        _needs_relation(materialiser)
        _build(materialiser, session, spec)
        _build(materialiser, session, replace(spec, source=Query("SELECT 3 AS number")))

        assert [(3,)] == _rows(session, spec.target)

    def test_no_rows_are_no_error(
        self, materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options]
    ) -> None:
        _needs_relation(materialiser)
        _build(materialiser, session, replace(spec, source=Query("SELECT 1 AS id WHERE 1 = 0")))

        assert [] == _rows(session, spec.target)

    @pytest.mark.parametrize("standing", ["table", "view"])
    def test_what_stands_there_gives_way_where_it_is_of_another_kind(
        self, materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options], standing: str
    ) -> None:
        _needs_relation(materialiser)
        _stand(session, spec.target, standing)
        _build(materialiser, session, spec)

        assert materialiser.kind == _kind(session, spec.target)
        assert [(1, "a"), (2, "b")] == _rows(session, spec.target)

    def test_without_a_relation_what_stands_there_stays(
        self, materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options]
    ) -> None:
        if materialiser.kind is not None:
            pytest.skip("it builds a relation")
        _stand(session, spec.target, "table")
        _build(materialiser, session, spec)

        assert [(9,)] == _rows(session, spec.target)

    def test_a_build_that_fails_leaves_what_was_there(
        self, materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options]
    ) -> None:
        _needs_relation(materialiser)
        if not session.connection.capabilities.transactional_ddl:
            pytest.skip("the connection has no transactional DDL")
        _stand(session, spec.target, "table")
        with pytest.raises(QueryFailed):
            _build(materialiser, session, replace(spec, source=Query("SELECT * FROM no_such_table")))

        assert [(9,)] == _rows(session, spec.target)

    def test_a_rolled_back_build_leaves_what_was_there(
        self, materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options]
    ) -> None:
        if not session.connection.capabilities.transactional_ddl:
            pytest.skip("the connection has no transactional DDL")
        _stand(session, spec.target, "table")
        with pytest.raises(LookupError), session.transaction():
            _perform(materialiser, session, spec)
            raise LookupError

        assert [(9,)] == _rows(session, spec.target)

    def test_what_is_inlined_is_no_relation(self, materialiser: type[Materialiser]) -> None:
        assert not materialiser.inlined or materialiser.kind is None

    def test_a_strategy_writes_tables(self, materialiser: type[Materialiser]) -> None:
        assert not materialiser.uses_strategy or materialiser.kind == "table"


def _needs_relation(materialiser: type[Materialiser]) -> None:
    if materialiser.kind is None:
        pytest.skip("it builds no relation")


def _build(materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options]) -> LoadCounts:
    with session.transaction():
        return _perform(materialiser, session, spec)


def _perform(materialiser: type[Materialiser], session: Session, spec: LoadSpec[Options]) -> LoadCounts:
    return materialiser().build(session, spec, _Replace(), _standing(session, spec.target))


def _stand(session: Session, target: Relation, kind: str) -> None:
    if kind == "view" and not session.connection.capabilities.views:
        pytest.skip("the connection has no views")
    with session.transaction():
        session.execute(f"CREATE {kind.upper()} {session.name(target)} AS SELECT 9 AS old")


def _standing(session: Session, target: Relation) -> RelationInfo | None:
    found = session.catalogue([target.schema])
    return next((info for relation, info in found.items() if relation.name == target.name), None)


def _kind(session: Session, target: Relation) -> str | None:
    standing = _standing(session, target)
    return None if standing is None else standing.kind


def _rows(session: Session, target: Relation) -> list[tuple[Any, ...]]:
    try:
        return session.fetch(f"SELECT * FROM {session.name(target)} ORDER BY 1")
    except InterlaceError as error:
        raise AssertionError(f"{target} cannot be read: {error}") from error
