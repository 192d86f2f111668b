"""What other tools get wrong on DuckDB (`loading.md`), by `interlace run` on DuckDB and on PostgreSQL.

The last row of that table, two runs at once, is in ``test_two_processes.py``.
"""

from __future__ import annotations

from typing import Any

import pytest

from interlace.cli.app import run

PEOPLE = {"id": "integer", "name": "text"}


class Loads:
    """A model `kept` that is loaded from a table `batch`, again and again."""

    def __init__(self, project, warehouse: str, ask, capsys) -> None:
        self._project = project
        self._ask = ask
        self._capsys = capsys
        project.write("config.yaml", f"connections:\n  default: {{{warehouse}}}\n")

    def header(self, *lines: str, query: str = "SELECT * FROM batch") -> None:
        """How `kept` is loaded."""
        self._project.sql("kept", "".join(f"-- @{line}\n" for line in lines) + query)

    def history(self, key: str = "id", **options: str) -> None:
        """Keep a history of the batches."""
        said = "".join(f", {name}: {value}" for name, value in options.items())
        self.header(f"strategy: {{name: scd_type_2{said}}}", f"key: {key}")

    def merge(self, key: str = "id", **options: str) -> None:
        """Merge the batches."""
        said = "".join(f", {name}: {value}" for name, value in options.items())
        self.header(f"strategy: {{name: merge_by_key{said}}}", f"key: {key}")

    def load(self, *rows: tuple[Any, ...], types: dict[str, str] = PEOPLE, words: tuple[str, ...] = ()) -> None:
        """Run with this batch; it has to succeed."""
        code, said = self._run(rows, types, words)
        assert 0 == code, said

    def fails(self, *rows: tuple[Any, ...], types: dict[str, str] = PEOPLE, words: tuple[str, ...] = ()) -> str:
        """Run with this batch; it has to fail, and says why."""
        code, said = self._run(rows, types, words)
        assert 1 == code, said
        assert "Traceback" not in said
        return said

    def kept(self, columns: str) -> list[tuple[Any, ...]]:
        """What is in the table, in order."""
        return sorted(self._ask(f"SELECT {columns} FROM kept"), key=repr)

    def _run(self, rows: tuple[tuple[Any, ...], ...], types: dict[str, str], words: tuple[str, ...]) -> tuple[int, str]:
        selected = [_row(types, row) for row in rows] or [_row(types, (None,) * len(types)) + " WHERE false"]
        self._project.sql("batch", " UNION ALL ".join(selected))
        code = run(["run", "--force", "--project", str(self._project.root), *words])
        said = self._capsys.readouterr()
        return code, said.out + said.err


def _row(types: dict[str, str], values: tuple[Any, ...]) -> str:
    written = ["NULL" if value is None else f"'{value}'" for value in values]
    cells = [f"CAST({value} AS {type_}) AS {name}" for value, (name, type_) in zip(written, types.items(), strict=True)]
    return "SELECT " + ", ".join(cells)


@pytest.fixture(params=["duckdb", "postgres"])
def loads(request, project, capsys) -> Loads:
    if request.param == "duckdb":
        return Loads(project, "type: duckdb, path: warehouse.duckdb", project.query, capsys)
    url = request.getfixturevalue("postgres_url")

    def ask(sql: str) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchall()

    return Loads(project, f"type: postgres, url: '{url}'", ask, capsys)


def test_a_tracked_value_that_goes_from_null_to_a_value_leaves_null_in_the_closed_row(loads):
    loads.history()
    loads.load((1, None))
    loads.load((1, "ann"))

    assert [("ann", True), (None, False)] == loads.kept("name, valid_to IS NULL")


def test_the_ends_of_closed_rows_never_move(loads):
    loads.history(delete_missing="true", delete_mode="close")
    loads.load((1, "ann"), (2, "ben"))
    loads.load((1, "anna"))
    versions = "id, name, CAST(valid_from AS text), CAST(valid_to AS text)"
    before = [version for version in loads.kept(versions) if version[3] is not None]
    loads.load((1, "anna"))
    loads.load((1, "annie"))
    after = [version for version in loads.kept(versions) if version[3] is not None]

    assert [(1, "ann"), (2, "ben")] == [version[:2] for version in before]
    assert before == [version for version in after if version[1] != "anna"]


def test_a_null_key_has_one_version_however_often_it_is_loaded_with_deletes_on(loads):
    loads.history(delete_missing="true", delete_mode="close", null_keys="match")
    for _ in range(3):
        loads.load((None, "ann"), (2, "ben"))

    assert [(2, "ben", True), (None, "ann", True)] == loads.kept("id, name, valid_to IS NULL")


