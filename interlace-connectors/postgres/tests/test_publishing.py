from __future__ import annotations

import pytest
from sqlglot import parse_one

from interlace.contracts.load import AlterType, Derive, LoadPlan, Publish, Query, Stage
from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed

T = Relation("t", "public")


def apply(session, *steps):
    with session.transaction():
        return session.apply(LoadPlan(steps, idempotent=True))


def names(session, relation=T):
    return [column.name for column in session.columns(relation)]


@pytest.fixture
def viewed(session):
    """A table with a view on its column `id`."""
    session.execute("CREATE TABLE t AS SELECT 1 AS id, 'a' AS item, 0.5::numeric(4,1) AS price")
    session.execute("CREATE VIEW v AS SELECT id FROM t")
    return session


def test_the_rows_are_counted(session, viewed):
    new = Publish(Relation("new", "public"), Query("SELECT generate_series(1, 5) AS n"))

    assert [5, 5] == [apply(session, new).inserted, apply(session, new).inserted]
    assert 2 == apply(viewed, Publish(T, Query("SELECT n AS id FROM generate_series(1, 2) AS n"))).inserted


def test_a_table_with_a_view_keeps_it(viewed):
    apply(viewed, Publish(T, Query("SELECT 7 AS id, 'b' AS item, 1.5::numeric(4,1) AS price")))

    assert [(7,)] == viewed.fetch("SELECT id FROM v")
    assert [(7, "b")] == viewed.fetch("SELECT id, item FROM t")


def test_a_table_with_a_view_may_read_itself(viewed):
    query = Query("SELECT id + 1 AS id, item, price FROM t")
    apply(viewed, Publish(T, query))
    apply(viewed, Publish(T, query))

    assert [(3,)] == viewed.fetch("SELECT id FROM v")


def test_a_table_with_a_view_takes_other_columns_where_the_view_does_not_read(viewed):
    apply(viewed, Publish(T, Query("SELECT true AS fresh, 7 AS id, 2.25::numeric(6,2) AS price")))

    assert ["id", "price", "fresh"] == names(viewed)
    assert "numeric(6,2)" == viewed.columns(T)[1].type
    assert [(7,)] == viewed.fetch("SELECT id FROM v")


@pytest.mark.parametrize("query", ["SELECT 'x' AS item", "SELECT 'seven' AS id"])
def test_a_column_that_a_view_reads_stays_and_the_view_is_named(viewed, query):
    with pytest.raises(QueryFailed, match="view v") as caught:
        apply(viewed, Publish(T, Query(query)))

    assert caught.value.hint
    assert [(1,)] == viewed.fetch("SELECT id FROM v")


def test_readers_see_the_old_rows_until_the_commit(connect, viewed):
    reader = connect().session()
    with viewed.transaction():
        viewed.apply(LoadPlan([Publish(T, Query("SELECT 7 AS id, 'b' AS item, NULL::numeric(4,1) AS price"))], True))
        seen = reader.fetch("SELECT id FROM v")

    assert [(1,)] == seen
    assert [(7,)] == reader.fetch("SELECT id FROM v")


def test_a_table_that_a_foreign_key_names_is_filled_again(session):
    session.execute("CREATE TABLE t (id integer PRIMARY KEY); CREATE TABLE child (t integer REFERENCES t)")
    apply(session, Publish(T, Query("SELECT n AS id FROM generate_series(1, 3) AS n")))

    assert [(3,)] == session.fetch("SELECT count(*) FROM t")
    assert [("t_pkey",)] == session.fetch(
        "SELECT conname::text FROM pg_constraint WHERE contype = 'p' AND conrelid = 't'::regclass"
    )


def test_several_publications_share_a_transaction(viewed):
    steps = [Publish(T, Query(f"SELECT {n} AS id")) for n in (1, 2, 3)]
    apply(viewed, *steps, Publish(Relation("u", "public"), Query("SELECT id FROM t")))

    assert [(3,)] == viewed.fetch("SELECT id FROM u")


