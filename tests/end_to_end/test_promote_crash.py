"""SIGKILL during ``interlace promote`` and ``rollback``: prod has the old version or the new one, and whoever comes next ends it."""

from __future__ import annotations

import pytest

CONFIG = """
connections:
  default: {{{warehouse}}}
environments:
  prod:
  dev: {{defer_to: prod}}
"""
ORDERS = "SELECT * FROM (VALUES (1, {amount})) AS given (id, amount)\n"
LOG = "-- @strategy: append\nSELECT amount FROM orders\n"
BIG = "-- @materialise: view\nSELECT amount FROM orders\n"

QUERIES = [f"SELECT amount FROM {name} ORDER BY 1" for name in ("orders", "log", "big")]
BEFORE = [[(10,)], [(10,)], [(10,)]]
AFTER = [[(11,)], [(10,), (11,)], [(11,)]]
LEFT = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '%\\_\\_interlace%' ESCAPE '\\'"
KEPT = "SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE '\\_interlace\\_previous%' ESCAPE '\\'"


class Promoting:
    """A project whose dev is to be promoted: a table, one that keeps its rows, and a view."""

    def __init__(self, killed) -> None:
        self.project = project = killed.project
        self._warehouse = killed.warehouse
        self.begin_again = killed.begin_again
        self.kill = killed.kill
        project.write("config.yaml", CONFIG.format(warehouse=self._warehouse.config))
        project.sql("orders", ORDERS.format(amount=10))
        project.sql("log", LOG)
        project.sql("big", BIG)
        project.run("--env", "prod")
        project.sql("orders", ORDERS.format(amount=11))
        project.run()
        killed.save()

    def seen(self):
        return self._warehouse.ask(QUERIES)

    def promote(self) -> str:
        said = self.project(*PROMOTE)
        assert 0 == said.code, said.out + said.err
        return said.out

    def check_promoted(self) -> None:
        """All is in prod, nothing is left over, and nothing is left to do in either environment."""
        assert AFTER == self.seen()
        assert [[], [(1,)]] == self._warehouse.ask([LEFT, KEPT])
        assert "3 up to date" in self.project.run("--env", "prod", "--verbose").out.replace("3 models are", "3")
        assert "Nothing to do" in self.project.run("--env", "prod").out
        assert "3 read from prod" in self.project.run().out
        assert AFTER == self.seen()

    def check_rolled_back(self) -> None:
        assert BEFORE == self.seen()
        assert [[], [(0,)]] == self._warehouse.ask([LEFT, KEPT])


PROMOTE = ("promote", "--from", "dev", "--to", "prod", "--yes")
ROLLBACK = ("rollback", "--env", "prod", "--yes")


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def made(request, make_killed):
    return Promoting(make_killed(request.param))


@pytest.fixture
def promoting(made):
    made.begin_again()
    return made


def kill_promotions(made, every: int) -> None:
    """Kill a promotion before each so many of its statements."""
    found = []
    for nth in range(1, 1_000, every):
        made.begin_again()
        if not made.kill("before", "statement", nth, *PROMOTE):
            break
        seen = made.seen()
        found.append(seen)
        assert seen in (BEFORE, AFTER), f"killed before statement {nth}"
        made.promote()
        made.check_promoted()

    assert BEFORE in found


def test_a_promotion_that_is_killed_at_a_statement_is_old_or_new_and_is_ended_by_the_next(made):
    kill_promotions(made, 8)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_promotion_that_is_killed_at_each_statement_is_old_or_new_and_is_ended_by_the_next(made):
    kill_promotions(made, 1)


@pytest.mark.parametrize(("when", "moment"), [("after", "commit"), ("before", "record"), ("after", "record")])
def test_one_that_was_killed_after_its_commit_is_ended_by_the_next(promoting, when, moment):
    nth = 1
    while promoting.kill(when, moment, nth, *PROMOTE) and promoting.seen() == BEFORE:
        promoting.begin_again()
        nth += 1
    assert AFTER == promoting.seen()

    promoting.promote()
    promoting.check_promoted()


def test_one_that_was_killed_after_its_commit_is_recorded_by_the_next_run_which_says_so(promoting):
    assert promoting.kill("before", "record", 1, *PROMOTE)

    assert "was cut off" in promoting.project.run("--env", "prod").out
    assert AFTER == promoting.seen()
    assert "Nothing to do" in promoting.project.run("--env", "prod").out


def kill_rollbacks(made, every: int) -> None:
    """Kill a rollback before each so many of its statements."""
    for nth in range(1, 1_000, every):
        made.begin_again()
        made.promote()
        if not made.kill("before", "statement", nth, *ROLLBACK):
            break
        assert made.seen() in (BEFORE, AFTER), f"killed before statement {nth}"
        made.project(*ROLLBACK)
        made.check_rolled_back()


def test_a_rollback_that_is_killed_is_old_or_new_and_nothing_is_left_over(made):
    kill_rollbacks(made, 12)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_rollback_that_is_killed_at_each_statement_is_old_or_new_and_nothing_is_left_over(made):
    kill_rollbacks(made, 1)
