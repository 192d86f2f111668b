"""What stands on a table survives its replacement (ruling 22)."""

from __future__ import annotations

import pytest

from interlace.contracts.load import LoadPlan, Publish, Query
from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed

T = Relation("t", "public")
ROWS = "SELECT g AS id, 'item ' || g AS item, (g * 0.5)::numeric(8,2) AS price, g % 2 AS other FROM generate_series(1, 3) AS g"

EVERYTHING = """
CREATE TABLE other (id integer PRIMARY KEY);
INSERT INTO other VALUES (0), (1);
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fired'; END $$;
ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
ALTER TABLE t ADD CONSTRAINT dear CHECK (price >= 0), ADD CONSTRAINT "Only one" UNIQUE (item, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE t ADD CONSTRAINT known FOREIGN KEY (other) REFERENCES other ON DELETE CASCADE;
ALTER TABLE t ALTER COLUMN item SET NOT NULL;
CREATE INDEX t_item_idx ON t USING btree (lower(item) DESC, price) WHERE price > 0;
CREATE UNIQUE INDEX "T odd USING " ON t (id) INCLUDE (item) WITH (fillfactor = 70);
ALTER TABLE t CLUSTER ON t_pkey;
ALTER TABLE t REPLICA IDENTITY FULL;
ALTER TABLE t SET (fillfactor = 80, autovacuum_enabled = off, toast.autovacuum_enabled = off);
CREATE TRIGGER watch BEFORE INSERT OR UPDATE OF price OR DELETE ON t FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION noted();
CREATE TRIGGER never AFTER INSERT ON t EXECUTE FUNCTION noted();
ALTER TABLE t DISABLE TRIGGER never;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON t AS RESTRICTIVE FOR SELECT TO analyst USING (price < 100);
CREATE POLICY theirs ON t FOR INSERT TO PUBLIC WITH CHECK (id IN (SELECT o.id FROM other o));
GRANT SELECT, UPDATE ON t TO analyst WITH GRANT OPTION;
GRANT SELECT (id, item) ON t TO PUBLIC;
COMMENT ON TABLE t IS 'The''items';
COMMENT ON COLUMN t.item IS 'Its name\\';
COMMENT ON INDEX t_item_idx IS 'An index';
COMMENT ON CONSTRAINT dear ON t IS 'A constraint';
COMMENT ON TRIGGER watch ON t IS 'A trigger';
COMMENT ON POLICY mine ON t IS 'A policy';
"""

CATALOGUE = {
    "indexes": "SELECT pg_get_indexdef(indexrelid), indisclustered, obj_description(indexrelid, 'pg_class') FROM pg_index "
    "WHERE indrelid = 't'::regclass",
    "constraints": "SELECT conname::text, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint') FROM pg_constraint "
    "WHERE conrelid = 't'::regclass",
    "triggers": "SELECT pg_get_triggerdef(oid), tgenabled::text, obj_description(oid, 'pg_trigger') FROM pg_trigger "
    "WHERE tgrelid = 't'::regclass AND NOT tgisinternal",
    "policies": "SELECT policyname::text, permissive, roles::text, cmd, qual, with_check FROM pg_policies WHERE tablename = 't'",
    "grants": "SELECT grantee::text, privilege_type::text, is_grantable::text FROM information_schema.table_privileges WHERE table_name = 't'",
    "column grants": "SELECT attname::text, attacl::text FROM pg_attribute WHERE attrelid = 't'::regclass AND attacl IS NOT NULL",
    "comments": "SELECT objsubid, description FROM pg_description WHERE objoid = 't'::regclass",
    "table": "SELECT relowner::regrole::text, reloptions::text, relreplident::text, relrowsecurity, relforcerowsecurity FROM pg_class "
    "WHERE oid = 't'::regclass",
    "toast": "SELECT reloptions::text FROM pg_class WHERE oid = (SELECT reltoastrelid FROM pg_class WHERE oid = 't'::regclass)",
    "columns": "SELECT attname::text, attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped",
}


def replace(session, query=ROWS, target=T):
    with session.transaction():
        return session.apply(LoadPlan([Publish(target, Query(query))], idempotent=True))


def catalogue(session):
    return {name: sorted(session.fetch(sql), key=repr) for name, sql in CATALOGUE.items()}


