from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interlace.contracts.state import CheckRecord, EventRecord
from interlace.state.revision import REVISION
from interlace.state.store import Store
from interlace.testing.conformance.state_store import NOON, attempt_at, full_state, run_at

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "shop"
    (root / "models").mkdir(parents=True)
    (root / "config.yaml").write_text("name: shop\nconnections:\n  default: {type: duckdb, path: shop.duckdb}\n")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    store = Store.embedded(root / ".interlace" / "state.db")
    store.open()
    yield store
    store.close()


@pytest.fixture
def run(root: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    from interlace.cli.app import run as run_line

    def line(*words: str) -> tuple[int, str, str]:
        code = run_line(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return line


@pytest.fixture
def two_runs(store: Store) -> Store:
    """One that succeeded, and one in which a check failed."""
    store.begin_run(run_at(1, command="interlace run"))
    store.record("dev", [attempt_at(1, counts={"inserted": 1200, "deleted": 0})], [EventRecord("run-1", NOON, "begun")])
    store.finish_run(run_at(1, status="succeeded", seconds=61.0, counts={"succeeded": 1}, command="interlace run"))
    check = CheckRecord(
        "not_null(id)", "not_null", "error", passed=False, message="1 row has no id", sample=[{"id": None}]
    )
    failed = attempt_at(
        2, run="run-2", status="failed", checks=[check], error="blocked\nby a check", error_code="ILC-603"
    )
    store.begin_run(run_at(2))
    event = EventRecord("run-2", NOON, "model_finished", "orders", {"status": "failed", "counts": {"inserted": 1}})
    store.record("dev", [failed], [event])
    store.finish_run(run_at(2, status="failed", seconds=2.0, counts={"failed": 1}))
    store.begin_run(run_at(3, environment="prod"))
    return store


def configure(root: Path, text: str) -> None:
    file = root / "config.yaml"
    file.write_text(file.read_text() + text)


# --- runs ---------------------------------------------------------------------------------------------------------


def test_runs_are_listed_newest_first(run: Run, two_runs: Store) -> None:
    code, out, _ = run("runs", "list")

    assert 0 == code
    assert ["run-2", "run-1"] == [line.split()[0] for line in out.splitlines()[1:]]
    assert "1 min 01 s" in out
    assert "1 succeeded" in out


def test_runs_of_all_environments_are_listed_as_json(run: Run, two_runs: Store) -> None:
    code, out, _ = run("runs", "list", "--all", "--limit", "2", "--json")

    assert 0 == code
    assert [("run-3", "prod", "running"), ("run-2", "dev", "failed")] == [
        (r["run"], r["environment"], r["status"]) for r in json.loads(out)
    ]


def test_without_runs_it_says_so(run: Run) -> None:
    assert (0, "No runs are recorded in dev.\n", "") == run("runs", "list")


def test_the_latest_run_is_shown_with_what_failed(run: Run, two_runs: Store) -> None:
    code, out, _ = run("runs", "show")

    assert 0 == code
    assert out.startswith("run run-2 of dev: failed\n")
    assert "orders failed (ILC-603)\n  blocked\n  by a check\n  error: not_null(id): 1 row has no id\n" in out


def test_a_run_is_shown_as_json(run: Run, two_runs: Store) -> None:
    code, out, _ = run("runs", "show", "run-2", "--json")

    shown = json.loads(out)
    assert (0, "run-2", "failed") == (code, shown["run"], shown["status"])
    assert [{"id": None}] == shown["attempts"][0]["checks"][0]["sample"]


@pytest.mark.parametrize(
    ("word", "said"),
    [("run-", "3 runs begin with 'run-'"), ("nope", "there is no run 'nope'"), ("Run-1", "there is no run")],
)
def test_a_run_that_cannot_be_found_is_a_usage_error(run: Run, two_runs: Store, word: str, said: str) -> None:
    code, _, err = run("runs", "show", word)

    assert 2 == code
    assert said in err


def test_the_log_of_a_run_is_one_line_for_each_event(run: Run, two_runs: Store) -> None:
    code, out, _ = run("runs", "logs", "run-2")

    assert 0 == code
    assert '2026-03-01 12:00:00.123 model_finished orders status=failed counts={ "inserted": 1 }\n' == out


def test_a_long_log_is_shown_whole(run: Run, store: Store) -> None:
    store.begin_run(run_at(1))
    store.record("dev", [], [EventRecord("run-1", NOON, "x", data={"n": n}) for n in range(2500)])
    code, out, _ = run("runs", "logs", "--json")

    assert 0 == code
    assert list(range(2500)) == [e["data"]["n"] for e in json.loads(out)]


# --- state --------------------------------------------------------------------------------------------------------


def test_the_state_is_described(run: Run, two_runs: Store, root: Path) -> None:
    code, out, _ = run("state", "info")

    assert 0 == code
    assert str(root / ".interlace" / "state.db") in out
    assert ["attempts", "2", "180", "d"] in [line.split() for line in out.splitlines()]
    assert ["models", "1", "always"] in [line.split() for line in out.splitlines()]


def test_the_state_is_described_as_json(run: Run, two_runs: Store) -> None:
    info = json.loads(run("state", "info", "--json")[1])

    assert (REVISION, {"rows": 3, "retention_seconds": 180 * 86_400}) == (info["revision"], info["tables"]["runs"])


def test_a_state_is_upgraded_from_nothing_once(run: Run) -> None:
    assert (0, f"The state was brought from nothing to revision {REVISION}.\n", "") == run("state", "upgrade")
    assert (0, f"The state is at revision {REVISION}: nothing to do.\n", "") == run("state", "upgrade")
    assert {"before": REVISION, "after": REVISION} == json.loads(run("state", "upgrade", "--json")[1])


def test_a_newer_state_is_refused_with_a_sentence(run: Run, store: Store) -> None:
    store.close()
    with sqlite3.connect(store.file()) as connection:  # type: ignore[arg-type]
        connection.execute("UPDATE store_revision SET version_num = '9999'")
    connection.close()

    for words in (["state", "info"], ["state", "upgrade"], ["runs", "list"]):
        code, _, err = run(*words)
        assert (1, True) == (code, "a newer Interlace made it" in err)


def test_the_state_is_exported_as_lines_of_json(run: Run, two_runs: Store) -> None:
    code, out, _ = run("state", "export")

    rows: list[Any] = [json.loads(line) for line in out.splitlines()]
    assert 0 == code
    assert sum(two_runs.tables().values()) == len(rows)
    assert {"run-1", "run-2", "run-3"} == {r["row"]["id"] for r in rows if r["table"] == "runs"}


def test_the_state_is_exported_to_a_file(run: Run, two_runs: Store, root: Path) -> None:
    rows = sum(two_runs.tables().values())

    assert (0, f"{rows} rows written to state.jsonl\n", "") == run("state", "export", "--output", "state.jsonl")
    assert rows == len((root / "state.jsonl").read_text().splitlines())
    assert [] == list(root.glob("*.part"))


def test_a_file_that_cannot_be_written_is_named(run: Run, store: Store) -> None:
    code, _, err = run("state", "export", "--output", "missing/state.jsonl")

    assert 1 == code
    assert "the export cannot be written to missing/state.jsonl: No such file or directory" in err


def test_the_past_is_pruned_as_the_configuration_says(run: Run, store: Store, root: Path) -> None:
    configure(root, "state:\n  retention: {events: 1d}\n")
    now = datetime.now(UTC)
    store.record("dev", [], [EventRecord("r", now - timedelta(days=2), "old"), EventRecord("r", now, "new")])

    assert (0, "events: 1 row deleted\n", "") == run("state", "prune")
    assert (0, "Nothing is older than its retention.\n", "") == run("state", "prune")
    assert 0 == json.loads(run("state", "prune", "--json")[1])["events"]
    assert ["new"] == [event.type for _, event in store.events("r")]


def test_an_unknown_table_in_the_retention_is_an_error(run: Run, root: Path) -> None:
    configure(root, "state:\n  retention: {event: 1d}\n")
    code, _, err = run("state", "prune")

    assert 2 == code
    assert "Did you mean 'events'?" in err


def test_a_model_without_columns_is_exported(run: Run, store: Store) -> None:
    store.record("dev", [attempt_at(1, state=full_state("orders", columns=()))])

    rows = [json.loads(line) for line in run("state", "export")[1].splitlines()]
    assert [[]] == [r["row"]["columns"] for r in rows if r["table"] == "models"]
