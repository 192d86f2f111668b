"""What a Python model may ask for and give back."""

from __future__ import annotations

import pytest

ROWS = [(1, "one"), (2, "two")]


@pytest.fixture
def numbers(project):
    project.sql("numbers", "SELECT * FROM (VALUES (1, 'one'), (2, 'two')) AS v (id, name)")
    return project


@pytest.mark.parametrize(
    ("imports", "annotation", "body"),
    [
        ("", "", "return numbers"),
        ("import ibis", ": ibis.Table", "return numbers.filter(numbers.id > 0)"),
        ("import ibis", ": ibis.Table", "return numbers.to_pyarrow()"),
        ("import pyarrow as pa", ": pa.Table", "return numbers"),
        ("import pyarrow", ": pyarrow.Table", "return numbers.to_pylist()"),
        ("import pyarrow as pa", ": pa.RecordBatchReader", "return numbers"),
        ("import pyarrow as pa", ": pa.RecordBatchReader", "for batch in numbers: yield batch"),
        ("import pandas as pd", ": pd.DataFrame", "return numbers"),
        ("import polars as pl", ": pl.DataFrame", "return numbers"),
        ("import polars as pl", ": pl.LazyFrame", "return numbers"),
        ("import pyarrow as pa", ": pa.Table", "for row in numbers.to_pylist(): yield row"),
        ("import pyarrow as pa", ": pa.Table", "yield numbers"),
    ],
)
def test_an_input_arrives_as_its_annotation_asks_and_goes_back(numbers, imports, annotation, body):
    numbers.write(
        "models/copied.py",
        f"from interlace import model\n{imports}\n\n@model()\ndef copied(numbers{annotation}):\n    {body}\n",
    )

    numbers.run()

    assert ROWS == numbers.query("SELECT id, name FROM copied ORDER BY id")


@pytest.mark.parametrize(
    "code",
    [
        "async def made():\n    import asyncio\n    await asyncio.sleep(0)\n    return [{'id': 1, 'name': 'one'}, {'id': 2, 'name': 'two'}]",
        "def made():\n    yield {'id': 1, 'name': 'one'}\n    yield {'id': 2, 'name': 'two'}",
        "def made():\n    yield [{'id': 1, 'name': 'one'}]\n    yield [{'id': 2, 'name': 'two'}]",
        "async def made():\n    yield {'id': 1, 'name': 'one'}\n    yield {'id': 2, 'name': 'two'}",
    ],
    ids=["async", "generator", "batches", "async generator"],
)
def test_each_kind_of_function_is_a_model(project, code):
    project.write("models/made.py", f"from interlace import model\n\n@model()\n{code}\n")

    project.run()

    assert ROWS == project.query("SELECT id, name FROM made ORDER BY id")


def test_a_dictionary_is_one_row(project):
    project.write(
        "models/a.py", "from interlace import model\n\n@model()\ndef a():\n    return {'id': 1, 'l': [1, 2]}\n"
    )

    project.run()

    assert [(1, [1, 2])] == project.query("FROM a")


def test_one_file_may_hold_several_models_that_read_one_another(project):
    project.python(
        "several",
        """
        import pyarrow as pa
        from interlace import model

        @model(volatile=False)
        def first():
            return [{"id": 1}]

        @model()
        def second(first: pa.Table):
            return first
    """,
    )

    assert {"first": "succeeded", "second": "succeeded"} == project.run("--json").statuses
    assert "Nothing to do" in project.run().out


def test_the_context_gives_run_environment_variables_logger_and_connection(project):
    project.write(
        "config.yaml",
        """
        connections:
          default: {type: duckdb, path: warehouse.duckdb}
        vars: {limit: 3}
    """,
    )
    project.python(
        "told",
        """
        from interlace import model

        @model()
        def told(context):
            context.logger.info("asked the database")
            [[answer]] = context.connection.fetch("SELECT 41 + 1")
            return [{
                "run": context.run,
                "model": context.model,
                "environment": context.environment,
                "limit": context.variables["limit"],
                "answer": answer,
                "relation": str(context.relation),
                "interval": str(context.interval),
            }]
    """,
    )

    said = project.run("--json", "--var", "limit=5")

    assert [(said.json["run"], "told", "dev", 5, 42, "main.told", "None")] == project.query("FROM told")


