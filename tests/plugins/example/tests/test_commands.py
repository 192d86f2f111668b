from __future__ import annotations

import sqlite3
from contextlib import closing

from typer.testing import CliRunner

from interlace_example.commands import app


def test_the_tables_of_a_file_are_listed(tmp_path):
    file = tmp_path / "some file.sqlite"
    with closing(sqlite3.connect(file)) as database:
        database.executescript("CREATE TABLE orders (id); CREATE TABLE customers (id);")

    assert "customers\norders\n" == CliRunner().invoke(app, [str(file)]).output


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path):
    assert 2 == CliRunner().invoke(app, [str(tmp_path / "none")]).exit_code