def oid(session, name="t"):
    return session.fetch(f"SELECT '{name}'::regclass::oid::bigint")[0][0]


@pytest.fixture
def table(session):
    session.execute(f"CREATE TABLE t AS {ROWS}")
    return session


@pytest.fixture
def analyst(table):
    table.execute("CREATE ROLE analyst")
    yield "analyst"
    table.execute("DROP OWNED BY analyst; DROP ROLE analyst")


@pytest.mark.parametrize("held", [False, True])
def test_everything_that_stands_on_a_table_survives(table, analyst, held):
    table.execute(EVERYTHING)
    if held:
        table.execute("CREATE VIEW v AS SELECT id FROM t")
    before, number = catalogue(table), oid(table)
    replace(table, ROWS.replace("1, 3", "1, 5"))

    assert before == catalogue(table)
    assert held == (number == oid(table))
    assert [(5,)] == table.fetch("SELECT count(*) FROM t")


def test_everything_survives_twice_and_rows_of_python_too(table, analyst):
    table.execute(EVERYTHING)
    before = catalogue(table)
    rows = table.arrow(ROWS).read_all()
    for _ in range(2):
        with table.transaction():
            table.load_arrow(T, iter(rows.to_batches()), None, temporary=False)

    assert before == catalogue(table)
    assert [(3,)] == table.fetch("SELECT count(*) FROM t")


def test_the_owner_stays(table, analyst):
    table.execute("GRANT CREATE ON SCHEMA public TO analyst; ALTER TABLE t OWNER TO analyst")
    replace(table)

    assert [("analyst",)] == table.fetch("SELECT relowner::regrole::text FROM pg_class WHERE oid = 't'::regclass")


def test_a_grant_that_was_taken_away_does_not_come_back(table, analyst):
    table.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO analyst")
    replace(table)

    assert [(False,)] == table.fetch("SELECT has_table_privilege('analyst', 't', 'SELECT')")


def test_a_plain_table_is_made_anew(table):
    number = oid(table)
    replace(table)

    assert number != oid(table)


def test_a_constraint_that_the_new_rows_break_leaves_the_old_ones(table):
    table.execute("ALTER TABLE t ADD CONSTRAINT one UNIQUE (item)")
    with pytest.raises(QueryFailed, match="duplicated"):
        replace(table, "SELECT 1 AS id, 'same' AS item UNION ALL SELECT 2, 'same'")

    assert [(3,)] == table.fetch("SELECT count(*) FROM t")


@pytest.mark.parametrize(
    ("made", "reader"),
    [
        ("CREATE INDEX t_item_idx ON t (item)", "index t_item_idx"),
        ("ALTER TABLE t ADD CONSTRAINT named CHECK (item <> '')", "constraint named on table t"),
        ("CREATE VIEW v AS SELECT item FROM t", "view v"),
        ("CREATE MATERIALIZED VIEW m AS SELECT item FROM t", "materialized view m"),
        ("CREATE POLICY mine ON t USING (item <> '')", "policy mine on table t"),
        ("CREATE FUNCTION f() RETURNS text BEGIN ATOMIC SELECT max(item) FROM t; END", "function f()"),
    ],
)
def test_a_column_that_something_reads_is_not_lost(table, made, reader):
    table.execute(made)
    with pytest.raises(QueryFailed, match="the query no longer gives it") as caught:
        replace(table, "SELECT id, 1 / 0 AS never FROM t")

    assert f"Column 'item' of public.t is read by {reader}" in caught.value.message
    assert ["id", "item", "price", "other"] == [c.name for c in table.columns(T)]


def test_a_type_that_a_view_reads_does_not_change_and_the_view_is_named(table):
    table.execute("CREATE VIEW v AS SELECT price FROM t")
    with pytest.raises(QueryFailed, match=r"read by view v, and the query gives text for numeric\(8,2\)"):
        replace(table, "SELECT id, item, price::text AS price, other FROM t")


def test_an_index_follows_a_change_of_its_column_s_type(table):
    table.execute("CREATE INDEX t_price_idx ON t (price)")
    replace(table, "SELECT id, item, price::text AS price FROM t")

    assert [("t_price_idx",)] == table.fetch("SELECT indexname::text FROM pg_indexes WHERE tablename = 't'")