def test_what_is_staged_is_there_until_the_end_of_the_transaction(session):
    staged, derived = Relation("__interlace_staged"), Relation("__interlace_derived")
    with session.transaction():
        for n in (1, 2):
            for step in (Stage(staged, Query(f"SELECT {n} AS id")), Derive(derived, staged)):
                for statement in session.statements(step):
                    session.execute(statement)
        seen = session.fetch('SELECT id FROM "__interlace_derived"')

    assert [(2,)] == seen
    with pytest.raises(QueryFailed):
        session.columns(staged)


def test_a_small_temporary_table_is_analysed(session):
    staged = Relation('__interlace_o\'dd "name"')
    with session.transaction():
        for statement in session.statements(Stage(staged, Query("SELECT generate_series(1, 5000) AS id"))):
            session.execute(statement)
        found = session.fetch("SELECT reltuples::int FROM pg_class WHERE relname = '__interlace_o''dd \"name\"'")

    assert [(5000,)] == found


def test_of_a_large_temporary_table_the_key_is_analysed_where_it_is_told(session):
    derived = Relation("__interlace_large")
    query = parse_one("SELECT g AS id, repeat('x', 40) AS word FROM generate_series(1, 40000) AS g", dialect="postgres")
    with session.transaction():
        for statement in session.statements(Derive(derived, query, ("id",))):
            session.execute(statement)
        found = session.fetch("SELECT attname::text FROM pg_stats WHERE tablename = '__interlace_large'")

    assert [("id",)] == found


def test_a_type_is_altered_by_a_cast(session):
    session.execute("CREATE TABLE t AS SELECT '12' AS n")
    apply(session, AlterType(T, "n", "integer"))

    assert [(12,)] == session.fetch("SELECT n FROM t")


def test_a_view_that_gains_columns_keeps_the_views_on_it(viewed):
    viewed.execute("CREATE VIEW w AS SELECT id FROM v")
    viewed.create_view(Relation("v", "public"), "SELECT id, item FROM t")

    assert ["id", "item"] == names(viewed, Relation("v", "public"))
    assert [(1,)] == viewed.fetch("SELECT id FROM w")


def test_a_view_that_another_reads_keeps_its_columns_and_the_other_is_named(viewed):
    viewed.execute("CREATE VIEW w AS SELECT id FROM v")
    with pytest.raises(QueryFailed, match="view w"):
        viewed.create_view(Relation("v", "public"), "SELECT item FROM t")

    assert ["id"] == names(viewed, Relation("v", "public"))


def test_a_name_that_is_too_long_is_refused(session):
    from interlace.errors import UnsupportedCapability

    with pytest.raises(UnsupportedCapability, match="63"):
        apply(session, Publish(Relation("x" * 64, "public"), Query("SELECT 1 AS id")))


def test_a_long_name_of_ours_is_shortened(session):
    staged = Relation("__interlace_" + "x" * 60)
    with session.transaction():
        session.execute(f"CREATE TEMP TABLE {session.name(staged)} (id integer)")
        assert ["id"] == names(session, staged)


def test_a_view_that_is_made_anew_keeps_its_grants_and_comments(viewed):
    viewed.execute("GRANT SELECT ON v TO PUBLIC; COMMENT ON VIEW v IS 'Seen'; COMMENT ON COLUMN v.id IS 'A number'")
    viewed.create_view(Relation("v", "public"), "SELECT item, id FROM t -- of all")

    assert ["item", "id"] == names(viewed, Relation("v", "public"))
    assert [("=r/postgres",)] == viewed.fetch(
        "SELECT a::text FROM pg_class, unnest(relacl) AS a WHERE oid = 'v'::regclass AND a::text LIKE '=%'"
    )
    assert [("A number",), ("Seen",)] == viewed.fetch(
        "SELECT description FROM pg_description WHERE objoid = 'v'::regclass ORDER BY 1"
    )
