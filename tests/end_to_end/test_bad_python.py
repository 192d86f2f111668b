"""Python models that are wrong: the author's own line, no frame of Interlace."""

from __future__ import annotations

import pytest

ONE_ROW = """
from interlace import model

@model(columns={{"id": "BIGINT"}})
def a():
    return {gives}
"""


def test_a_model_that_raises_shows_its_own_line_and_no_frames(project):
    project.python(
        "a",
        """
        from interlace import model

        def half(n):
            return n / 0

        @model()
        def a():
            return [{"id": half(1)}]
    """,
    )

    said = project.fails("run", code=1)

    assert "models/a.py:4" in said
    assert "return n / 0" in said
    assert "ZeroDivisionError: division by zero" in said
    assert "interlace/run" not in said


def test_a_function_that_returns_none_does_not_empty_its_table(project):
    project.python("a", ONE_ROW.format(gives='[{"id": 1}]'))
    project.run()
    project.python("a", ONE_ROW.format(gives="None"))

    said = project.fails("run", code=1)

    assert "models/a.py:4: The function returned None, and the model has a table." in said
    assert "materialise='none'" in said
    assert [(1,)] == project.query("SELECT id FROM a")


def test_a_declared_type_that_is_none_is_named_with_its_column_and_the_nearest(project):
    project.python("a", ONE_ROW.format(gives="[]").replace("BIGINT", "BIGINTT"))

    said = project.fails("run", code=1)

    assert "models/a.py:4: Column 'id': Rows of a Python model cannot have the type 'BIGINTT'." in said
    assert "Did you mean 'BIGINT'?" in said


def test_a_generator_that_raises_half_way_publishes_nothing(project):
    project.python(
        "a",
        """
        from interlace import model

        @model()
        def a():
            yield {"id": 1}
            raise ValueError("the pump is off")
    """,
    )

    said = project.fails("run", code=1)

    assert "models/a.py:6" in said
    assert "the pump is off" in said
    assert [] == project.query("SELECT 1 FROM duckdb_tables() WHERE table_name = 'a'")


def test_a_file_that_cannot_be_imported_shows_its_line(project):
    project.python("a", "from interlace import model\nimport no_such_package\n")

    said = project.fails("run")

    assert "models/a.py:2" in said
    assert "no_such_package" in said


def test_python_that_does_not_parse_is_shown_with_line_column_and_excerpt(project):
    project.python("a", "from interlace import model\n\ndef a(:\n    pass\n")

    said = project.fails("run")

    assert "models/a.py:3:" in said
    assert "def a(:" in said
    assert "^" in said


@pytest.mark.parametrize(
    ("decorator", "words"),
    [
        ("@model(materialse='view')", ["models/a.py:3", "materialse", "materialise"]),
        ("@model(strategy='apend')", ["models/a.py:3", "apend", "append"]),
        ("@model(checks=[{'uniq': 'id'}])", ["models/a.py:3", "uniq", "unique"]),
        ("@model(timeout='soon')", ["models/a.py:3", "timeout", "soon"]),
        ("@model(materialise='view')", ["view"]),
    ],
)
def test_a_wrong_keyword_names_its_line_and_the_nearest_word(project, decorator, words):
    project.python("a", f"from interlace import model\n\n{decorator}\ndef a():\n    return [{{'id': 1}}]\n")

    said = project.fails("run")

    assert [] == [word for word in words if word not in said], said


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("custmers", ["custmers", "'customers'"]),
        ("*customers", ["*customers", "names none"]),
        ("customers: int", ["int", "ibis.Table"]),
        ("customers: 'pandas.Dataframe'", ["pandas.Dataframe", "pandas.DataFrame"]),
        ("customers, /", ["positional"]),
    ],
)
def test_a_wrong_parameter_is_explained(project, signature, words):
    project.sql("customers", "SELECT 1 AS id")
    project.python("a", f"from interlace import model\n\n@model()\ndef a({signature}):\n    return [{{'id': 1}}]\n")

    said = project.fails("run")

    assert [] == [word for word in (*words, "models/a.py:") if word not in said], said


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return None", ["no rows"]),
        ("return 3", ["int"]),
        ("return 'text'", ["str"]),
        ("return []", ["columns"]),
        ("return [{}]", ["column"]),
        ("return [1, 2]", ["int"]),
        ("yield {'id': 1}\n    yield 7", ["int"]),
        ("return [{'id': 1}, {'id': 'one'}]", ["id"]),
        ("return [{'id': object()}]", ["id", "object"]),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(project, body, words):
    project.python("a", f"from interlace import model\n\n@model()\ndef a():\n    {body}\n")

    said = project.fails("run", code=1)

    assert [] == [word for word in (*words, "models/a.py") if word not in said], said
    assert [] == project.query("SELECT 1 FROM duckdb_tables() WHERE table_name = 'a'")