def test_comments_and_grants_of_a_column_go_with_it(table, analyst):
    table.execute(
        "COMMENT ON COLUMN t.price IS 'EUR'; GRANT SELECT (price) ON t TO analyst; ALTER TABLE t ALTER price SET NOT NULL"
    )
    replace(table, "SELECT id, item FROM t")

    assert [(0,)] == table.fetch("SELECT count(*) FROM pg_description WHERE objoid = 't'::regclass")


def test_rows_that_a_foreign_key_names_stay(table):
    table.execute("ALTER TABLE t ADD PRIMARY KEY (id)")
    table.execute("CREATE TABLE child (t integer REFERENCES t); INSERT INTO child VALUES (2)")
    counts = replace(table, "SELECT g AS id, 'new ' || g AS item, g AS added FROM generate_series(2, 5) AS g")

    assert 4 == counts.inserted
    assert [(2, "new 2", 2), (3, "new 3", 3), (4, "new 4", 4), (5, "new 5", 5)] == table.fetch(
        "SELECT id, item, added FROM t ORDER BY id"
    )
    assert [(1,)] == table.fetch("SELECT count(*) FROM pg_constraint WHERE confrelid = 't'::regclass")


def test_a_row_that_a_foreign_key_names_is_not_lost(table):
    table.execute("ALTER TABLE t ADD PRIMARY KEY (id)")
    table.execute("CREATE TABLE child (t integer REFERENCES t); INSERT INTO child VALUES (2)")
    with pytest.raises(QueryFailed, match='foreign key constraint "child_t_fkey" on table "child"') as caught:
        replace(table, ROWS.replace("1, 3", "3, 5"))

    assert "refer" in caught.value.hint
    assert [(3,)] == table.fetch("SELECT count(*) FROM t")


def test_a_foreign_key_of_the_table_to_itself_survives(table):
    table.execute("ALTER TABLE t ADD PRIMARY KEY (id), ADD CONSTRAINT self FOREIGN KEY (other) REFERENCES t NOT VALID")
    replace(table, "SELECT id, item, price, id AS other FROM t")

    assert [("self",), ("t_pkey",)] == table.fetch(
        "SELECT conname::text FROM pg_constraint WHERE conrelid = 't'::regclass AND contype IN ('f', 'p') ORDER BY 1"
    )


def test_an_exclusion_survives(table):
    table.execute("ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING btree (id WITH =)")
    replace(table)

    assert [("EXCLUDE USING btree (id WITH =)",)] == table.fetch(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'apart'"
    )


@pytest.mark.parametrize(
    "made",
    [
        "CREATE PUBLICATION p FOR TABLE t; ALTER TABLE t REPLICA IDENTITY FULL",
        "CREATE STATISTICS s ON id, item FROM t",
        "ALTER TABLE t ALTER COLUMN item SET DEFAULT 'none'",
        "CREATE FUNCTION f(t) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE child () INHERITS (t)",
        "ALTER TABLE t ALTER COLUMN item SET STORAGE EXTERNAL",
    ],
)
def test_a_table_that_cannot_be_made_anew_is_filled_again(table, made):
    table.execute(made)
    number = oid(table)
    replace(table)

    assert number == oid(table)
    assert [(3,)] == table.fetch("SELECT count(*) FROM ONLY t")


def test_a_view_of_somebody_else_survives(table, analyst):
    table.execute("GRANT CREATE ON SCHEMA public TO analyst; GRANT SELECT ON t TO analyst")
    table.execute("SET ROLE analyst; CREATE VIEW theirs AS SELECT count(*) AS n FROM t; RESET ROLE")
    replace(table, ROWS.replace("1, 3", "1, 7"))

    assert [(7,)] == table.fetch("SELECT n FROM theirs")


def test_a_role_of_any_name_replaces_its_tables(connect, session):
    session.execute('CREATE ROLE "The Loader"; GRANT CREATE ON SCHEMA public TO "The Loader"')
    try:
        loader = connect(role="The Loader").session()
        replace(loader)
        loader.execute('CREATE INDEX i ON t (id); GRANT SELECT ON t TO "The Loader"')
        replace(loader)
        owner = session.fetch("SELECT tableowner::text FROM pg_tables WHERE tablename = 't'")
        loader.close()
    finally:
        session.execute('DROP OWNED BY "The Loader"; DROP ROLE "The Loader"')

    assert [("The Loader",)] == owner
