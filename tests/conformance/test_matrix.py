"""The matrix of connectors is what the suites showed, and they are asked of everything that connectors declare."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from interlace.testing.conformance.report import CAPABILITIES

SHOWN = {True: {"passed", "declared"}, False: {"refused", "no", "not declared"}}

AGAIN = "run `nox -s conformance`"


@pytest.fixture(scope="module")
def record(checkout) -> dict:
    return json.loads((checkout / "docs/generator/conformance.json").read_text())


@pytest.fixture
def declared(checkout, monkeypatch) -> dict:
    monkeypatch.syspath_prepend(str(checkout / "docs"))
    from generator.connectors import declared_live

    return declared_live()


def test_every_suite_has_its_column_and_there_are_no_others(checkout, record):
    files = (path for shelf in ("interlace-core", "interlace-connectors") for path in _suites(checkout / shelf))
    named = {name for file in files for name in re.findall(r'reported_as = "(.+)"', file.read_text())}

    assert named == set(record), AGAIN


def _suites(shelf: Path):
    return shelf.glob("*/tests/test_conformance*.py")


def test_every_connector_with_tables_is_in_the_matrix(record, declared):
    assert set(declared) == {name for name, one in record.items() if "capabilities" in one}, AGAIN


def test_what_was_shown_of_a_capability_is_what_is_declared(record, declared):
    wrong = [
        f"{name}: {word} is {'' if able[word] else 'not '}declared, and {record[name]['capabilities'].get(word)} was recorded"
        for name, able in ((name, asdict(able)) for name, able in declared.items())
        for word in CAPABILITIES
        if record[name]["capabilities"].get(word) not in SHOWN[able[word]]
    ]

    assert [] == wrong, AGAIN


def test_nothing_failed_and_nothing_was_not_run(record):
    assert {name: {} for name in record} == {name: one["not_run"] for name, one in record.items()}
    assert [] == [name for name, one in record.items() if "failed" in one["counts"]]


def test_a_property_that_is_not_there_is_the_only_reason_beside_what_the_suite_cannot_show(record):
    reasons = {
        reason for one in record.values() for reason in one["left_out"] if not reason.startswith("not declared: ")
    }

    assert reasons <= {
        "it lives in no local files",
        "only a folder of this machine has files where a folder should be",
    }
