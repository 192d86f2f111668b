"""The table of backends: what is configured is passed to ibis, and the SQL of loads is that of each dialect."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from urllib.parse import urlsplit

import ibis
import pytest
import sqlglot
from sqlglot.dialects.dialect import Dialect

import interlace_ibis.connection as connections
import interlace_ibis.plugin
from interlace.contracts.connection import Capabilities
from interlace.contracts.load import LoadSpec, Query
from interlace.contracts.relation import Column, Relation
from interlace.errors import ConnectionFailure, UnsupportedCapability
from interlace_ibis.backends import BACKENDS
from interlace_ibis.config import FlinkOptions, ServerOptions
from interlace_ibis.engines.engine import Engine
from interlace_ibis.session import IbisSession
from interlace_strategies.append import Append
from interlace_strategies.merge_by_key import MergeByKey
from interlace_strategies.replace import Replace
from interlace_strategies.scd_type_2 import ScdType2

NOT_LIVE = [backend for backend in BACKENDS.values() if not backend.live]

every = pytest.mark.parametrize("backend", BACKENDS.values(), ids=lambda b: b.name)
not_live = pytest.mark.parametrize("backend", NOT_LIVE, ids=lambda b: b.name)
servers = pytest.mark.parametrize("backend", [b for b in NOT_LIVE if b.name != "flink"], ids=lambda b: b.name)


class Fake:
    """A backend that has no tables and remembers what it was connected with."""

    def __init__(self, **given):
        self.given = given

    def list_tables(self, **_):
        return []

    def disconnect(self):
        pass


def test_every_backend_is_offered_by_its_word():
    providers = list(interlace_ibis.plugin.interlace_connections())

    assert list(BACKENDS) == [provider.name for provider in providers]
    assert all(getattr(connections, p.target.partition(":")[2]).backend.name == p.name for p in providers)


@every
def test_what_a_backend_can_is_a_capability_and_its_dialect_known(backend):
    Capabilities(**dict.fromkeys(backend.can, True))

    assert Dialect.get(backend.dialect) is not None


@servers
def test_options_are_passed_to_the_connect_of_ibis(backend, monkeypatch):
    monkeypatch.setattr(connections, "_missing", lambda driver: None)
    monkeypatch.setitem(vars(ibis), backend.ibis, SimpleNamespace(connect=Fake))
    made = getattr(connections, backend.name)
    connection = made("w", ServerOptions(options={"host": "there", "port": 1}), root=Path())
    session = connection.session()

    assert {"host": "there", "port": 1} == session.engine.con.given
    assert "there" in connection.where()
    connection.close()


@servers
def test_a_url_is_passed_to_ibis(backend, monkeypatch):
    monkeypatch.setattr(connections, "_missing", lambda driver: None)
    monkeypatch.setitem(vars(ibis), backend.ibis, SimpleNamespace())
    monkeypatch.setattr(ibis, "connect", lambda url, **given: Fake(url=url, **given))
    url = f"{backend.ibis}://someone:hidden@there:1/place"
    connection = getattr(connections, backend.name)("w", ServerOptions(url=url), root=Path())

    assert url == connection.session().engine.con.given["url"]
    assert "hidden" not in connection.where() + repr(connection.config)
    assert urlsplit(url).hostname in connection.where()


def test_settings_of_flink_are_those_of_the_table_environment_that_ibis_takes(monkeypatch):
    set_, given = {}, []
    config = SimpleNamespace(set=set_.__setitem__)
    environment = SimpleNamespace(get_config=lambda: config)
    table = ModuleType("pyflink.table")
    table.EnvironmentSettings = SimpleNamespace(in_batch_mode=lambda: "batch")
    table.TableEnvironment = SimpleNamespace(create=lambda settings: given.append(settings) or environment)
    monkeypatch.setitem(sys.modules, "pyflink", ModuleType("pyflink"))
    monkeypatch.setitem(sys.modules, "pyflink.table", table)
    monkeypatch.setattr(connections, "_missing", lambda driver: None)
    monkeypatch.setitem(vars(ibis), "flink", SimpleNamespace(connect=lambda env: Fake(environment=env)))
    connection = connections.flink("w", FlinkOptions(options={"parallelism.default": 2}), root=Path())

    assert environment is connection.session().engine.con.given["environment"]
    assert (["batch"], {"parallelism.default": "2"}) == (given, set_)


def test_a_driver_that_is_not_installed_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(connections, "_missing", lambda driver: driver)
    connection = connections.snowflake("w", ServerOptions(options={"account": "a"}), root=Path())

    with pytest.raises(ConnectionFailure, match=r"snowflake\.connector") as caught:
        connection.open()
    assert "pip install 'interlace[snowflake]'" == caught.value.hint
    assert not caught.value.transient


def test_a_driver_that_no_extra_brings_is_named_beside_it():
    connection = connections.flink("w", FlinkOptions(), root=Path())

    with pytest.raises(ConnectionFailure, match="pyflink") as caught:
        connection.open()
    assert "pip install 'interlace[flink]' apache-flink" == caught.value.hint


def test_a_server_must_be_said():
    with pytest.raises(ValueError, match="neither 'url' nor 'options'"):
        ServerOptions()


COLUMNS = (Column("id", "BIGINT"), Column("item", "VARCHAR(20)"), Column("changed_at", "TIMESTAMP"))


def _plan(strategy, session, standing, **options):
    spec = LoadSpec(
        target=Relation("items", "shop"),
        source=Query("SELECT * FROM arrived"),
        source_columns=COLUMNS,
        target_columns=COLUMNS if standing else None,
        key=("id",),
        options=strategy.Config.model_validate(options),
        execution_time=datetime(2024, 1, 1, tzinfo=UTC),
        capabilities=session.connection.capabilities,
        dialect=session.connection.dialect,
    )
    return strategy().plan(spec)


@not_live
@pytest.mark.parametrize("strategy", [Replace, Append, MergeByKey, ScdType2], ids=lambda s: s.__name__)
@pytest.mark.parametrize("standing", [True, False], ids=["again", "first"])
def test_the_sql_of_a_strategy_parses_in_its_dialect_or_is_refused(backend, strategy, standing):
    connection = getattr(connections, backend.name)("w", ServerOptions(options={"host": "x"}), root=Path())
    session = IbisSession(connection, Engine(backend, Fake(), "shop"))
    rendered, refused = [], ""
    for step in _plan(strategy, session, standing and strategy is not ScdType2).steps:
        try:
            rendered += session.statements(step)
        except UnsupportedCapability as error:
            refused = error.message

    assert rendered or backend.title in refused
    assert backend.title in refused or (strategy in {Replace, Append} and backend.replaces) or not standing
    for sql in rendered:
        assert sqlglot.parse_one(sql, dialect=backend.dialect).sql(dialect=backend.dialect)
