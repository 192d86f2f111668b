from __future__ import annotations

from datetime import timedelta

import pytest

from interlace.errors import ConnectionFailure, RunUnderWay
from interlace.run import data_lease
from interlace.run.data_lease import DataLeases
from interlace.state.owner import this_owner

DEAD = '{"boot":"another","host":"%s","pid":1,"start":"0"}'


class Shared:
    """A connection that keeps leases, as one of several objects for one database."""

    def __init__(self, rows=None, name="warehouse"):
        self.name = name
        self.rows = {} if rows is None else rows
        self.down = False

    def where(self):
        return "db:5432/w"

    def take_lease(self, name, holder, ttl, *, instead_of=None):
        held = self.rows.setdefault(name, holder)
        if held == instead_of:
            self.rows[name] = held = holder
        return None if held == holder else held

    def renew_lease(self, name, holder, ttl):
        if self.down:
            raise ConnectionFailure("down")
        return self.rows.get(name) == holder

    def release_lease(self, name, holder):
        if self.rows.get(name) == holder:
            del self.rows[name]


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(data_lease, "RENEW", timedelta(0))


def test_the_first_of_two_runs_writes():
    rows = {}
    DataLeases("shop", "dev", "run-1").acquire(Shared(rows))
    with pytest.raises(RunUnderWay, match="run run-1 writes to db:5432/w") as caught:
        DataLeases("shop", "dev", "run-2").acquire(Shared(rows))

    assert "run-1" == caught.value.run


def test_other_projects_and_environments_do_not_meet():
    rows = {}
    for project, environment in [("shop", "dev"), ("shop", "prod"), ("bank", "dev")]:
        assert DataLeases(project, environment, "run").acquire(Shared(rows)) is None


def test_it_is_taken_once_for_each_connection():
    leases, rows = DataLeases("shop", "dev", "run"), {}

    assert [None, None] == [leases.acquire(Shared(rows)) for _ in range(2)]


def test_a_dead_process_of_this_host_gives_way_at_once():
    import json

    host = json.loads(this_owner())["host"]
    rows = {"shop/dev": f"{DEAD % host}\nrun-0"}

    assert "run-0" == DataLeases("shop", "dev", "run-1").acquire(Shared(rows))


def test_a_process_of_another_host_is_waited_for():
    rows = {"shop/dev": f"{DEAD % 'elsewhere'}\nrun-0"}
    with pytest.raises(RunUnderWay, match="on elsewhere"):
        DataLeases("shop", "dev", "run-1").acquire(Shared(rows))


def test_what_is_released_is_free():
    leases, rows = DataLeases("shop", "dev", "run-1"), {}
    leases.acquire(Shared(rows))
    leases.release()

    assert DataLeases("shop", "dev", "run-2").acquire(Shared(rows)) is None


def test_a_run_that_was_taken_over_from_stops(at_once):
    leases, shared = DataLeases("shop", "dev", "run-1"), Shared()
    leases.acquire(shared)
    leases.renew()
    shared.rows["shop/dev"] = "another"
    with pytest.raises(RunUnderWay, match="took over"):
        leases.renew()


def test_a_server_that_is_away_for_a_moment_stops_nothing(at_once):
    leases, shared = DataLeases("shop", "dev", "run-1"), Shared()
    leases.acquire(shared)
    shared.down = True

    leases.renew()
