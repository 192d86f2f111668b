"""Names that are no plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from interlace.contracts.load import Insert, LoadPlan, Publish, Query
from interlace.contracts.relation import Relation
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

ODD_NAMES = [
    "with space",
    'with "double" quotes',
    "with 'single' quotes",
    "with `back` ticks",
    "with [brackets]",
    "dotted.name",
    "semi;colon -- and comment",
    "per%cent ?:$1",
    "back\\slash",
    "select",
    "UPPER and lower",
    "Grüße_naïve_日本",
    "1st",
]

odd = pytest.mark.parametrize("name", ODD_NAMES)


class NameScenarios:
    """Scenarios of `quote` and `name`: every method takes names as they are stored."""

    @requires("writes")
    @odd
    def test_a_table_of_an_odd_name_is_made_read_and_dropped(
        self, session: Session, schema: str | None, name: str
    ) -> None:
        relation = Relation(name, schema)
        with session.transaction():
            session.apply(LoadPlan([Publish(relation, Query("SELECT 1 AS id"))], idempotent=True))
        listed = list(session.catalogue([schema]))
        rows = session.fetch(f"SELECT * FROM {session.name(relation)}")
        session.drop(relation, "table")

        assert [relation] == listed
        assert [(1,)] == rows
        assert {} == session.catalogue([schema])

    @requires("writes")
    @odd
    def test_a_column_of_an_odd_name_is_loaded_by_name(self, session: Session, schema: str | None, name: str) -> None:
        relation = Relation("target", schema)
        query = Query(f"SELECT 1 AS id, 2 AS {session.quote(name)}")
        with session.transaction():
            session.apply(LoadPlan([Publish(relation, query)], idempotent=True))
            session.apply(LoadPlan([Insert(relation, (name, "id"), query)], idempotent=False))

        assert ["id", name] == [c.name for c in session.columns(relation)]
        assert ["id", name] == [c.name for c in session.describe(query.sql)]
        assert [(1, 2), (1, 2)] == session.fetch(f"SELECT * FROM {session.name(relation)}")

    @requires("views")
    @odd
    def test_a_view_of_an_odd_name_is_made_and_dropped(self, session: Session, schema: str | None, name: str) -> None:
        view = Relation(name, schema)
        session.create_view(view, "SELECT 1 AS id")
        rows = session.fetch(f"SELECT id FROM {session.name(view)}")
        session.drop(view, "view")

        assert [(1,)] == rows
        assert {} == session.catalogue([schema])

    @requires("arrow_in")
    @odd
    def test_batches_with_odd_names_are_loaded(self, session: Session, name: str) -> None:
        staged = Relation(name)
        batches = [
            pa.RecordBatch.from_arrays([pa.array([1])], names=[name]),
            pa.RecordBatch.from_arrays([pa.array([2.5]), pa.array(["x"])], names=[name, f"{name} too"]),
        ]
        session.load_arrow(staged, iter(batches), None)

        assert [name, f"{name} too"] == [c.name for c in session.columns(staged)]
        assert [(1, None), (2.5, "x")] == session.fetch(f"SELECT * FROM {session.name(staged)} ORDER BY 1")
