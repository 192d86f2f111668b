"""The same projects for dbt, SQLMesh and dlt: what each of them wants written, and the commands that a user types."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from projects import DATABASE, Tables

__all__ = ["PEERS", "Peer"]

# Telemetry off, everything a tool keeps in its home inside the project.
QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true",
    "DO_NOT_TRACK": "1",
}
QUIET |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DBT_PROFILES_DIR": ".", "MAX_FORK_WORKERS": "1"}

DBT_PROJECT = """\
name: bench
version: "1.0"
profile: bench
models: {+materialized: table}
flags: {send_anonymous_usage_stats: false}
"""
DBT_PROFILE = f"""\
bench:
  target: dev
  outputs: {{dev: {{type: duckdb, path: {DATABASE}, threads: 4}}}}
"""
SQLMESH_CONFIG = f"""\
gateways: {{local: {{connection: {{type: duckdb, database: {DATABASE}}}}}}}
default_gateway: local
model_defaults: {{dialect: duckdb, start: 2024-01-01}}
disable_anonymized_analytics: true
"""
DLT_SCRIPT = f"""\
import sys
import dlt
rows = [{{"id": i, "name": f"name {{i % 1000}}", "value": i * 0.5, "even": i % 2 == 0}} for i in range(int(sys.argv[1]))]
pipeline = dlt.pipeline("bench", pipelines_dir=".dlt_state", destination=dlt.destinations.duckdb("{DATABASE}"))
pipeline.run(rows, table_name="rows", write_disposition="replace")
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """One other tool.

    Attributes:
        program: its console script.
        run: the words that build everything that it thinks is due.
        leaf: the words that rebuild one model, `{name}`, after its file was edited.
        write: writes a project into a folder that has a `models` folder.
        query: the text of one model's file.
        state: what it keeps between runs, besides the database.
    """

    program: str
    run: tuple[str, ...] = ()
    leaf: tuple[str, ...] = ()
    write: Callable[[Path], None] = lambda _: None
    query: Callable[[str, str, Tables], str] = lambda _, query, __: query
    state: tuple[str, ...] = ()

    def project(self, root: Path, tables: Tables) -> Path:
        """A project that was never run."""
        shutil.rmtree(root, ignore_errors=True)
        (root / "models").mkdir(parents=True)
        self.write(root)
        for name, query in tables.items():
            (root / "models" / f"{name}.sql").write_text(self.query(name, query, tables) + "\n", encoding="utf-8")
        return root

    def forget(self, root: Path, data: Path | None = None) -> None:
        """Make a project what it was before its first run."""
        for pattern in (f"{DATABASE}*", *self.state):
            for found in root.glob(pattern):
                shutil.rmtree(found) if found.is_dir() else found.unlink()
        if data is not None:
            shutil.copyfile(data, root / DATABASE)


def _dbt_project(root: Path) -> None:
    (root / "dbt_project.yml").write_text(DBT_PROJECT, encoding="utf-8")
    (root / "profiles.yml").write_text(DBT_PROFILE, encoding="utf-8")


def _dbt_query(_: str, query: str, tables: Tables) -> str:
    return _renamed(query, tables, "{{{{ ref('{}') }}}}")


def _sqlmesh_project(root: Path) -> None:
    (root / "config.yaml").write_text(SQLMESH_CONFIG, encoding="utf-8")


def _sqlmesh_query(name: str, query: str, tables: Tables) -> str:
    return f"MODEL (name bench.{name}, kind FULL);\n" + _renamed(query, tables, "bench.{}")


def _renamed(query: str, tables: Tables, form: str) -> str:
    """The query with the names of models, after FROM and JOIN, as the tool wants them."""

    def replaced(found: re.Match[str]) -> str:
        return found[1] + (form.format(found[2]) if found[2] in tables else found[2])

    return re.sub(r"(\b(?:FROM|JOIN)\s+)(\w+)", replaced, query)


def _dlt_project(root: Path) -> None:
    (root / "pipeline.py").write_text(DLT_SCRIPT, encoding="utf-8")


PEERS: Mapping[str, Peer] = {
    "dbt": Peer(
        "dbt",
        run=("--quiet", "run"),
        leaf=("--quiet", "run", "--select", "{name}"),
        write=_dbt_project,
        query=_dbt_query,
        state=("target", "logs", ".user.yml"),
    ),
    "sqlmesh": Peer(
        "sqlmesh",
        run=("plan", "--auto-apply", "--no-prompts"),
        leaf=("plan", "--auto-apply", "--no-prompts"),
        write=_sqlmesh_project,
        query=_sqlmesh_query,
        state=(".cache", "logs", "*.db"),
    ),
    "dlt": Peer("dlt", write=_dlt_project, state=(".dlt_state",)),
}
