from __future__ import annotations

import psycopg
import pytest

from interlace.contracts.load import Publish, Query
from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed
from interlace.run.together import MESSAGE

TABLES = [Relation(f"t{number}", "public") for number in range(MESSAGE)]


def steps(more="", tables=TABLES):
    return [Publish(table, Query(f"SELECT {number} AS id{more}")) for number, table in enumerate(tables)]


def publish(session, given):
    with session.transaction():
        return session.publish_together(given)


@pytest.fixture
def messages(monkeypatch):
    """What was sent to the server."""
    sent = []
    execute = psycopg.Connection.execute

    def counted(self, query, *args, **kwargs):
        sent.append(query)
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Connection, "execute", counted)
    return sent


def test_new_tables_take_two_messages_and_those_that_stand_three(session, messages):
    with session.transaction():
        messages.clear()
        session.publish_together(steps())
        assert 2 == len(messages)

    with session.transaction():
        messages.clear()
        session.publish_together(steps(", 'x' AS more"))
        assert 3 == len(messages)

    assert [(3, "x")] == session.fetch("SELECT * FROM t3")


def test_a_table_that_a_view_reads_keeps_it_among_others(session):
    publish(session, steps())
    session.execute("CREATE VIEW seen AS SELECT id FROM t1")
    reads = Publish(TABLES[2], Query("SELECT id + 100 AS id FROM t1"))
    published = publish(session, [*steps(", 7 AS more", TABLES[:2]), reads, *steps(tables=TABLES[3:5])])

    assert [(1,)] == session.fetch("SELECT id FROM seen")
    assert [["id", "more"], ["id", "more"], ["id"], ["id"], ["id"]] == [[c.name for c in p.columns] for p in published]
    assert [(101,)] == session.fetch("SELECT id FROM t2")


def test_an_index_and_a_comment_stay(session):
    publish(session, steps(tables=TABLES[:2]))
    session.execute("CREATE INDEX by_id ON t0 (id); COMMENT ON TABLE t1 IS 'said'")
    publish(session, steps(tables=TABLES[:2]))

    assert [("by_id",)] == session.fetch("SELECT indexname::text FROM pg_indexes WHERE tablename = 't0'")
    assert [("said",)] == session.fetch("SELECT obj_description('t1'::regclass)")


def test_each_tells_how_long_it_took(session):
    slow = Publish(TABLES[1], Query("SELECT pg_sleep(0.1)::text AS id"))
    quick, long, other = publish(
        session, [Publish(TABLES[0], Query("SELECT 1 AS id")), slow, *steps(tables=[TABLES[2]])]
    )

    assert 0.1 <= long.seconds
    assert quick.seconds + other.seconds < long.seconds


def test_one_that_is_refused_kills_the_transaction(session):
    publish(session, steps(tables=TABLES[:2]))
    with pytest.raises(QueryFailed, match="no_such_table"):
        publish(session, [*steps(", 1 AS more", TABLES[:2]), Publish(TABLES[2], Query("SELECT * FROM no_such_table"))])

    assert ["id"] == [column.name for column in session.columns(TABLES[0])]


def test_names_that_must_be_quoted_are(session):
    odd = Relation('Odd "name" it\'s', "public")
    [published] = publish(session, [Publish(odd, Query('SELECT 1 AS "A" -- a comment; with a semicolon'))])
    [again] = publish(session, [Publish(odd, Query('SELECT 1 AS "A"'))])

    assert ["A"] == [column.name for column in published.columns] == [column.name for column in again.columns]
