"""``interlace plan --out``, ``--markdown``, ``--exit-code`` and ``interlace apply``: a plan that is approved and then done."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.slow  # together they are: some seconds of runs

CONFIG = """
connections:
  default: {type: duckdb, path: "{env}.duckdb"}
vars:
  least: 1
  token: {type: text, default: none}
"""


@pytest.fixture
def shop(project):
    project.write("config.yaml", CONFIG)
    project.sql("orders", "SELECT range AS id, 'x' AS token FROM range(3) WHERE range >= $least\n")
    project.sql("totals", "SELECT count(*) AS orders FROM orders\n")
    return project


def planned(shop, *words: str) -> str:
    """The id of a plan."""
    return shop("plan", "--json", *words).json["id"]


def test_a_printed_plan_is_applied_by_the_beginning_of_its_id(shop):
    said = shop("plan").out
    id_ = said.rstrip(".\n").rpartition(" ")[2]

    done = shop("apply", id_[:4])

    assert (0, 2) == (done.code, len([line for line in done.out.splitlines() if line.startswith("✓")]))
    assert done.out.startswith("Environment dev: default at dev.duckdb\n")
    assert [(2,)] == shop.query("SELECT orders FROM totals", "dev.duckdb")


def test_the_plan_of_a_dry_run_is_applied_too(shop):
    id_ = shop("run", "--dry-run", "--json").json["id"]

    assert {"orders": "succeeded", "totals": "succeeded"} == shop("apply", id_, "--json").statuses


def test_a_plan_with_statements_is_applied_too(shop):
    id_ = shop("plan", "--sql", "--json").json["id"]

    assert 0 == shop("apply", id_).code


def test_a_plan_in_a_file_is_applied_from_any_folder(shop):
    (shop.root / "out").mkdir()
    said = shop("plan", "--out", "plan.json", "--var", "least=2", "orders", cwd="out")
    assert f"Written to {shop.root}/out/plan.json.\n" == said.err

    assert {"orders": "succeeded"} == shop("apply", "plan.json", "--json", cwd="out").statuses
    assert [(2,)] == shop.query("SELECT id FROM orders", "dev.duckdb")


def test_the_record_of_the_run_says_which_plan_it_applied(shop):
    id_ = planned(shop)
    shop("apply", id_)

    assert f"interlace apply {id_}" == shop("runs", "list", "--json").json[0]["command"]


def test_a_plan_is_applied_in_its_own_environment(shop):
    id_ = planned(shop, "--env", "prod")

    assert shop("apply", id_).out.startswith("Environment prod: default at prod.duckdb\n")


@pytest.mark.parametrize(
    "options", [{"words": ("--env", "stage")}, {"env": {"INTERLACE_ENV": "stage"}}], ids=["option", "variable"]
)
def test_a_plan_of_another_environment_than_the_one_that_is_asked_for_is_refused(shop, options):
    id_ = planned(shop)
    said = shop.fails("apply", id_, *options.pop("words", ()), code=1, **options)

    assert said == (
        f"error[ILC-610] plan {id_} is not what would be done now, so nothing ran:\n"
        "- the plan is of environment dev, this is stage\n"
        "Make a new plan, and let that be approved: interlace plan\n"
    )


def test_what_moved_is_said_and_nothing_runs(shop):
    shop.run()
    shop.sql("totals", "SELECT count(*) AS orders, max(id) AS last FROM orders\n")
    id_ = planned(shop)
    shop.sql("orders", "SELECT range AS id, 'x' AS token FROM range(4) WHERE range >= $least\n")
    said = shop.fails("apply", id_, code=1)

    assert said.splitlines()[:3] == [
        f"error[ILC-610] plan {id_} is not what would be done now, so nothing ran:",
        "- totals is to run for another reason: its definition changed; orders runs; in the plan: its definition changed",
        "- orders was not in the plan, and is to run: its definition changed",
    ]
    assert 1 == len(shop("runs", "list", "--json").json)


def test_what_moved_is_there_for_programs(shop):
    id_ = planned(shop)
    run = shop.run("--json").json["run"]
    said = shop("apply", id_, "--json")

    assert (1, "ILC-610") == (said.code, said.json["error"]["code"])
    assert [f"{n} was built by run {run} since the plan" for n in ("orders", "totals")] == said.json["error"]["moved"]


def test_a_plan_that_was_edited_is_refused(shop):
    shop("plan", "--out", "plan.json")
    file = shop.root / "plan.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "environment": "prod"}))
    said = shop.fails("apply", "plan.json")

    assert said.startswith("error[ILC-110] ")
    assert "was changed after it was made: its id does not fit what it says" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plan", "--json", "--markdown"), "--json and --markdown exclude each other."),
        (("plan", "--sql", "--markdown"), "--sql and --markdown exclude each other."),
        (("plan", "--verbose", "--markdown"), "--verbose and --markdown exclude each other."),
        (("plan", "--threads", "0"), "--threads 0: at least 1."),
        (("plan", "--out", "gone/plan.json"), "--out gone/plan.json: no file can be written there."),
        (("plan", "--out", "models"), "--out models: no file can be written there."),
        (("apply", "0123"), "there is no plan '0123' in .interlace/plans, and no such file"),
        (("apply", "gone.json"), "there is no file"),
        (("apply", "config.yaml"), "config.yaml is no plan: it is no JSON"),
        (("apply", "x", "--quiet", "--verbose"), "--quiet and --verbose exclude each other."),
        (("apply", "x", "--threads", "0"), "--threads 0: at least 1."),
        (("apply",), "Missing argument 'PLAN'"),
    ],
)
def test_wrong_usage_is_told(shop, words, message):
    assert message in " ".join(shop.fails(*words).split())


def test_a_value_that_looks_like_a_secret_has_to_be_given_again(shop):
    id_ = planned(shop, "--var", "token=hunter22")

    assert "hunter22" not in (shop.root / ".interlace" / "plans" / f"{id_}.json").read_text()
    assert "Give it again: --var token=…" in shop.fails("apply", id_)
    assert 0 == shop("apply", id_, "--var", "token=hunter22").code


def test_nothing_is_written_where_there_is_nothing_to_do(shop):
    shop.run()

    assert 0 == shop("plan").code
    assert not (shop.root / ".interlace" / "plans").exists()


def test_a_plan_with_nothing_to_do_is_written_where_that_is_asked_for(shop):
    shop.run()
    shop("plan", "--out", "plan.json")

    assert (0, True) == ((said := shop("apply", "plan.json")).code, "Nothing to do" in said.out)


def test_a_folder_that_cannot_be_written_to_is_told_and_the_plan_is_printed(shop):
    shop.write(".interlace/plans", "in the way")
    said = shop("plan")

    assert (0, True) == (said.code, "2 models to run" in said.out)
    assert "was not kept, so that it cannot be applied by its id" in said.err


def test_the_exit_code_tells_whether_there_is_something_to_do(shop):
    codes = [shop("plan", "--exit-code").code]
    shop.run()
    codes += [shop("plan", *words).code for words in (("--exit-code",), ("--exit-code", "--force", "--json"), ("-f",))]

    assert [3, 0, 3, 0] == codes
    assert 2 == shop("plan", "--exit-code", "nonsense").code


def test_a_plan_is_estimated_by_what_was_built_before(shop):
    assert "Estimate: unknown.\n" in shop("plan").out
    shop.run()
    shop.sql("more", "SELECT 1 AS id\n")
    shop.sql("totals", "SELECT count(*) AS orders, 1 AS one FROM orders\n")
    found = shop("plan", "--json").json["estimates"]

    assert (1, ["more"], 4) == (found["rows"], found["unknown"], found["threads"])
    assert {"rows": None, "seconds": None, "builds": 0} == found["models"]["more"]
    assert "unknown for 1 model; " in shop("plan").out


def test_a_plan_for_a_pull_request_has_a_table_and_the_rest_folded(shop):
    shop.run()
    shop.sql("totals", "SELECT count(*) AS orders, 'a|b' AS what FROM orders\n")
    said = shop("plan", "--markdown").out

    assert said.startswith("### Interlace: 1 model to run\n\nEnvironment `dev`: `default` at `dev.duckdb`. Plan `")
    assert "| model | action | why | change | rows | time |" in said
    assert "| `totals` | build: table | its definition changed |" in said
    assert "<details><summary>why, in full</summary>" in said


def test_a_plan_that_is_applied_beside_another_run_is_refused_unless_it_waits(shop, wait):
    shop.python(
        "slow",
        """
        import time
        from pathlib import Path
        from interlace import model

        @model(volatile=False)
        def slow():
            Path("began").write_text("")
            while not Path("go").exists():
                time.sleep(0.01)
            return [{"id": 1}]
        """,
    )
    shop("run", "orders", "totals")
    shop.sql("totals", "SELECT count(*) AS orders, 1 AS one FROM orders\n")
    id_ = planned(shop, "totals")
    running = shop.start("run", "slow")
    wait((shop.root / "began").exists)

    assert "ILC-607" in shop.fails("apply", id_, code=1)
    waiting = shop.start("apply", id_, "--wait")
    (shop.root / "go").write_text("")
    said = [process.communicate(timeout=30)[1] for process in (running, waiting)]
    assert [0, 0] == [running.returncode, waiting.returncode], said
