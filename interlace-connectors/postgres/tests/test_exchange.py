"""What a table keeps that takes another's place on PostgreSQL, and what does not let go of its place."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from interlace.contracts.exchange import Exchange
from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed, UnsupportedCapability
from interlace_postgres.config import PostgresOptions
from interlace_postgres.connection import PostgresConnection

TARGET = Relation("orders", "public")
SOURCE = Relation("orders", "dev")
KEPT = Relation("orders", "kept")


@pytest.fixture
def server(postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA dev; CREATE SCHEMA kept")
        connection.execute("CREATE TABLE public.orders (id integer, amount integer)")
        connection.execute("INSERT INTO public.orders VALUES (1, 10)")
        connection.execute("CREATE TABLE dev.orders AS SELECT 1 AS id, 11 AS amount, 'x' AS note")
        yield connection


@pytest.fixture
def session(postgres_url, server):
    connection = PostgresConnection("default", PostgresOptions(url=postgres_url), root=Path())
    connection.open()
    with closing(connection), closing(connection.session()) as made:
        yield made


@pytest.fixture
def role(server):
    """A role of this test's own, whose rights go with it."""
    server.execute("CREATE ROLE interlace_reader")
    yield "interlace_reader"
    server.execute("DROP OWNED BY interlace_reader; DROP ROLE interlace_reader")


def exchange(session, *, kept: Relation | None = KEPT) -> None:
    with session.transaction():
        session.exchange([Exchange(TARGET, SOURCE, stands=True, kept=kept)])


def one(server, query: str):
    return server.execute(query).fetchone()[0]


def test_the_table_itself_moves_and_nothing_is_copied(server, session):
    before = one(server, "SELECT pg_relation_filenode('dev.orders')")
    old = one(server, "SELECT pg_relation_filenode('public.orders')")
    exchange(session)

    assert before == one(server, "SELECT pg_relation_filenode('public.orders')")
    assert old == one(server, "SELECT pg_relation_filenode('kept.orders')")
    assert one(server, "SELECT to_regclass('dev.orders') IS NULL")


def test_what_is_not_kept_is_dropped_with_its_indexes(server, session):
    server.execute("CREATE INDEX by_id ON public.orders (id); CREATE INDEX by_id ON dev.orders (id)")
    exchange(session, kept=None)

    assert 11 == one(server, "SELECT amount FROM public.orders")
    assert 1 == one(server, "SELECT count(*) FROM pg_class WHERE relname = 'orders'")
    assert 1 == one(server, "SELECT count(*) FROM pg_class WHERE relname = 'by_id'")


def test_views_that_others_made_read_the_new_table_and_keep_who_may_read_them(server, session, role):
    server.execute("CREATE SCHEMA report; CREATE VIEW report.total AS SELECT sum(amount) AS total FROM orders")
    server.execute("CREATE VIEW report.twice AS SELECT total * 2 AS twice FROM report.total")
    server.execute("ALTER VIEW report.total SET (security_barrier = true)")
    server.execute(f"GRANT SELECT ON report.total TO {role}; COMMENT ON VIEW report.total IS 'all'")
    exchange(session)

    assert 22 == one(server, "SELECT twice FROM report.twice")
    assert one(server, f"SELECT has_table_privilege('{role}', 'report.total', 'SELECT')")
    assert "all" == one(server, "SELECT obj_description('report.total'::regclass)")
    assert ["security_barrier=true"] == one(server, "SELECT reloptions FROM pg_class WHERE relname = 'total'")


def test_grants_and_the_owner_stay_with_the_place(server, session, role):
    server.execute(f"GRANT SELECT ON public.orders TO {role}; GRANT UPDATE (amount) ON public.orders TO {role}")
    server.execute("GRANT SELECT ON dev.orders TO PUBLIC")
    exchange(session)

    assert one(server, f"SELECT has_table_privilege('{role}', 'public.orders', 'SELECT')")
    assert one(server, f"SELECT has_column_privilege('{role}', 'public.orders', 'amount', 'UPDATE')")
    assert not one(server, f"SELECT has_column_privilege('{role}', 'public.orders', 'id', 'UPDATE')")
    assert 0 == one(
        server,
        "SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a "
        "WHERE c.oid = 'public.orders'::regclass AND a.grantee = 0",
    )


