"""What an exporter must do: the suite for `interlace.contracts.exporter`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from interlace.errors import ExportFailed
from interlace.testing.conformance.working import OnConnection

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.exporter import Exported, Exporter

__all__ = ["ExporterConformance"]

QUERY = "SELECT 1 AS id, 'apple' AS item UNION ALL SELECT 2, 'it''s \"grün\", ja' UNION ALL SELECT 3, NULL"

Export = Callable[..., "Exported"]


class ExporterConformance(OnConnection):
    """All scenarios of an exporter.

    Override `exporter`, `read` and `connect`; override `options` where options must be given.
    """

    @pytest.fixture
    def exporter(self) -> type[Exporter]:
        """The class under test."""
        raise NotImplementedError("override the fixture `exporter`: return your class")

    @pytest.fixture
    def read(self) -> Callable[[Path], list[dict[str, Any]]]:
        """A function that reads a written file back, in any order of rows: ``id`` as int, ``item`` as str or None."""
        raise NotImplementedError("override the fixture `read`: return a function that reads your format")

    @pytest.fixture
    def options(self) -> dict[str, Any]:
        """Options that are valid for it, beside ``path``."""
        return {}

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """Where the scenarios write."""
        return tmp_path / "exported files" / "the file's name"

    @pytest.fixture
    def export(self, exporter: type[Exporter], session: Session, path: Path, options: dict[str, Any]) -> Export:
        """A function that exports a query to `path`."""

        def run(query: str = QUERY, to: Path = path) -> Exported:
            given = exporter.Config.model_validate({**options, "path": str(to)})
            return exporter().export(session, query, to, given)

        return run

    def test_every_row_is_written(
        self, export: Export, path: Path, read: Callable[[Path], list[dict[str, Any]]]
    ) -> None:
        export()
        rows = sorted(read(path), key=lambda row: int(row["id"]))

        assert [(1, "apple"), (2, 'it\'s "grün", ja'), (3, None)] == [(row["id"], row["item"]) for row in rows]

    def test_it_says_what_it_wrote(self, export: Export, path: Path) -> None:
        exported = export()

        assert (path, 3, path.stat().st_size) == (exported.path, exported.rows, exported.bytes)

    def test_no_rows_make_a_file_without_rows(
        self, export: Export, path: Path, read: Callable[[Path], list[dict[str, Any]]]
    ) -> None:
        exported = export(f"SELECT * FROM ({QUERY}) AS few WHERE id > 99")

        assert 0 == exported.rows
        assert [] == read(path)

    def test_an_old_file_is_replaced(
        self, export: Export, path: Path, read: Callable[[Path], list[dict[str, Any]]]
    ) -> None:
        export()
        export("SELECT 9 AS id, 'x' AS item")

        assert [9] == [row["id"] for row in read(path)]

    def test_nothing_but_the_file_is_left(self, export: Export, path: Path) -> None:
        export()

        assert [path.name] == [file.name for file in path.parent.iterdir()]

    def test_a_failure_leaves_the_old_file_and_nothing_else(self, export: Export, path: Path) -> None:
        export()
        before = path.read_bytes()
        with pytest.raises(ExportFailed):
            export("SELECT * FROM no_such_table")

        assert before == path.read_bytes()
        assert [path.name] == [file.name for file in path.parent.iterdir()]

    def test_a_path_that_cannot_be_written_is_named(self, export: Export, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("no folder")
        with pytest.raises(ExportFailed, match="file"):
            export(QUERY, blocked / "out")

    def test_a_folder_at_the_path_is_refused(self, export: Export, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(ExportFailed):
            export()

        assert [] == list(path.iterdir())

    def test_an_unknown_option_is_refused(self, exporter: type[Exporter], options: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            exporter.Config.model_validate({**options, "path": "x", "no_such_option": 1})

    def test_a_path_must_be_given(self, exporter: type[Exporter], options: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            exporter.Config.model_validate(options)
