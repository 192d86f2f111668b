from __future__ import annotations

import pytest

from interlace.model.definition import ColumnSpec

HEAD = """\
from collections.abc import AsyncIterator, Generator, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, NotRequired, Optional, TypedDict
from interlace.model.decorator import model

class Base(TypedDict):
    id: int

class Order(Base, total=False):
    paid: Annotated[float, "In euros", 3]
    day: NotRequired[Annotated[date | None, "When it was placed"]]
    at: datetime
    cents: Decimal
    note: Optional[str]
    open: bool

"""
COLUMNS = (
    ColumnSpec("id", "BIGINT"),
    ColumnSpec("paid", "DOUBLE PRECISION", "In euros"),
    ColumnSpec("day", "DATE", "When it was placed"),
    ColumnSpec("at"),
    ColumnSpec("cents"),
    ColumnSpec("note", "VARCHAR"),
    ColumnSpec("open", "BOOLEAN"),
)


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
@pytest.mark.parametrize(
    "function",
    [
        "def m() -> list[Order]: ...",
        "def m() -> 'list[Order]': ...",
        "def m() -> Order: ...",
        "def m() -> Iterator[Order]: yield",
        "def m() -> Iterator[list[Order]]: yield",
        "def m() -> Generator[Order, None, None]: yield",
        "async def m() -> AsyncIterator[Order]: yield",
    ],
)
def test_the_rows_that_a_function_says_are_its_columns(project, future, function):
    assert COLUMNS == project.model("models/m.py", f"{future}{HEAD}@model\n{function}\n").columns


@pytest.mark.parametrize(
    "said",
    [
        "dict",
        "list",
        "list[dict[str, int]]",
        "dict[str, Order]",
        "tuple[Order, int]",
        "'Nowhere'",
        "int",
        "None",
        "Order | None",
    ],
)
def test_what_says_nothing_of_rows_gives_no_columns(project, said):
    assert () == project.model("models/m.py", f"{HEAD}@model\ndef m() -> {said}: ...\n").columns


def test_a_name_that_is_only_there_for_type_checkers_leaves_the_type_to_the_values(project):
    code = (
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING, TypedDict\n"
        "from interlace.model.decorator import model\nif TYPE_CHECKING:\n    from datetime import date\n"
        "class Row(TypedDict):\n    day: date\n    n: int\n@model\ndef m() -> list[Row]: ...\n"
    )

    assert (ColumnSpec("day"), ColumnSpec("n", "BIGINT")) == project.model("models/m.py", code).columns


def test_words_of_typing_extensions_are_seen_through(project):
    code = (
        "from typing_extensions import Annotated, ReadOnly, Required, TypedDict\n"
        "from interlace.model.decorator import model\n"
        "class Row(TypedDict):\n    n: ReadOnly[Required[Annotated[int, 'How many']]]\n"
        "@model\ndef m() -> list[Row]: ...\n"
    )

    assert (ColumnSpec("n", "BIGINT", "How many"),) == project.model("models/m.py", code).columns


def test_columns_that_are_declared_are_all_there_is(project):
    code = f"{HEAD}@model(columns={{'id': 'INTEGER'}})\ndef m() -> list[Order]: ...\n"

    assert (ColumnSpec("id", "INTEGER"),) == project.model("models/m.py", code).columns


def test_a_sidecar_that_declares_columns_is_no_second_declaration(project):
    project.write("models/m.yaml", "columns: {id: {description: Its number}}\n")

    assert (ColumnSpec("id", None, "Its number"),) == project.model(
        "models/m.py", f"{HEAD}@model\ndef m() -> list[Order]: ...\n"
    ).columns


def test_another_type_of_a_row_in_another_file_is_another_definition(project):
    rows = "from typing import TypedDict, Annotated\nclass Row(TypedDict):\n    n: Annotated[{}, '{}']\n"
    code = "from rows import Row\nfrom interlace.model.decorator import model\n@model\ndef m() -> list[Row]: ...\n"
    project.write("rows.py", rows.format("int", "How many"))
    first = project.model("models/m.py", code)
    project.write("rows.py", rows.format("str", "Which"))
    second = project.models()["m"]

    assert [ColumnSpec("n", "BIGINT", "How many"), ColumnSpec("n", "VARCHAR", "Which")] == [
        *first.columns, *second.columns,
    ]  # fmt: skip
    assert first.fingerprint.data != second.fingerprint.data


def test_a_key_that_no_column_can_have_is_an_error_with_its_line(project):
    code = f"{HEAD}Twice = TypedDict('Twice', {{'a': int, 'A': int}})\n@model\ndef m() -> Twice: ...\n"

    assert "models/m.py:20: 'columns' names 'A' twice" == project.error("models/m.py", code)
