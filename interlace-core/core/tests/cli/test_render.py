"""Text for people and programs."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.cli.render import Output, duration, plural, print_json, shortened, table_lines, when, width


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Bytes(io.TextIOWrapper):
    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.1234, "0.12 s"),
        (9.994, "9.99 s"),
        (9.996, "10.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (123, "2 min 03 s"),
        (3599.6, "1 h 00 min"),
        (3725, "1 h 02 min"),
    ],
)
def test_durations_read_well(seconds, text):
    assert text == duration(seconds)


def test_counts_have_separators_and_their_plural():
    assert ["1 row", "0 rows", "1,234 rows", "2 entries"] == [
        plural(1, "row"),
        plural(0, "row"),
        plural(1234, "row"),
        plural(2, "entry", "entries"),
    ]


def test_a_table_aligns_its_columns():
    assert ["name    rows", "orders     1", "表        22"] == table_lines(
        ["name", "rows"], [("orders", 1), ("表", 22)], align="<>"
    )


def test_a_cell_never_breaks_its_line():
    assert ["a", r"x\ny\x1b[31m"] == table_lines(["a"], [("x\ny\x1b[31m",)])


def test_a_table_without_rows_is_its_header():
    assert ["a  b"] == table_lines(["a", "b"], [])


@given(st.text(max_size=30), st.integers(0, 20))
def test_a_shortened_text_never_takes_more_columns(text, to):
    assert width(shortened(text, to)) <= max(to, 0) or width(text) == 0


def test_styles_are_codes_on_a_terminal_only(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    assert ("\x1b[31mx\x1b[0m", "x") == (Output(Terminal()).style("x", "red"), Output(io.StringIO()).style("x", "red"))


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_may_refuse_colour(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    assert "x" == Output(Terminal()).style("x", "red")


@pytest.mark.parametrize(("encoding", "said"), [("utf-8", "✓ é →"), ("latin-1", "+ é ->"), ("ascii", "+ ? ->")])
def test_what_the_encoding_cannot_take_falls_back_to_ascii(encoding, said):
    stream = Bytes(encoding)
    Output(stream).write("✓ é →")

    assert said.encode(encoding) == stream.buffer.getvalue()  # type: ignore[attr-defined]


def test_a_reader_that_went_away_silences_the_output_and_nothing_raises():
    class Gone(io.StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            raise BrokenPipeError

    stream = Gone()
    out = Output(stream)
    out.line("a")
    out.line("b")

    assert (True, 1) == (out.gone, stream.writes)


def test_json_takes_what_databases_give(capsys):
    data = {
        "at": datetime(2024, 1, 2, tzinfo=UTC),
        "n": Decimal("1.50"),
        "b": b"\x01",
        "p": Path("a"),
        "s": {"b", "a"},
        "d": timedelta(1),
    }
    print_json(data)

    assert {
        "at": "2024-01-02T00:00:00+00:00",
        "n": "1.50",
        "b": "01",
        "p": "a",
        "s": ["a", "b"],
        "d": "1 day, 0:00:00",
    } == json.loads(capsys.readouterr().out)


def test_numbers_that_json_has_not_are_null(capsys):
    print_json({"rows": [{"a": float("nan")}, {"b": (float("inf"), 1.5)}]})

    assert {"rows": [{"a": None}, {"b": [None, 1.5]}]} == json.loads(capsys.readouterr().out)


def test_times_are_said_in_utc():
    assert "2024-01-01 23:00:00 UTC" == when(datetime(2024, 1, 2, 1, tzinfo=timezone(timedelta(hours=2))))
