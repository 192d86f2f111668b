"""One writer at a time, on a server."""

from __future__ import annotations

from datetime import timedelta

import pytest

import interlace_ibis.connection as connections
from interlace.errors import RunUnderWay
from interlace_ibis.config import ServerOptions

TTL = timedelta(seconds=60)


@pytest.fixture(params=["mariadb", "postgres"])
def connect(request, tmp_path):
    url = request.getfixturevalue(f"{request.param}_url")
    cls = {"mariadb": connections.mysql, "postgres": connections.ibis_postgres}[request.param]
    made = []

    def connect():
        made.append(cls("shop", ServerOptions(url=url), root=tmp_path))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


def test_a_lease_is_taken_once_and_renewed_by_who_has_it(connect):
    one, other = connect(), connect()

    assert one.take_lease("shop/dev", "one", TTL) is None
    assert other.take_lease("shop/dev", "other", TTL) == "one"
    assert one.renew_lease("shop/dev", "one", TTL)
    assert not other.renew_lease("shop/dev", "other", TTL)
    one.release_lease("shop/dev", "one")
    assert other.take_lease("shop/dev", "other", TTL) is None
    other.release_lease("shop/dev", "other")


def test_a_lease_that_is_over_or_whose_holder_is_dead_is_taken_over(connect):
    one, other = connect(), connect()
    one.take_lease("shop/over", "one", timedelta(seconds=-1))
    one.take_lease("shop/dead", "one", TTL)

    assert other.take_lease("shop/over", "other", TTL) is None
    assert other.take_lease("shop/dead", "other", TTL, instead_of="one") is None


def test_who_lost_a_lease_writes_nothing(connect):
    one, other = connect(), connect()
    session = one.session()
    session.execute("CREATE TABLE written (a INTEGER)")
    one.take_lease("shop/lost", "one", TTL)
    other.take_lease("shop/lost", "other", TTL, instead_of="one")
    with pytest.raises(RunUnderWay, match="took over"), session.transaction():
        session.execute("INSERT INTO written VALUES (1)")

    assert [(0,)] == session.fetch("SELECT count(*) FROM written")