def test_a_table_that_is_new_gets_what_the_schema_gives_by_default(server, session, role):
    server.execute(
        f"DROP TABLE public.orders; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}"
    )
    with session.transaction():
        session.exchange([Exchange(TARGET, SOURCE, stands=False)])

    assert one(server, f"SELECT has_table_privilege('{role}', 'public.orders', 'SELECT')")


def test_indexes_constraints_comments_and_triggers_stay_with_the_place(server, session):
    server.execute("ALTER TABLE public.orders ADD PRIMARY KEY (id), ADD CHECK (amount > 0)")
    server.execute("CREATE UNIQUE INDEX by_amount ON public.orders (amount DESC)")
    server.execute(
        "COMMENT ON TABLE public.orders IS 'it''s \\ theirs'; COMMENT ON COLUMN public.orders.amount IS 'euro'"
    )
    server.execute(
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
        "CREATE TRIGGER noted BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION noted()"
    )
    exchange(session)

    assert ["by_amount", "orders_pkey"] == one(
        server, "SELECT array_agg(indexname ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'public'"
    )
    assert 2 == one(
        server,
        "SELECT count(*) FROM pg_constraint WHERE conrelid = 'public.orders'::regclass AND contype IN ('p', 'c')",
    )
    assert "it's \\ theirs" == one(server, "SELECT obj_description('public.orders'::regclass)")
    assert "euro" == one(server, "SELECT col_description('public.orders'::regclass, 2)")
    assert "noted" == one(server, "SELECT tgname FROM pg_trigger WHERE tgrelid = 'public.orders'::regclass")


def test_what_is_about_a_column_that_is_gone_goes_with_it(server, session):
    server.execute("CREATE INDEX by_amount ON public.orders (amount); COMMENT ON COLUMN public.orders.amount IS 'euro'")
    server.execute("ALTER TABLE dev.orders DROP COLUMN amount")
    exchange(session)

    assert 0 == one(server, "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            "CREATE MATERIALIZED VIEW stored AS SELECT * FROM public.orders",
            "the materialised view public.stored reads it",
        ),
        (
            "ALTER TABLE public.orders ADD PRIMARY KEY (id); CREATE TABLE line (id integer REFERENCES public.orders)",
            "a foreign key of public.line refers to it",
        ),
        ("CREATE TABLE more () INHERITS (public.orders)", "inheritance"),
        ("ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY", "row level security"),
        ("CREATE PUBLICATION changes FOR TABLE public.orders", "the publication changes"),
    ],
)
def test_what_could_not_follow_is_named_and_nothing_happens(server, session, made, said):
    server.execute(made)
    with pytest.raises(UnsupportedCapability, match=said):
        exchange(session)

    assert 10 == one(server, "SELECT amount FROM public.orders")
    server.execute("DROP PUBLICATION IF EXISTS changes")


def test_who_reads_the_table_is_waited_for_briefly_and_is_not_disturbed(postgres_url, server, session):
    with psycopg.connect(postgres_url) as reader:
        reader.execute("SELECT * FROM public.orders").fetchall()
        with pytest.raises(QueryFailed) as raised:
            exchange(session)
        assert raised.value.transient
        assert 10 == one(reader, "SELECT amount FROM public.orders")
    exchange(session)

    assert 11 == one(server, "SELECT amount FROM public.orders")


def test_a_table_that_is_just_vacuumed_is_waited_for(postgres_url, server, session):
    with psycopg.connect(postgres_url) as upkeep:
        upkeep.execute("LOCK TABLE public.orders IN SHARE UPDATE EXCLUSIVE MODE")
        threading.Timer(0.5, upkeep.rollback).start()
        exchange(session)

    assert 11 == one(server, "SELECT amount FROM public.orders")
    assert "0" == session.fetch("SELECT current_setting('lock_timeout')")[0][0]


def test_a_view_that_is_made_anew_reads_the_new_table_in_its_new_form(server, session):
    server.execute("CREATE VIEW public.shown AS SELECT id, amount FROM public.orders")
    shown = Relation("shown", "public")
    with session.transaction():
        session.exchange([Exchange(TARGET, SOURCE, stands=True)], {shown: "SELECT note FROM public.orders"})

    assert "x" == one(server, "SELECT note FROM public.shown")
    assert "note" in session.view_query(shown)
