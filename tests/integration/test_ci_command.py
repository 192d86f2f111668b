"""``interlace ci`` as it is typed: what it prints and writes, how it exits, and what it refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest
from markdown_it import MarkdownIt

from interlace import Project
from interlace.cli.app import run as run_line
from interlace.cli.ci_markdown import LIMIT, markdown
from interlace.cli.ci_report import Report
from interlace.errors import ModelFailed, QueryFailed, UsageError
from interlace.redaction import conceal
from interlace.run.changes import Change, Changes
from interlace.run.result import Failed, RunResult
from interlace.run.trial import Compared

CONFIG = """
connections:
  default: {type: duckdb, path: warehouse.duckdb}
environments: [dev, prod]
"""


class Shop:
    """A project's folder, and command lines in this process."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def ci(self, *words: str, code: int = 0) -> str:
        """Gives what it printed."""
        self._capsys.readouterr()
        ended = run_line(["ci", *words])
        said = self._capsys.readouterr()
        assert code == ended, said.out + said.err
        self.err = said.err
        return said.out


@pytest.fixture
def shop(tmp_path, monkeypatch, capsys) -> Shop:
    for name in ("GITHUB_REF", "GITHUB_SHA", "CI_MERGE_REQUEST_IID", "CI_COMMIT_SHA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    made = Shop(tmp_path, capsys)
    made.write("config.yaml", CONFIG)
    made.write("models/orders.sql", "-- @key: id\nSELECT 1 AS id, 'first' AS \"a|b`c\"\n")
    made.write("models/total.sql", "SELECT count(*) AS n FROM orders\n")
    with Project.load(tmp_path, env="prod") as project:
        assert "succeeded" == project.run().status
    return made


def change(shop: Shop) -> None:
    shop.write("models/orders.sql", "-- @key: id\nSELECT 1 AS id, 'x | `y` <b>@team</b>' AS \"a|b`c\"\n")


def cells(text: str) -> list[list[list[str]]]:
    """The tables of Markdown: rows of cells, as GitHub takes them apart."""
    found: list[list[list[str]]] = []
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    for token, inner in pairwise(tokens):
        match token.type:
            case "table_open":
                found.append([])
            case "tr_open":
                found[-1].append([])
            case "td_open" | "th_open":
                found[-1][-1].append(inner.content)
    return found


# --- what it prints -----------------------------------------------------------------------------------------------


def test_the_report_names_each_model_and_how_its_data_differs(shop):
    change(shop)
    text = shop.ci("--against", "prod")
    summary, *others = cells(text)

    assert text.startswith("### ✅ Interlace: all is well\n")
    assert ["`orders`", "changed, 1 downstream", "no"] == summary[1][:3]
    assert ["1", "", "1 row changed"] == summary[1][4:]
    assert ["`total`", "downstream", "no"] == summary[2][:3]
    assert "the same" == summary[2][6]
    assert all(len(row) == len(table[0]) for table in (summary, *others) for row in table)
    value = "<code>x &#124; &#96;y&#96; &lt;b&gt;&#64;team&lt;/b&gt;</code>"
    assert ["`1`", "<code>a&#124;b&#96;c</code>", "`first`", value] in [row for table in others for row in table]


def test_a_file_takes_the_markdown_and_json_the_rest(shop):
    change(shop)
    data = json.loads(shop.ci("--against", "prod", "--json", "--output", "report.md", "--name", "ci_7"))

    assert (shop.root / "report.md").read_text(encoding="utf-8").startswith("### ✅ Interlace: all is well\n")
    assert ("passed", 0, "ci_7", False) == tuple(data[k] for k in ("status", "exit_code", "environment", "kept"))
    assert {"orders": False, "total": False} == {c["model"]: c["breaking"] for c in data["changes"]}
    assert "" == shop.ci("--against", "prod", "--output", "report.md")
    assert f"✅ Interlace: all is well. Written to {shop.root / 'report.md'}.\n" in shop.err


def test_a_difference_fails_where_that_is_asked(shop):
    change(shop)

    assert "failed: 1 difference" in shop.ci("--against", "prod", "--fail-on-diff", code=1)


def test_no_row_is_shown_where_none_is_wanted(shop):
    change(shop)
    shop.write("models/orders.yaml", "checks:\n  - {type: accepted_values, column: id, values: [2]}\n")
    shop.write("models/total.yaml", "checks:\n  - {type: accepted_values, column: n, values: [2]}\n")
    text = shop.ci("--against", "prod", "--sample", "0", code=1)

    assert "failed: 1 model, 1 check." in text
    assert "first" not in text
    assert [["model"]] == [[table[0][0]] for table in cells(text)[:-1]]


def test_secrets_are_in_neither(shop):
    conceal("hunter2hunter2")
    shop.write("models/orders.sql", "-- @key: id\nSELECT 1 AS id, 'hunter2hunter2' AS \"a|b`c\"\n")
    said = shop.ci("--against", "prod", "--json", "--output", "report.md")

    assert "hunter2" not in said + shop.err + (shop.root / "report.md").read_text(encoding="utf-8")
    assert "***" in said


def test_the_environment_is_kept_where_that_is_asked(shop):
    change(shop)

    assert "The environment `ci_7` is still there." in shop.ci("--against", "prod", "--name", "ci_7", "--keep")
    assert 0 == run_line(["env", "drop", "ci_7", "--yes"])


# --- what fails ---------------------------------------------------------------------------------------------------


def test_a_project_that_does_not_load_is_told_with_its_lines(shop):
    shop.write("models/total.sql", "SELECT n FROM orderz\n")
    text = shop.ci("--against", "prod", code=1)

    assert text.startswith("### ❌ Interlace: something failed\n")
    assert "models/total.sql:1:15: " in text
    assert "orderz" in text
    assert "Did you mean 'orders'?" in text


def test_a_wrong_option_of_a_connection_fails_and_an_unset_variable_is_only_told(shop):
    shop.write(
        "config.yaml", CONFIG.replace("environments", "  other: {type: duckdb, path: '${NOWHERE}'}\nenvironments")
    )
    assert "NOWHERE" in shop.ci("--against", "prod")

    shop.write("config.yaml", CONFIG.replace("environments", "  other: {type: duckdb, pathh: x}\nenvironments"))
    assert "Did you mean 'path'?" in shop.ci("--against", "prod", code=1)


def test_a_unit_test_that_fails_is_told_also_without_a_change(shop):
    test = "it counts:\n  model: total\n  given: {orders: [{id: 1}]}\n  expect: [{n: 2}]\n"
    shop.write("tests/test_total.yaml", test)
    text = shop.ci("--against", "prod", code=1)

    assert "no model differs; failed: 1 unit test." in text
    assert "`it counts`, `tests/test_total.yaml:1`" in text


def test_a_changed_check_that_cannot_be_asked_is_told_and_the_rest_goes_on(shop):
    change(shop)
    shop.write("models/other.sql", "SELECT 1 AS id\n")
    shop.write("models/third.sql", "SELECT 1 AS id\n")
    with Project.load(shop.root, env="prod") as project:
        project.run(["other", "third"])
    shop.write("models/other.yaml", "checks:\n  - {type: not_null, columns: [idd]}\n")
    shop.write("models/third.yaml", "checks:\n  - {type: not_null, columns: [id]}\n")
    text = shop.ci("--against", "prod", code=1)
    rows = {row[0]: row for row in cells(text)[0]}

    assert "idd" in text
    assert ("1 passed", "1 row changed") == (rows["`third`"][5], rows["`orders`"][6])


def test_a_prod_that_the_state_knows_nothing_of_is_told(shop):
    (shop.root / ".interlace/state.db").unlink()
    text = shop.ci("--against", "prod")

    assert "2 added" in text
    assert "- nothing is read from prod: it has built nothing that this state knows of" in text


def test_an_environment_that_cannot_be_dropped_fails_and_is_named(shop, monkeypatch):
    def refuse(*_: object) -> None:
        raise QueryFailed("somebody reads it", sql="DROP")

    change(shop)
    monkeypatch.setattr("interlace.run.trial.Trial.throw_away", refuse)
    text = shop.ci("--against", "prod", "--name", "ci_7", code=1)

    assert "ci_7 could not be dropped: somebody reads it" in text
    assert "interlace env drop ci_7" in text
    assert "The environment `ci_7` is still there." in text
    monkeypatch.undo()


# --- a file for each environment ----------------------------------------------------------------------------------


def test_where_each_environment_has_a_file_its_own_goes_again(shop):
    shop.write("config.yaml", CONFIG.replace("warehouse.duckdb", "'data/{env}.duckdb'"))
    with Project.load(shop.root, env="prod") as project:
        project.run()
    change(shop)
    assert "there is no snapshot of" in (shop.ci("--against", "prod", code=2) + shop.err)

    assert 0 == run_line(["env", "snapshot", "prod"])
    assert "1 row changed" in shop.ci("--against", "prod")
    assert [] == list((shop.root / "data").glob("ci*"))


# --- wrong uses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--against", "prud"), "The project has no environment 'prud'.\nDid you mean 'prod'?"),
        (("--against", "prod", "--name", "pr"), "begins with 'ci_'.\n--name ci_pr"),
        (("--against", "prod", "orderz"), "the selector 'orderz' matches no model"),
        (("--against", "prod", "--output", "no/where.md"), "--output no/where.md: no file can be written there."),
        (("--against", "prod", "--wait-for", "soon"), "--wait-for soon: must be"),
        (("--against", "prod", "--var", "x"), "--var 'x' is not NAME=VALUE."),
        ((), "Missing option '--against'"),
        (("--against", "prod", "--sample", "-1"), "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_with_the_command_is_said_and_nothing_runs(shop, words, said):
    assert "" == shop.ci(*words, code=2)
    assert said in shop.err


def test_plain_names_that_nothing_keeps_apart_are_refused(shop):
    shop.write("config.yaml", CONFIG.replace("environments: [dev, prod]", "default_environment: prod"))
    change(shop)

    assert "" == shop.ci("--against", "prod", "--name", "ci_7", code=2)
    assert "The project declares no environments, and connection 'default' has no {env}" in shop.err


# --- size ---------------------------------------------------------------------------------------------------------


def test_a_report_is_never_longer_than_a_comment(shop):
    with Project.load(shop.root, env="prod") as project:
        plan, state = project.plan(), project.store.snapshot("prod")
    names = [f"model_{n}_{'x' * 60}" for n in range(5_000)]
    failed = {n: Failed(n, "build", 0.1, ModelFailed("why " * 5_000)) for n in names[:300]}
    report = Report("prod", "ci_7", "shop")
    report.changes = Changes("prod", tuple(Change(name, "changed") for name in names), state)
    report.result = RunResult("r", "ci_7", "failed", failed, plan, datetime(2026, 1, 1, tzinfo=UTC), 1.0)
    text = markdown(report)

    assert len(text) <= LIMIT
    assert "models more" in text
    assert 100 < len(cells(text)[0]) < 5_000
    assert "Left out, for a comment has room for 65,536 characters" in text
    assert text.count("<details>") == text.count("</details>")


def test_a_comparison_that_cannot_be_made_by_key_is_no_failure():
    report = Report("prod")
    report.compared["a"] = Compared("a", None, None, UsageError("(id) is no key of a"))
    assert [] == report.failures

    report.compared["a"] = Compared("a", None, None, ModelFailed("the server went away"))
    assert ["1 comparison"] == report.failures
