"""SIGKILL during ``interlace release``: all that was held back is old or all of it is new, and whoever comes next ends it."""

from __future__ import annotations

import signal

import pytest

EXTRACT = "-- @key: id\nSELECT * FROM (VALUES {rows}) AS given (id, amount)\n"
OLD = "(1, 10), (2, 20)"
NEW = "(1, 11), (2, 20), (3, 30)"

QUERIES = [
    "SELECT id, amount FROM orders ORDER BY 1",
    "SELECT CAST(amount AS integer) FROM total",
    "SELECT id FROM big ORDER BY 1",
    "SELECT id FROM log ORDER BY 1",
]
BEFORE = [[(1, 10), (2, 20)], [(30,)], [(2,)], [(1,), (2,)]]
AFTER = [[(1, 11), (2, 20), (3, 30)], [(61,)], [(1,), (2,), (3,)], [(1,), (1,), (2,), (2,), (3,)]]
LEFT = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '\\_\\_interlace%' ESCAPE '\\'"


class Releasing:
    """A project that holds back what it built: a table, a sum, a view and rows that were appended to a copy."""

    def __init__(self, killed) -> None:
        self.project = project = killed.project
        self._killed = killed
        self._warehouse = killed.warehouse
        self.begin_again = killed.begin_again
        project.write("config.yaml", f"connections:\n  default: {{{self._warehouse.config}}}\n")
        project.sql("orders", EXTRACT.format(rows=OLD))
        project.sql("total", "SELECT sum(amount) AS amount FROM orders\n")
        project.sql("big", "-- @materialise: view\nSELECT * FROM orders WHERE amount > 10\n")
        project.sql("log", "-- @strategy: append\nSELECT id FROM orders\n")
        project.run()
        assert BEFORE == self.seen()
        project.sql("orders", EXTRACT.format(rows=NEW))
        self.run = project.run("--hold", "--json").json["run"]
        killed.save()

    def seen(self):
        return self._warehouse.ask(QUERIES)

    def kill(self, when: str, moment: str, nth: int = 1) -> bool:
        """Release it and be killed there; whether that call came."""
        return self._killed.kill(when, moment, nth, "release", self.run)

    def check_dropped(self) -> None:
        """Nothing of what was staged is left, and what is published stands."""
        assert BEFORE == self.seen()
        assert [] == self._warehouse.ask([LEFT])[0]
        assert "Nothing is held back" in self.project("release").out

    def release(self) -> str:
        said = self.project("release", self.run)
        assert 0 == said.code, said.out + said.err
        return said.out + said.err

    def check_ended(self) -> None:
        """All is published, nothing waits, nothing is left over and nothing is left to do."""
        assert AFTER == self.seen()
        assert [] == self._warehouse.ask([LEFT])[0]
        assert "Nothing is held back" in self.project("release").out
        assert "Nothing to do" in self.project.run().out
        assert AFTER == self.seen()


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def made(request, make_killed):
    return Releasing(make_killed(request.param))


@pytest.fixture
def releasing(made):
    made.begin_again()
    return made


def test_a_release_that_is_killed_before_a_statement_is_old_or_new_and_is_ended_by_the_next(made):
    found = []
    for nth in range(1, 1_000, 3):
        made.begin_again()
        if not made.kill("before", "statement", nth):
            break
        seen = made.seen()
        found.append(seen)
        assert seen in (BEFORE, AFTER), f"killed before statement {nth}"
        made.release()
        made.check_ended()

    assert BEFORE in found
    assert AFTER in found


def test_one_that_was_killed_before_its_commit_is_done_by_the_next_release(releasing):
    assert releasing.kill("before", "commit")
    assert BEFORE == releasing.seen()

    assert "Published 4 models" in releasing.release()
    releasing.check_ended()


@pytest.mark.parametrize(
    ("when", "moment"), [("after", "commit"), ("before", "record"), ("after", "record"), ("before", "drop-held")]
)
def test_one_that_was_killed_after_its_commit_is_ended_by_the_next_release_which_says_so(releasing, when, moment):
    assert releasing.kill(when, moment)
    assert AFTER == releasing.seen()

    said = releasing.release()

    assert "was cut off" in said
    assert "Published 4 models" in said
    releasing.check_ended()


def test_one_that_was_killed_after_its_commit_is_recorded_by_the_next_run_which_says_so(releasing):
    assert releasing.kill("after", "commit")

    said = releasing.project.run()

    assert "was cut off" in said.out
    assert AFTER == releasing.seen()
    assert "Nothing to do" in releasing.project.run().out
    releasing.release()
    releasing.check_ended()


def test_one_that_was_killed_before_its_commit_leaves_the_next_run_to_build_and_is_then_refused(releasing):
    assert releasing.kill("before", "commit")

    said = releasing.project.run()

    assert "was cut off" in said.out
    assert AFTER == releasing.seen()
    assert "published again since" in releasing.project.fails("release", releasing.run)


def test_what_others_read_is_dropped_after_them(releasing):
    assert 0 == releasing.project("discard", releasing.run).code

    releasing.check_dropped()


@pytest.mark.parametrize("nth", [2, 4])
def test_a_discard_that_is_killed_is_ended_by_the_next(releasing, nth):
    said = releasing.project.killed_at("after", "drop", nth, "discard", releasing.run)
    again = releasing.project("discard", releasing.run)

    assert (-signal.SIGKILL, 0) == (said.code, again.code), again.err
    releasing.check_dropped()


def test_a_release_that_was_killed_in_the_middle_is_said_by_the_next_run(releasing):
    assert releasing.kill("before", "commit")

    assert f"the release or discard of what run {releasing.run} held back was cut off" in releasing.project.run().out
