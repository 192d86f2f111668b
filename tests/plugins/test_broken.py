"""One installed plugin per stage of failure: each is reported in one line, and everything else works on."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.packaging

ONE_LINE = {
    "call": "interlace_connections raised RuntimeError: the licence server does not answer",
    "import": (
        "importing interlace_broken_import.plugin raised ModuleNotFoundError: "
        "No module named 'no_such_driver_for_interlace'"
    ),
    "metadata": (
        "entry point 'broken-metadata = interlace_broken_metadata plugin' does not read 'name = package.module'"
    ),
    "register": "there is no hook interlace_conections. Did you mean 'interlace_connections'?",
    "resolve": (
        "interlace_broken_resolve.connection:Gone raised ModuleNotFoundError: "
        "No module named 'interlace_broken_resolve.connection'"
    ),
    "version": ("interlace_broken_version.plugin was written for INTERLACE_HOOK_API = 99; this Interlace has 1"),
}

OWN = [
    "athena",
    "bigquery",
    "clickhouse",
    "databricks",
    "datafusion",
    "druid",
    "duckdb",
    "ducklake",
    "exasol",
    "filesystem",
    "flink",
    "ibis_postgres",
    "impala",
    "mssql",
    "mysql",
    "oracle",
    "polars",
    "postgres",
    "pyspark",
    "risingwave",
    "s3",
    "snowflake",
    "sqlite",
    "trino",
]
"""The connection types of our own distributions."""


def test_each_stage_of_failure_is_one_line_of_the_doctor(ask, broken):
    lines = ask("[str(f) for f in manager.doctor() if f.plugin.startswith('broken-')]", plugins=[broken])

    assert [
        f"broken-{stage} (interlace-broken-{stage} 1.0.0) failed at {stage}: {message}"
        for stage, message in ONE_LINE.items()
    ] == lines


def test_the_plugins_that_work_are_there_all_the_same(ask, broken, example):
    names = ask("manager.registry(Connection).names()", plugins=[broken, example])

    assert sorted(["broken-resolve", "example", *OWN]) == names


def test_an_offer_that_cannot_be_used_is_raised_where_it_is_asked_for(ask, broken):
    said = ask("said(lambda: manager.registry(Connection).get('broken-resolve'))", plugins=[broken])

    assert (
        "The connection type 'broken-resolve' of interlace-broken-resolve 1.0.0 cannot be used: "
        f"{ONE_LINE['resolve']}." == said
    )


def test_a_word_that_a_failed_plugin_would_have_offered_tells_of_the_failure(ask, broken):
    said = ask("said(lambda: manager.registry(Connection).get('broken-version'))", plugins=[broken])

    assert said.startswith("No connection type 'broken-version'.")
    assert f"plugin broken-version (interlace-broken-version 1.0.0) failed at version: {ONE_LINE['version']}" in said
    assert "broken-resolve (" not in said


def test_safe_mode_leaves_them_all_out(ask, broken):
    found = ask(
        "[manager.registry(Connection).names(), [str(f) for f in manager.failures]]", plugins=[broken], safe=True
    )

    assert [OWN, []] == found


def test_a_disabled_one_does_not_fail(ask, broken):
    failed = ask(
        "sorted(f.plugin for f in manager.failures)",
        plugins=[broken],
        disabled=["broken-import", "interlace-broken-version"],
    )

    assert ["broken-metadata", "broken-register"] == failed


def test_strict_mode_ends_with_all_of_them(python, broken):
    code = "from interlace.plugins import PluginManager; PluginManager.discover(strict=True)"
    said = python("-c", code, plugins=[broken], check=False).stderr

    assert ["import", "metadata", "register", "version"] == [
        stage for stage in sorted(ONE_LINE) if f"failed at {stage}: {ONE_LINE[stage]}" in said
    ]