def test_a_log_line_of_a_model_is_in_the_runs_log(project):
    project.python(
        "told",
        """
        from interlace import model

        @model()
        def told(context):
            context.logger.warning("the feed was slow")
            return [{"id": 1}]
    """,
    )
    run = project.run("--json").json["run"]

    assert "the feed was slow" in project("runs", "logs", run).out


def test_ref_names_what_no_parameter_can(project):
    project.write("models/odd name.sql", "SELECT 7 AS id")
    project.python(
        "reader",
        """
        from typing import Annotated

        import pyarrow as pa
        from interlace import model, ref

        @model()
        def reader(rows: Annotated[pa.Table, ref("odd name")]):
            return rows
    """,
    )

    project.run()

    assert [(7,)] == project.query("FROM reader")


def test_a_parameter_with_a_default_is_no_dependency(project):
    project.write(
        "models/a.py",
        "from interlace import model\n\n@model()\ndef a(many=3):\n    return [{'id': i} for i in range(many)]\n",
    )

    project.run()

    assert [(3,)] == project.query("SELECT count(*) FROM a")


def test_a_helper_of_the_project_counts_for_the_models_that_reach_it(project):
    project.write("rates.py", "RATE = 2\n")
    project.python(
        "a",
        "from interlace import model\nfrom rates import RATE\n\n@model(volatile=False)\ndef a():\n    return [{'id': RATE}]\n",
    )
    project.python("b", "from interlace import model\n\n@model(volatile=False)\ndef b():\n    return [{'id': 1}]\n")
    project.run()
    assert "Nothing to do" in project.run().out

    project.write("rates.py", "RATE = 3\n")

    assert {"a": "succeeded"} == project.run("--json").statuses
    assert [(3,)] == project.query("FROM a")


def test_a_python_model_with_no_inputs_runs_each_time(project):
    project.write("models/a.py", "from interlace import model\n\n@model()\ndef a():\n    return [{'id': 1}]\n")
    project.run()

    assert {"a": ["volatile"]} == project("plan", "--json").reasons


def test_declared_input_files_decide_when_a_python_model_runs(project):
    project.write("data/one.txt", "1")
    project.python(
        "a",
        """
        from pathlib import Path
        from interlace import model

        @model(inputs="data/*.txt")
        def a():
            return [{"n": int(f.read_text())} for f in sorted(Path("data").glob("*.txt"))]
    """,
    )
    project.run()
    assert "Nothing to do" in project.run().out

    project.write("data/two.txt", "2")

    assert {"a": ["inputs"]} == project("plan", "--json").reasons
    project.run()
    assert [(1,), (2,)] == project.query("SELECT n FROM a ORDER BY n")


def test_declared_types_are_the_types_of_the_table(project):
    project.python(
        "a",
        """
        from interlace import model

        @model(columns={"id": "INTEGER", "price": "DECIMAL(10, 2)", "day": "DATE", "note": "VARCHAR"})
        def a():
            return [{"id": 1, "price": "3.50", "day": "2026-03-01", "note": None}]
    """,
    )

    project.run()

    assert {"id": "INTEGER", "price": "DECIMAL(10,2)", "day": "DATE", "note": "VARCHAR"} == project.types("a")


def test_no_rows_with_declared_columns_make_an_empty_table(project):
    project.write(
        "models/a.py", "from interlace import model\n\n@model(columns={'id': 'BIGINT'})\ndef a():\n    return []\n"
    )

    project.run()

    assert {"id": "BIGINT"} == project.types("a")


def test_materialise_none_is_an_effect_that_orders_its_children(project):
    project.python(
        "effect",
        """
        from pathlib import Path
        from interlace import model

        @model(materialise="none")
        def effect():
            Path("done.txt").write_text("yes")
    """,
    )
    project.sql("after", "-- @dependencies: effect\nSELECT * FROM read_csv('done.txt', header = false)")

    project.run()

    assert [("yes",)] == [(str(v),) if v is not True else ("yes",) for (v,) in project.query("FROM after")]


def test_an_effect_cannot_be_read(project):
    project.write(
        "models/effect.py", "from interlace import model\n\n@model(materialise='none')\ndef effect():\n    pass\n"
    )
    project.sql("after", "SELECT * FROM effect")

    assert "effect" in project.fails("run")
