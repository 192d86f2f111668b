from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from interlace.contracts.connection import Marker
from interlace.errors import QueryFailed


def test_of_many_that_leave_the_first_marker_at_once_all_do(connect):
    connections = [connect() for _ in range(6)]
    sessions = [connection.session() for connection in connections]
    barrier = threading.Barrier(len(sessions))
    failures = []

    def leave(session, number):
        try:
            with session.transaction():
                barrier.wait(20)
                session.mark(Marker("public.t", f"attempt-{number}", "run"))
        except BaseException as error:  # noqa: BLE001  judged below
            failures.append(error)

    threads = [threading.Thread(target=leave, args=(s, n)) for n, s in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [] == failures
    assert 6 == len(sessions[0].markers())


def test_who_reads_them_waits_for_a_commit_that_is_under_way(connect):
    """Its client may have lost the connection after it asked for the COMMIT, and look for the marker too early."""
    connection = connect()
    connection.take_lease("environment/dev", "one", timedelta(minutes=1))
    committing, looking = connection.session(), connection.session()
    found = []
    with committing.transaction():
        committing.mark(Marker("public.t", "attempt-1", "run"))
        connection.leases.check(committing.fetch)
        thread = threading.Thread(target=lambda: found.append(looking.markers()))
        thread.start()
        thread.join(0.3)
        waited = thread.is_alive()
    thread.join(20)

    assert waited
    assert [[Marker("public.t", "attempt-1", "run")]] == found


def test_a_user_without_the_right_to_make_it_uses_the_table_that_is_there(connect):
    admin = connect().session()
    with admin.transaction():
        admin.mark(Marker("public.t", "attempt-1", "run"))
    admin.execute(
        "CREATE ROLE loader; GRANT USAGE ON SCHEMA _interlace TO loader; "
        "GRANT SELECT, INSERT, DELETE ON _interlace.commits TO loader"
    )
    try:
        session = connect(role="loader").session()
        with session.transaction():
            session.mark(Marker("public.t", "attempt-2", "run"))
        session.create_schema("public")
        session.close()
        assert 2 == len(admin.markers())
    finally:
        admin.execute("DROP OWNED BY loader; DROP ROLE loader")


def test_a_user_without_the_right_to_make_it_is_told(connect):
    admin = connect().session()
    admin.execute("CREATE ROLE reader")
    session = connect(role="reader").session()
    try:
        with pytest.raises(QueryFailed, match="permission denied") as caught, session.transaction():
            session.mark(Marker("public.t", "attempt-1", "run"))
        assert "GRANT CREATE ON DATABASE" in caught.value.hint
    finally:
        session.close()
        admin.execute("DROP ROLE reader")