def test_a_null_key_is_refused_where_nothing_says_what_it_means(loads):
    loads.history(delete_missing="true", delete_mode="close")
    loads.load((1, "ann"))
    said = loads.fails((None, "ben"), (1, "anna"))

    assert "NULL" in said
    assert [(1, "ann", True)] == loads.kept("id, name, valid_to IS NULL")


SEEN = {**PEOPLE, "seen": "timestamp"}


def test_two_versions_of_one_key_in_a_batch_are_two_versions_of_which_one_is_open(loads):
    loads.history(updated_at="seen", duplicates="sequence")
    loads.load((1, "ann", "2024-01-01"), types=SEEN)
    loads.load((1, "annie", "2024-01-03"), (1, "anna", "2024-01-02"), types=SEEN)
    versions = loads.kept("name, EXTRACT(DAY FROM valid_from)::int, EXTRACT(DAY FROM valid_to)::int")

    assert [("ann", 1, 2), ("anna", 2, 3), ("annie", 3, None)] == versions


def test_two_versions_of_one_key_in_a_batch_are_refused_where_nothing_says_which_is_later(loads):
    loads.history()
    loads.load((1, "ann"))
    said = loads.fails((1, "anna"), (1, "annie"))

    assert "set 'duplicates'" in said
    assert [("ann", True)] == loads.kept("name, valid_to IS NULL")


def test_identical_rows_of_a_batch_are_one_open_row(loads):
    loads.history()
    loads.load((1, "ann"), (1, "ann"))
    loads.load((1, "anna"), (1, "anna"), (2, "ben"), (2, "ben"))

    assert [(1, "ann", False), (1, "anna", True), (2, "ben", True)] == loads.kept("id, name, valid_to IS NULL")


def test_a_new_column_that_holds_only_null_makes_no_versions(loads):
    loads.history()
    loads.load((1, "ann"), (2, "ben"))
    loads.load((1, "ann", None), (2, "ben", None), types={**PEOPLE, "city": "text"})

    assert [(1, "ann", None, True), (2, "ben", None, True)] == loads.kept("id, name, city, valid_to IS NULL")


def test_an_empty_batch_closes_nothing(loads):
    loads.history(delete_missing="true", delete_mode="close")
    loads.load((1, "ann"), (2, "ben"))
    said = loads.fails()

    assert "allow_empty" in said
    assert [(1, True), (2, True)] == loads.kept("id, valid_to IS NULL")


def test_an_empty_batch_deletes_nothing(loads):
    loads.merge(delete_missing="true")
    loads.load((1, "ann"), (2, "ben"))
    said = loads.fails()

    assert "allow_empty" in said
    assert [(1,), (2,)] == loads.kept("id")


PAIRS = {"a": "text", "b": "text", "n": "integer"}


@pytest.mark.parametrize("strategy", ["history", "merge"])
def test_compound_keys_are_compared_column_by_column(loads, strategy):
    getattr(loads, strategy)("[a, b]")
    loads.load(("a", "bc", 1), ("ab", "c", 2), types=PAIRS)
    loads.load(("a", "bc", 1), ("ab", "c", 2), types=PAIRS)

    assert [("a", "bc", 1), ("ab", "c", 2)] == loads.kept("a, b, n")


def test_null_in_a_compound_key_touches_no_other_row(loads):
    loads.merge("[a, b]", null_keys="match")
    loads.load(("x", "y", 1), ("x", None, 2), (None, "y", 3), types=PAIRS)
    loads.load(("x", None, 4), types=PAIRS)

    assert [("x", "y", 1), ("x", None, 4), (None, "y", 3)] == loads.kept("a, b, n")


def test_a_merge_that_fails_leaves_the_rows_that_matched(loads):
    loads.merge(set='{name: "CAST(CAST(source.name AS integer) AS text)"}')
    loads.load((1, "ann"), (2, "ben"))
    loads.fails((1, "10"), (2, "no number"), (3, "30"))

    assert [(1, "ann"), (2, "ben")] == loads.kept("id, name")


def test_an_interval_load_that_fails_keeps_the_intervals_old_rows(loads):
    loads.header(
        "incremental: {by: datetime, column: day, start: 2024-01-01}",
        query="SELECT id, CAST(name AS integer) AS n, CAST($start AS timestamp) AS day FROM batch",
    )
    day = ("--since", "2024-01-01", "--until", "2024-01-02")
    loads.load((1, "1"), (2, "2"), words=day)
    loads.fails((1, "3"), (2, "no number"), words=day)

    assert [(1, 1), (2, 2)] == loads.kept("id, n")


def test_new_keys_that_a_batch_holds_twice_are_inserted_once(loads):
    loads.merge(duplicates="latest", order_by="name")
    loads.load((1, "ann"))
    loads.load((2, "ben"), (2, "ben"), (3, "cyd"), (3, "dan"))

    assert [(1, "ann"), (2, "ben"), (3, "dan")] == loads.kept("id, name")
