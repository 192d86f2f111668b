from __future__ import annotations

import pytest

from interlace.contracts.relation import Relation
from interlace_postgres import direct


def test_the_door_has_the_settings_of_a_session(connect):
    door = connect(statement_timeout="10min", schema="Sales of 2024").door()

    assert "postgres" == door.kind
    assert "-c TimeZone=UTC" in door.parameters["options"]
    assert "-c statement_timeout=10min" in door.parameters["options"]
    assert 'search_path="Sales\\ of\\ 2024",\\ "public"' in door.parameters["options"]
    assert "parameters" not in repr(door)


def test_there_is_no_door_where_a_role_is_taken(connect):
    assert connect(role="postgres").door() is None


def test_only_a_large_table_is_worth_it(session, monkeypatch):
    session.execute(
        "CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 1000) AS g; CREATE VIEW v AS SELECT * FROM t"
    )
    relation = Relation("t", "public")
    assert not session.worth_reaching(relation)

    monkeypatch.setattr(direct, "WORTH", 8_192)
    assert session.worth_reaching(relation)
    assert not session.worth_reaching(Relation("v", "public"))
    assert not session.worth_reaching(Relation("none", "public"))


@pytest.mark.parametrize(
    "column",
    [
        "1.5::numeric",
        "1.5::numeric(50, 2)",
        "'{}'::jsonb",
        "ARRAY[1]",
        "interval '1 day'",
        "'x'::char(5)",
        "'1:00'::time",
    ],
)
def test_what_duckdb_reads_in_its_own_way_goes_by_arrow(session, column):
    assert session.readable(f"SELECT 1 AS id, {column} AS x") is None


def test_a_nan_is_an_error_that_names_its_column(session):
    query = session.readable("SELECT 'NaN'::numeric(12,2) AS amount")

    with pytest.raises(Exception, match="NaN in column 'amount', which no DECIMAL holds"):
        session.fetch(query)
    assert [(1.5,)] == [(float(a),) for (a,) in session.fetch(session.readable("SELECT 1.5::numeric(12,2) AS amount"))]
