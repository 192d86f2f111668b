"""Projects on SQLite and on MariaDB, by the command line."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

pytestmark = pytest.mark.slow  # a process for each command

INTERLACE = str(Path(sys.executable).with_name("interlace"))

MODELS = {
    "raw.py": """
        from datetime import date
        from interlace import model

        @model(volatile=False, inputs=["rows.txt"])
        def raw():
            rows = [line.split(",") for line in open("rows.txt")]
            return [{"id": int(n), "item": item.strip(), "price": n2, "day": date(2024, 1, int(n))}
                    for n, item, n2 in ((n, item, float(n) * 1.5) for n, item in rows)]
        """,
    "total.sql": """
        -- @checks: [{row_count: {min: $least}}, {unique: id}, {not_null: item}]
        SELECT id, upper(item) AS item, price * 2 AS twice FROM raw
        """,
    "log.sql": "-- @strategy: append\nSELECT id, item FROM raw",
    "kept.sql": "-- @strategy: merge_by_key\n-- @key: id\nSELECT id, item, price FROM raw",
    "shown.sql": "-- @materialise: view\nSELECT id FROM total",
    "dear.py": """
        import ibis
        from interlace import model

        @model
        def dear(total: ibis.Table):
            return total.filter(total.twice > 5)
        """,
}


class Shop:
    def __init__(self, root: Path, connection: str, ask) -> None:
        self.root = root
        self.ask = ask
        (root / "models").mkdir()
        (root / "config.yaml").write_text(f"name: shop\nconnections:\n  default: {connection}\n")
        for name, text in MODELS.items():
            (root / "models" / name).write_text(dedent(text).strip().replace("$least", "1") + "\n")
        self.rows("1,apple\n2,pear\n")

    def rows(self, text: str) -> None:
        (self.root / "rows.txt").write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / "models" / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def run(self, *arguments: str) -> tuple[int, dict, str]:
        environment = {**os.environ, "NO_COLOR": "1"}
        done = subprocess.run(
            [INTERLACE, "run", "--json", *arguments],
            cwd=self.root, env=environment, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        try:
            said = json.loads(done.stdout)
        except ValueError:
            said = {"models": []}
        return done.returncode, {m["model"]: m for m in said["models"]}, done.stdout + done.stderr


@pytest.fixture(params=["sqlite", "mariadb"])
def shop(request, tmp_path) -> Shop:
    if request.param == "sqlite":

        def ask(sql: str):
            connection = sqlite3.connect(tmp_path / "shop.sqlite")
            rows = connection.execute(sql).fetchall()
            connection.close()
            return rows

        return Shop(tmp_path, "{type: sqlite, path: shop.sqlite}", ask)
    url = request.getfixturevalue("mariadb_url")

    def ask_server(sql: str):
        import MySQLdb

        place, _, name = url.partition("@")[2].partition("/")
        connection = MySQLdb.connect(host="127.0.0.1", port=int(place.split(":")[1]), user="root", database=name)
        cursor = connection.cursor()
        cursor.execute(sql)
        rows = list(cursor.fetchall())
        connection.close()
        return rows

    return Shop(tmp_path, f"{{type: mariadb, url: '{url}'}}", ask_server)


def test_a_project_is_built_and_then_there_is_nothing_to_do(shop):
    code, models, text = shop.run()

    assert (0, {"succeeded"}) == (code, {m["status"] for m in models.values()}), text
    assert [(1, "APPLE", 3.0), (2, "PEAR", 6.0)] == shop.ask("SELECT id, item, twice FROM total ORDER BY id")
    assert [(2,)] == shop.ask("SELECT id FROM dear")
    assert [(1,), (2,)] == shop.ask("SELECT id FROM shown ORDER BY id")
    assert (0, {}) == shop.run()[:2]


def test_new_rows_are_appended_merged_and_replaced(shop):
    shop.run()
    shop.rows("2,plum\n3,fig\n")
    code, models, text = shop.run()

    assert 0 == code, text
    assert [(1, "apple"), (2, "plum"), (3, "fig")] == shop.ask("SELECT id, item FROM kept ORDER BY id")
    assert [(1, "apple"), (2, "pear"), (2, "plum"), (3, "fig")] == shop.ask(
        "SELECT id, item FROM log ORDER BY id, item"
    )
    assert [(2, "PLUM"), (3, "FIG")] == shop.ask("SELECT id, item FROM total ORDER BY id")
    assert {"inserted": 1, "updated": 1} == {k: v for k, v in models["kept"]["counts"].items() if v}


def test_a_failing_check_keeps_yesterdays_table(shop):
    shop.run()
    shop.rows("2,plum\n")
    shop.edit("total.sql", "min: 1", "min: 2")
    code, models, _ = shop.run()

    assert 1 == code
    assert "failed" == models["total"]["status"]
    assert [(1, "APPLE"), (2, "PEAR")] == shop.ask("SELECT id, item FROM total ORDER BY id")
    shop.edit("total.sql", "min: 2", "min: 1")
    assert 0 == shop.run()[0]
    assert [(2, "PLUM")] == shop.ask("SELECT id, item FROM total ORDER BY id")


def test_a_failing_query_names_the_model_and_keeps_its_table(shop):
    shop.run()
    shop.edit("total.sql", "upper(item)", "upper(no_such_column)")
    code, _, text = shop.run()

    assert 1 == code
    assert "no_such_column" in text
    assert "Traceback" not in text
    assert [(1,), (2,)] == shop.ask("SELECT id FROM total ORDER BY id")


def test_columns_of_a_table_that_is_replaced_change_with_its_query(shop):
    shop.run()
    shop.edit("total.sql", "price * 2 AS twice", "price * 2 AS twice, id + 1 AS next")
    code, _, text = shop.run()

    assert 0 == code, text
    assert [(2,), (3,)] == shop.ask("SELECT next FROM total ORDER BY id")


def test_nothing_of_ours_is_left_beside_the_tables(shop):
    shop.run()
    shop.rows("3,fig\n")
    shop.run()
    names = shop.ask(
        "SELECT name FROM sqlite_schema"
        if (shop.root / "shop.sqlite").exists()
        else "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
    )

    assert [] == [name for (name,) in names if name.startswith("__interlace_")]
