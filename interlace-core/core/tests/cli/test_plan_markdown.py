"""A plan as a comment on a pull request."""

from __future__ import annotations

from inline_snapshot import snapshot

from interlace.cli.plan_markdown import plan_markdown
from interlace.plan.estimates import Estimate, Estimates
from interlace.plan.steps import Change, Plan, Reason, Step, Upstream

WHERE = {"default": "data/dev.duckdb"}
CHANGED = Reason("definition", "its definition changed")


def made(*steps: Step, **keys) -> Plan:
    return Plan("0123456789ab", "dev", WHERE, steps, (Upstream("orders", (CHANGED,)),), **keys)


def test_a_plan_is_a_table_with_what_is_known_of_each_model():
    change = Change("non_breaking", frozenset({"note"}), ("note",), why="note is new", spared=("weekly",))
    steps = (
        Step("daily", "build", (CHANGED,), "main.daily", seconds=2.0, change=change),
        Step("a|b", "build", (Reason("parent_runs", "daily runs", ("daily",)),), "main.a|b", tentative=True),
    )
    models = {"daily": Estimate(1234, 2.0, 5), "a|b": Estimate()}
    found = Estimates(models, threads=4, work=2.0, elapsed=2.0, saved=0.5)

    assert plan_markdown(made(*steps, estimates=found, notices=("a *notice*",))) == snapshot("""\
### Interlace: 2 models to run

Environment `dev`: `default` at `data/dev.duckdb`. Plan `0123456789ab`: `interlace apply 0123456789ab`. Estimate: 1,234 rows, 2.00 s of work, 2.00 s with 4 threads, unknown for 1 model; 1 model up to date, which saves 0.50 s.

| model | action | why | change | rows | time |
| --- | --- | --- | --- | --: | --: |
| `daily` | build: table | its definition changed | non-breaking | 1,234 | 2.00 s |
| <code>a&#124;b</code> | build: table | daily runs (only if its parents' rows move) |  | unknown | unknown |

- a &#42;notice&#42;

<details><summary>what the edits change</summary>

- `daily`: non-breaking: note is new; 1 model need not run: weekly

</details>

<details><summary>why, in full</summary>

- `daily` (`main.daily`)
  - its definition changed
- <code>a&#124;b</code> (<code>main.a&#124;b</code>)
  - daily runs: `daily`

</details>
""")


def test_a_plan_with_nothing_to_do_says_so():
    assert plan_markdown(made()) == snapshot("""\
### Interlace: nothing to do

Environment `dev`: `default` at `data/dev.duckdb`. 1 model up to date.
""")


def test_where_nothing_was_built_before_all_is_unknown():
    found = Estimates({"a": Estimate()}, threads=1, work=None, elapsed=None, saved=None)

    assert "Rows and time: unknown; 1 model up to date." in plan_markdown(
        made(Step("a", "build", (CHANGED,)), estimates=found)
    )


def test_a_long_plan_has_room_in_a_comment():
    text = plan_markdown(made(*(Step(f"model_number_{n}", "build", (CHANGED,), f"main.m{n}") for n in range(5000))))

    assert len(text) <= 65_536
    assert "more\n" in text
    assert "Left out, for a comment has room for 65,536 characters: 1 of the parts." in text
