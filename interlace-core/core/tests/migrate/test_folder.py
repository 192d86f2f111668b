from __future__ import annotations

import re

import pytest

from interlace.errors import InvalidMigration, InvalidProject
from interlace.migrate.folder import Places, gaps, read_folder
from interlace.migrate.migration import Functions, Script, Statement

PLACES = Places({"default": "duckdb", "crm": "postgres"}, ("default", "crm"), "default", ("prod", "dev"))
UP = "-- up\nSELECT 1;\n"


@pytest.fixture
def read(tmp_path):
    """Read a folder of migrations from texts by file name."""

    def read(**files: str):
        folder = tmp_path / "migrations"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        return read_folder(tmp_path, PLACES)

    return read


def wrong(read, name: str, text: str) -> str:
    with pytest.raises(InvalidMigration) as caught:
        read(**{name: text})
    return str(caught.value)


def test_a_project_without_the_folder_has_none(tmp_path):
    assert [] == read_folder(tmp_path, PLACES)


def test_a_file_has_statements_forward_and_back_with_their_lines(read):
    (one,) = read(
        **{
            "0001_audit.sql": "-- @connection: crm\n-- @environments: [prod]\n-- @transaction: false\n-- @description: why\n\n"
            "-- up\nCREATE TABLE a (x text DEFAULT 'a;b -- down');  -- a remark\n"
            "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1;\n-- down\n$$ LANGUAGE sql;\n-- down\nDROP TABLE a;\n"
        }
    )

    assert (
        Script(
            (
                Statement("CREATE TABLE a (x text DEFAULT 'a;b -- down')", 7),
                Statement("CREATE FUNCTION f() RETURNS int AS $$ SELECT 1;\n-- down\n$$ LANGUAGE sql", 8),
            ),
            (Statement("DROP TABLE a", 12),),
        )
        == one.body
    )
    assert ("crm", ("prod",), False) == (one.connection, one.environments, one.transaction)


@pytest.mark.parametrize("mark", ["-- up", "--up", "-- UP", "-- migrate:up", "-- +goose Up", "-- +migrate Up"])
def test_what_dbmate_and_goose_write_is_a_mark_too(read, mark):
    (one,) = read(**{"0001_a.sql": f"{mark}\nSELECT 1;\n{re.sub('up', 'down', mark, flags=re.IGNORECASE)}\nSELECT 2"})

    assert one.reversible


def test_a_python_file_is_not_imported_to_be_read(read):
    (one,) = read(**{"0001_a.py": "# @connection: crm\nraise RuntimeError\n\ndef up(session): ...\ndef down(s): ...\n"})

    assert Functions(4, 5) == one.body
    assert "crm" == one.connection


def test_one_without_a_way_back_is_not_reversible(read):
    sql, python = read(**{"0001_a.sql": UP + "-- down\n-- nothing\n", "0002_a.py": "def up(session): ..."})

    assert (False, False) == (sql.reversible, python.reversible)


def test_line_ends_do_not_change_the_checksum(read):
    (one,) = read(**{"0001_a.sql": "-- up\nSELECT 1;\n"})
    (other,) = read(**{"0001_a.sql": "-- up\r\nSELECT 1;\r\n"})

    assert one.checksum == other.checksum


def test_other_files_and_helpers_are_left_alone(read):
    assert ["0001_a"] == [m.name for m in read(**{"0001_a.sql": UP, "README.md": "x", "_help.py": "x"})]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("add.sql", UP, "migrations/add.sql: a migration's name is a number from 1, an underline and a word"),
        ("0000_a.sql", UP, "migrations/0000_a.sql: a migration's name is a number from 1"),
        ("0001_a.sql", "SELECT 1", "migrations/0001_a.sql:1: it has no statement under '-- up'"),
        ("0001_a.sql", "-- up\n-- down\nSELECT 1", "it has no statement under '-- up'"),
        ("0001_a.sql", "SELECT 2;\n" + UP, "migrations/0001_a.sql:1: a statement stands before '-- up'"),
        ("0001_a.sql", UP + UP, "migrations/0001_a.sql:3: '-- up' is there twice"),
        ("0001_a.sql", "-- up\nSELECT 'a", "migrations/0001_a.sql:1: a statement is never closed"),
        (
            "0001_a.sql",
            "-- @conection: crm\n" + UP,
            ("migrations/0001_a.sql:1: 'conection' is no key of a migration\nDid you mean 'connection'? "
            "Keys: connection, description, environments, transaction."),
        ),
        ("0001_a.sql", "-- @connection: cmr\n" + UP, "there is no connection 'cmr'\nDid you mean 'crm'?"),
        ("0001_a.sql", "-- @environments: prd\n" + UP, "the project has no environment 'prd'\nDid you mean 'prod'?"),
        ("0001_a.sql", "-- @transaction: maybe\n" + UP, "'transaction' must be true or false, not 'maybe'"),
        ("0001_a.sql", "-- @transaction:\n" + UP, "'transaction' has no value"),
        ("0001_a.sql", "-- @connection: crm\n-- @connection: crm\n" + UP, "0001_a.sql:2: 'connection' is given twice"),
        ("0001_a.py", "def up(session:\n", "migrations/0001_a.py:1: it is no Python"),
        ("0001_a.py", "def upgrade(session): ...", "migrations/0001_a.py: it has no function up(session)"),
        ("0001_a.py", "\ndef up(): ...", "migrations/0001_a.py:2: up takes one argument, the session"),
        ("0001_a.py", "async def up(session): ...", "migrations/0001_a.py:1: up must not be async"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_an_error_with_its_line(read, name, text, said):
    assert said in wrong(read, name, text)


def test_a_file_that_is_not_utf8_is_an_error(read, tmp_path):
    read(**{"0001_a.sql": UP})
    (tmp_path / "migrations" / "0001_a.sql").write_bytes(b"-- up\nSELECT '\xe9'")

    with pytest.raises(InvalidMigration, match="not UTF-8"):
        read_folder(tmp_path, PLACES)


def test_two_of_one_number_are_an_error(read):
    with pytest.raises(InvalidMigration) as caught:
        read(**{"0001_a.sql": UP, "1_b.sql": UP})

    assert "two migrations have the number 1: 0001_a and 1_b" in str(caught.value)


def test_everything_that_is_wrong_is_said_at_once(read):
    with pytest.raises(InvalidProject) as caught:
        read(**{"0001_a.sql": "x", "0002_b.py": "x"})

    assert 2 == len(caught.value.errors)


def test_gaps_are_the_numbers_between_that_nothing_has():
    assert [2, 4, 5] == gaps([1, 3, 6])
    assert [] == gaps([])