def test_a_failed_model_blocks_its_descendants_only(project):
    project.python("bad", "from interlace import model\n\n@model()\ndef bad():\n    raise RuntimeError('no')\n")
    project.sql("child", "SELECT * FROM bad")
    project.sql("grandchild", "SELECT * FROM child")
    project.sql("other", "SELECT 1 AS id")

    said = project("run", "--json")

    assert 1 == said.code
    assert {"bad": "failed", "child": "blocked", "grandchild": "blocked", "other": "succeeded"} == said.statuses


def test_what_failed_and_all_below_it_runs_again_with_the_state_selector(project):
    project.write(
        "models/bad.py", "from interlace import model\n\n@model()\ndef bad():\n    raise RuntimeError('no')\n"
    )
    project.sql("child", "SELECT * FROM bad")
    project.sql("other", "SELECT 1 AS id")
    project("run")
    project.write("models/bad.py", "from interlace import model\n\n@model()\ndef bad():\n    return [{'id': 1}]\n")

    said = project.run("--json", "--select", "state:failed+")

    assert {"bad": "succeeded", "child": "succeeded"} == said.statuses


def test_a_model_that_takes_too_long_is_given_up(project):
    project.python(
        "slow",
        """
        import time
        from interlace import model

        @model(timeout="300ms")
        def slow():
            time.sleep(30)
            return [{"id": 1}]
    """,
    )

    said = project.fails("run", code=1, timeout=25)

    assert "slow" in said
    assert "ILC-605" in said


def test_a_query_that_takes_too_long_is_interrupted(project):
    project.sql("slow", "-- @timeout: 300ms\nSELECT count(*) AS n FROM range(10000000) a, range(1000000) b")

    said = project.fails("run", code=1, timeout=25)

    assert "ILC-605" in said


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('@check("sums")', "@check takes the name of a model: @check(model=\"sums\"), not 'sums' by its place"),
        ("@check", '@check takes the name of a model: @check(model="orders")'),
        ("@check()", '@check takes the name of a model: @check(model="orders")'),
        ('@check(modle="sums")', "@check has no option 'modle'. Did you mean 'model'?"),
    ],
)  # fmt: skip
def test_a_check_that_is_written_wrongly_is_said_with_the_right_form(project, written, words):
    project.sql("sums", "SELECT 1 AS id")
    project.python("checks", f"from interlace import check\n\n\n{written}\ndef fine(rows):\n    return True\n")

    said = project.fails("run")

    assert "models/checks.py:4: " in said
    assert words in said


@pytest.mark.parametrize("returned", [
    "pa.table([[1], [2]], names=['id', 'ID'])",
    "ibis.memtable({'n': [1]}).select(lambda t: t.n.name('id'), lambda t: t.n.name('ID'))",
])  # fmt: skip
def test_rows_with_two_columns_of_one_name_are_refused(project, returned):
    project.python(
        "a",
        "import ibis\nimport pyarrow as pa\nfrom interlace import model\n\n\n"
        f"@model\ndef a():\n    return {returned}\n",
    )

    said = project.fails("run", code=1)

    assert "models/a.py:7: The columns 'id' and 'ID' have one name" in said
