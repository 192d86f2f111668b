"""A trial: which models differ from what prod has, what is built of them, and what never is."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from interlace import Project
from interlace.errors import RunUnderWay, UsageError
from interlace.run.trial import Trial

CONFIG = """
connections:
  default: {type: duckdb, path: warehouse.duckdb}
environments: [dev, prod]
"""


class Shop:
    """A project's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "models").mkdir()
        self.write("config.yaml", CONFIG)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def sql(self, name: str, text: str) -> None:
        self.write(f"models/{name}.sql", text)

    def prod(self) -> None:
        with Project.load(self.root, env="prod") as project:
            assert "succeeded" == project.run().status

    def changes(self, *select: str) -> dict[str, str]:
        with Project.load(self.root, env="prod") as there, self.trial(there) as trial:
            return {c.model: c.how for c in trial.changes(select).models}

    def trial(self, there: Project, name: str = "ci_1", **options: object) -> Trial:
        return Trial.of(self.root, name, there, **options)

    def built(self) -> set[str]:
        """What a trial builds."""
        with Project.load(self.root, env="prod") as there, self.trial(there) as trial:
            changed = trial.changes()
            trial.begin(changed)
            result = trial.build(changed)
            trial.throw_away(changed)
            assert "succeeded" == result.status, result.failed
            return set(result.outcomes)


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    made = Shop(tmp_path)
    made.sql("orders", "SELECT 1 AS id, 2 AS amount\n")
    made.sql("large", "-- @materialise: ephemeral\nSELECT id FROM orders WHERE amount > 1\n")
    made.sql("total", "SELECT count(*) AS n FROM large\n")
    made.sql("other", "SELECT 1 AS id\n")
    made.prod()
    return made


def test_nothing_differs_from_what_was_just_built(shop):
    assert {} == shop.changes()


def test_what_reads_what_changed_is_downstream_also_through_what_is_inlined(shop):
    shop.sql("orders", "SELECT 1 AS id, 3 AS amount\n")

    assert {"orders": "changed", "total": "downstream"} == shop.changes()


def test_a_query_that_is_inlined_changes_what_reads_it(shop):
    shop.sql("large", "-- @materialise: ephemeral\nSELECT id FROM orders WHERE amount > 2\n")

    assert {"total": "changed"} == shop.changes()


def test_what_is_new_gone_and_renamed(shop):
    shop.sql("added", "SELECT 1 AS id\n")
    (shop.root / "models/other.sql").unlink()
    assert {"added": "added", "other": "removed"} == shop.changes()

    shop.sql("added", "-- @renamed_from: other\nSELECT 1 AS id\n")
    assert {"added": "renamed"} == shop.changes()


def test_other_checks_and_descriptions_build_nothing(shop):
    shop.write("models/other.yaml", "checks:\n  - {type: not_null, columns: [id]}\n")
    shop.write("models/orders.yaml", "description: All of them.\n")

    assert {"other": "checks", "orders": "metadata"} == shop.changes()
    with Project.load(shop.root, env="prod") as there, shop.trial(there) as trial:
        assert () == trial.changes().built
        assert [True] == [check.passed for check in trial.check_elsewhere("other")]


def test_selectors_mean_what_they_mean_in_prod(shop):
    shop.sql("orders", "SELECT 1 AS id, 3 AS amount\n")
    (shop.root / "models/other.sql").unlink()

    assert {"orders": "changed"} == shop.changes("state:modified,orders")
    assert {"orders": "changed", "total": "downstream"} == shop.changes("orders+")


def test_a_definition_that_asks_for_its_environment_is_no_change(shop):
    shop.sql("made", "SELECT $env AS environment\n")
    shop.prod()
    assert {} == shop.changes()

    shop.sql("orders", "SELECT 1 AS id, 3 AS amount\n")
    assert {"orders", "total"} == shop.built()


def test_nothing_is_exported_and_what_is_only_done_is_left_out(shop):
    shop.sql("orders", "-- @export: {format: csv, path: out/orders.csv}\nSELECT 1 AS id, 3 AS amount\n")
    shop.write(
        "models/tell.py",
        """
        from pathlib import Path
        from interlace import model

        @model(materialise="none")
        def tell(orders):
            Path("told").touch()
        """,
    )

    assert {"orders": "changed", "tell": "added", "total": "downstream"} == shop.changes()
    assert {"orders", "total"} == shop.built()
    assert not (shop.root / "out").exists()
    assert not (shop.root / "told").exists()


def test_two_of_one_name_keep_out_of_each_others_way(shop):
    shop.sql("orders", "SELECT 1 AS id, 3 AS amount\n")
    with Project.load(shop.root, env="prod") as there, shop.trial(there) as one, shop.trial(there) as two:
        one.begin(one.changes())
        with pytest.raises(RunUnderWay, match="another 'interlace ci' works in ci_1"):
            two.begin(two.changes())


def test_a_key_that_is_none_is_said_and_whole_rows_are_compared(shop):
    shop.sql("keyed", "-- @key: id\nSELECT 1 AS id, 2 AS a UNION ALL SELECT 1, 3\n")
    shop.prod()
    shop.sql("keyed", "-- @key: id\nSELECT 1 AS id, 2 AS a UNION ALL SELECT 1, 4\n")
    with Project.load(shop.root, env="prod") as there, shop.trial(there) as trial:
        changed = trial.changes()
        trial.begin(changed)
        trial.build(changed)
        compared = trial.compare("keyed", changed, 5)
        trial.throw_away(changed)

    assert isinstance(compared.why_not, UsageError)
    assert "(id) is no key of keyed in prod" in str(compared.why_not)
    assert (1, 1) == (compared.difference.counts.added, compared.difference.counts.removed)


def test_a_trial_keeps_no_more_rows_of_a_check_than_the_project(shop):
    with Project.load(shop.root, env="prod") as there, shop.trial(there, samples=3) as trial:
        assert 3 == trial.config.config.checks.samples
    shop.write("config.yaml", f"{CONFIG}checks: {{samples: 0}}\n")
    with Project.load(shop.root, env="prod") as there, shop.trial(there, samples=3) as trial:
        assert 0 == trial.config.config.checks.samples


def test_a_database_for_each_environment_is_refused_before_anything_is_built(shop):
    shop.write("config.yaml", CONFIG.replace("warehouse.duckdb", "'data/{env}.duckdb'"))
    shop.prod()
    shop.sql("orders", "SELECT 1 AS id, 3 AS amount\n")
    with Project.load(shop.root, env="prod") as there, shop.trial(there) as trial:
        changed = trial.changes()
        trial.begin(changed)
        with pytest.raises(UsageError, match="defer_to: there is no snapshot"):
            trial.build(changed)
    assert ["prod.duckdb"] == sorted(file.name for file in (shop.root / "data").iterdir())


def test_what_one_left_that_the_state_knows_nothing_of_is_found(shop):
    shop.sql("orders", "SELECT 1 AS id, 3 AS amount\n")
    with Project.load(shop.root, env="prod") as there, shop.trial(there) as killed:
        changed = killed.changes()
        killed.begin(changed)
        killed.build(changed)
        killed.store.forget_models("ci_1", changed.built)
    with Project.load(shop.root, env="prod") as there, shop.trial(there) as trial:
        left = trial.begin(trial.changes())
        trial.throw_away(trial.changes())

        assert ["ci_1__main.orders", "ci_1__main.total"] == sorted(str(r) for one in left for r, _ in one.relations)
        assert [] == [r for one in trial.drop_environment(dry_run=True) for r in one.relations]
