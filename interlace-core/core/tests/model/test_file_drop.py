"""The key ``files``: what it takes, and what is said of what it does not."""

from __future__ import annotations

import pytest

from interlace.model.definition import FileDrop
from interlace.model.file_drop import file_drop, format_of
from interlace.model.values import Unacceptable

GIVEN = {"connection": "drop", "path": "in/*.csv"}


def test_a_connection_and_a_path_are_enough():
    assert FileDrop("drop", "in/*.csv", "csv") == file_drop(GIVEN)


def test_all_that_can_be_said_is_read():
    said = {
        **GIVEN,
        "format": "csv",
        "columns": {"id": "INTEGER"},
        "filename": "source",
        "archive": "done/{date}/",
        "settle": "1m",
        "batch_size": 5,
        "delimiter": ";",
        "null": ["", "NA"],
    }

    assert FileDrop(
        "drop",
        "in/*.csv",
        "csv",
        columns=(("id", "INTEGER"),),
        filename="source",
        options={"delimiter": ";", "null": ["", "NA"]},
        after="archive",
        archive="done/{date}",
        settle=60.0,
        batch_size=5,
    ) == file_drop(said)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("in/*.csv", "csv"),
        ("in/*.CSV.GZ", "csv"),
        ("in/*.csv*", "csv"),
        ("in/*.csv.*", "csv"),
        ("in/*.jsonl.zst", "jsonl"),
        ("in/*.ndjson", "jsonl"),
        ("in/*.parquet", "parquet"),
        ("in/*.tsv.zip", "csv"),
        ("in/*", None),
        ("in/*.xml", None),
    ],
)
def test_the_format_is_that_of_the_name(path, expected):
    assert expected == format_of(path)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"pth": "x"}, "has no key 'pth'. Did you mean 'path'?"),
        ({"path": None}, "must be text, not None"),
        (
            {"path": "../in/*.csv"},
            "has a path that is none: '../in/*.csv' is no path below the place of a file connection.",
        ),
        ({"path": "in/a**.csv"}, "has a path that is none: the pattern 'in/a**.csv' has '**' beside other characters."),
        ({"format": "xml"}, "must have a 'format' of csv, jsonl, parquet, not 'xml'."),
        ({"format": "jsonl", "delimiter": ";"}, "has 'delimiter', which is for CSV, and its format is jsonl"),
        ({"delimiter": ";;"}, "must have one character as 'delimiter', not ';;'"),
        ({"encoding": "utf-99"}, "has an 'encoding' that is not known: 'utf-99'"),
        ({"skip": -1}, "must have 'skip' of 0 or more, not -1"),
        ({"header": "no"}, "must be true or false, not 'no'"),
        ({"after": "archive"}, "needs the folder that files are moved to, such as archive: done/{date}"),
        ({"after": "keep", "archive": "done"}, "has a folder under 'archive', and 'after: keep'"),
        ({"after": "move"}, "must have a 'after' of keep, archive, delete, not 'move'."),
        ({"archive": "done/{day}"}, "has {day} in 'archive'. Known: date, env, model."),
        ({"archive": "/done"}, "has an 'archive' that is no folder: '/done' is no path below"),
        (
            {"path": "**/*.csv", "archive": "done"},
            "would take in what it has moved to 'done' again: that lies within '**/*.csv'",
        ),
        ({"path": "in/**/*.csv", "archive": "in/old"}, "would take in what it has moved to 'in/old' again"),
        ({"after": "delete", "changed": "load"}, "has 'changed', which is about files that stay, and 'after: delete'"),
        ({"changed": "always"}, "must have a 'changed' of error, load, ignore, not 'always'."),
        ({"settle": "soon"}, "must be a duration such as 10m"),
        ({"batch_size": 0}, "must have 'batch_size' of 1 or more, not 0"),
        ({"filename": 3}, "must be true or false, not 3"),
    ],
)
def test_what_is_wrong_is_said(more, message):
    with pytest.raises(Unacceptable) as error:
        file_drop({**GIVEN, **more})

    assert str(error.value).startswith(message)


@pytest.mark.parametrize("key", ["connection", "path"])
def test_what_is_needed_is_named(key):
    with pytest.raises(Unacceptable, match=f"must name its '{key}'"):
        file_drop({k: v for k, v in GIVEN.items() if k != key})


FILES = '-- @files: {connection: drop, path: "in/*.csv"}\n'


@pytest.mark.parametrize(
    ("header", "query", "message"),
    [
        ("", "SELECT 1 AS a", "a query with 'files' reads them by $files, and this one does not"),
        ("-- @strategy: replace\n", "FROM $files", "'replace' would keep only the rows of the newest files"),
        ("-- @materialise: view\n", "FROM $files", "a model that is materialised as 'view' keeps no rows"),
        ("-- @incremental: key(id)\n", "FROM $files", "'incremental' and 'files' do not go together"),
        ("-- @volatile: true\n", "FROM $files", "'volatile' and 'files' do not go together"),
        ("-- @cache: {ttl: 1h}\n", "FROM $files", "'cache' and 'files' do not go together"),
    ],
)
def test_what_a_model_with_files_cannot_be(project, header, query, message):
    said = project.error("models/orders.sql", FILES + header + query)

    assert "models/orders.sql:" in said
    assert message in said


def test_a_name_that_does_not_say_the_format_needs_it(project):
    said = project.error("models/orders.sql", '-- @files: {connection: drop, path: "in/*"}\nFROM $files')

    assert "the name 'in/*' does not say which format the files have" in said


def test_a_function_reads_them_by_its_context(project):
    said = project.error(
        "models/orders.py",
        "from interlace import model\n\n\n"
        '@model(strategy="append", files={"connection": "drop", "path": "in/*"})\ndef orders():\n    return []\n',
    )

    assert "a function with 'files' reads them by context.arrivals, and this one takes no context" in said


def test_the_strategy_is_append_without_a_key(project):
    assert "append" == project.model("models/orders.sql", FILES + "FROM $files").strategy.name


def test_what_becomes_of_files_is_no_other_definition(project):
    one = project.model("models/orders.sql", FILES + "FROM $files")
    other = project.model("models/orders.sql", FILES.replace("}", ", after: delete, settle: 3}") + "FROM $files")

    assert one.fingerprint == other.fingerprint


def test_the_cache_keeps_what_is_said_of_files(project):
    project.write("models/orders.sql", FILES.replace("}", ", columns: {id: INT}, null: NA}") + "FROM $files")
    first = project.load(cache="cache/models")
    assert [] == [str(e) for e in first.errors]

    assert first.models[0].files == project.load(cache="cache/models").models[0].files
