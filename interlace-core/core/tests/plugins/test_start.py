"""What finding out about plugins costs, in modules: counted, not timed."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {
    "adbc_driver_manager", "alembic", "duckdb", "ibis", "numpy", "pandas", "polars", "psycopg", "pyarrow", "pydantic",
    "pydantic_settings", "rich", "sqlalchemy", "sqlglot", "structlog", "typer", "yaml",
}  # fmt: skip


def modules_after(code):
    """The names of all modules that a fresh process has after some code."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(run.stdout))


def test_plugins_are_found_loaded_and_listed_without_anything_heavy():
    modules = modules_after("from interlace.plugins import PluginManager\nPluginManager.discover(safe=True).plugins()")

    assert set() == HEAVY & modules


def test_of_our_own_plugins_only_their_plugin_modules_are_imported():
    modules = modules_after("from interlace.plugins import PluginManager\nPluginManager.discover(safe=True).plugins()")
    ours = {m for m in modules if m.startswith("interlace_") and "." in m}

    assert {m for m in ours if m.endswith(".plugin")} == ours


def test_a_plugin_module_needs_the_standard_library_and_pluggy_only():
    before = modules_after("import pluggy")
    after = modules_after("import interlace.plugin")

    assert {"interlace", "interlace.plugin"} == {
        m for m in after - before if m.partition(".")[0] not in sys.stdlib_module_names
    }
