"""Stored answers of "nothing to do"."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from interlace.plan.answer import decode, encode, holds
from interlace.plan.observe import Observation, observe, observe_stamp

NOW = 1_700_000_000.5


def answer(*observations: Observation, expires: float | None = None):
    return decode(encode("Nothing to do.\n", observations, environment="dev", revision=7, expires=expires))


def test_an_answer_comes_back_as_it_was_made(tmp_path):
    odd = Observation("file", f"{tmp_path}/new\nline \udcff ⚠", "absent")

    made = answer(odd, expires=NOW)

    assert ("Nothing to do.\n", "dev", 7, NOW, [odd]) == (
        made.output,
        made.environment,
        made.revision,
        made.expires,
        made.observations,
    )


def test_an_answer_of_another_format_is_none():
    assert decode(b'{"output": ""}') is None


def test_an_answer_holds_while_nothing_moved(tmp_path):
    file = tmp_path / "a"
    file.write_text("1")
    stored = answer(observe_stamp(str(file)))
    before = holds(stored, 7)
    file.write_text("22")

    assert [True, False] == [before, holds(stored, 7)]


def test_an_answer_does_not_hold_for_another_revision_or_once_it_expired():
    assert [False, False] == [holds(answer(), 8), holds(answer(expires=1.0), 7)]


def test_a_secret_of_the_environment_is_kept_as_a_hash_that_another_value_does_not_have(monkeypatch):
    monkeypatch.setenv("SECRET", "one")
    stored = encode("", [Observation("env", "SECRET", "one")], environment="dev", revision=0, expires=None)
    holds_before = holds(decode(stored), 0)
    monkeypatch.setenv("SECRET", "two")

    assert [True, False, False] == [holds_before, holds(decode(stored), 0), b"one" in stored]


@pytest.mark.parametrize(
    "pattern", ["config.*.yaml", "a*", "*", "*.yaml", "a.?", "c*n*.yaml", "config..yaml", "con*nfig"]
)
def test_a_glob_sees_what_fnmatch_sees(tmp_path, pattern):
    from fnmatch import fnmatchcase

    names = ["config.yaml", "config.dev.yaml", "config..yaml", "a.b", "a", "config"]
    for name in names:
        (tmp_path / name).touch()
    before = observe("glob", f"{tmp_path}/{pattern}")
    moved = []
    for name in names:
        (tmp_path / name).unlink()
        if observe("glob", f"{tmp_path}/{pattern}") != before:
            moved.append(name)
        (tmp_path / name).touch()

    assert [n for n in names if fnmatchcase(n, pattern)] == moved


def test_looking_at_an_answer_imports_nothing_that_takes_long():
    heavy = ("json", "re", "typing", "hashlib", "pathlib", "dataclasses", "contextlib", "importlib.metadata")
    code = f"import interlace.cli.fast, interlace.plan.answer, interlace.state.answers, sys; print(*[m for m in {heavy!r} if m in sys.modules])"

    said = subprocess.run(
        [sys.executable, "-S", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert "" == said.stdout.strip()
