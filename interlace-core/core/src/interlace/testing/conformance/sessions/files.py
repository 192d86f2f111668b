"""Files: what the engine writes out, and what it lives in; and the ibis backend."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from interlace.errors import UnsupportedCapability
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.relation import Relation


def _stamps(paths: tuple[Path, ...]) -> list[tuple[int, int, int]]:
    return [(s.st_size, s.st_mtime_ns, s.st_ino) for s in (path.stat() for path in paths if path.exists())]


class FileScenarios:
    """Scenarios of `copy_out`, `files` and `ibis`."""

    @requires("copy_out")
    def test_a_query_is_written_as_csv(self, session: Session, orders: Relation, tmp_path: Path) -> None:
        path = tmp_path / 'it\'s "out".csv'
        rows = session.copy_out(f"SELECT id, item FROM {session.name(orders)} ORDER BY id", path, "csv", {})
        with path.open(newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))

        assert 3 == rows
        assert [["id", "item"], ["1", "apple"], ["2", "pear"], ["3", ""]] == lines

    @requires("copy_out")
    def test_a_query_is_written_as_parquet(self, session: Session, orders: Relation, tmp_path: Path) -> None:
        path = tmp_path / "out.parquet"
        rows = session.copy_out(f"SELECT id, item FROM {session.name(orders)} ORDER BY id", path, "parquet", {})

        assert 3 == rows
        assert {"id": [1, 2, 3], "item": ["apple", "pear", None]} == pq.read_table(path).to_pydict()

    @requires("copy_out")
    def test_an_unknown_format_is_refused(self, session: Session, tmp_path: Path) -> None:
        with pytest.raises(UnsupportedCapability):
            session.copy_out("SELECT 1 AS id", tmp_path / "out.x", "no_such_format", {})
        session.copy_out("SELECT 1 AS id", tmp_path / "out.csv", "csv", {})

    @requires("writes")
    def test_the_files_change_when_something_is_written(
        self, connect: Callable[[], Connection], connection: Connection, session: Session, orders: Relation
    ) -> None:
        session.close()
        connection.close()
        if not connection.files():
            pytest.skip("it lives in no local files")
        before = _stamps(connection.files())
        again = connect()
        again.session().execute(f"DELETE FROM {session.name(orders)} WHERE id = 1")
        again.close()

        assert before
        assert before != _stamps(again.files())

    def test_the_files_stay_when_nothing_is_written(
        self, connect: Callable[[], Connection], connection: Connection, session: Session, orders: Relation
    ) -> None:
        session.close()
        connection.close()
        if not connection.files():
            pytest.skip("it lives in no local files")
        before = _stamps(connection.files())
        again = connect()
        again.session().fetch(f"SELECT * FROM {session.name(orders)}")
        again.close()

        assert before == _stamps(again.files())

    @requires("ibis")
    def test_an_ibis_backend_reads_a_table(self, session: Session, orders: Relation) -> None:
        table = session.ibis().table(orders.name, database=orders.schema)
        largest = session.ibis().sql(f"SELECT max(id) AS most FROM {session.name(orders)}").to_pyarrow()

        assert ("id", "item") == table.columns
        assert 6 == table.id.sum().to_pyarrow().as_py()
        assert {"most": [3]} == largest.to_pydict()

    @requires("ibis", "writes", "transactions")
    def test_an_ibis_backend_sees_what_the_transaction_sees(self, session: Session, orders: Relation) -> None:
        with session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)} WHERE id = 1")
            table = session.ibis().table(orders.name, database=orders.schema)
            seen = table.id.sum().to_pyarrow().as_py()

        assert 5 == seen

    @requires("ibis", "writes", "transactions")
    def test_an_ibis_backend_leaves_the_transaction_alone(self, session: Session, orders: Relation) -> None:
        with pytest.raises(LookupError), session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)}")
            session.ibis().table(orders.name, database=orders.schema).count().to_pyarrow()
            raise LookupError

        assert [(3,)] == session.fetch(f"SELECT count(*) FROM {session.name(orders)}")
