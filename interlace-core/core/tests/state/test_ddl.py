from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from interlace.state import ddl, export, migrate, revision, statements
from interlace.state.store import Store
from interlace.state.tables import metadata


def described(path: Path) -> dict[str, str]:
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {name: re.sub(r"\s+", " ", sql).strip().replace("( ", "(").replace(" )", ")") for name, sql in found}


def create_statements() -> tuple[str, ...]:
    found = []
    for table in metadata.sorted_tables:
        found.append(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        found += [str(CreateIndex(index).compile(dialect=sqlite.dialect())) for index in indexes]
    return tuple("\n".join(line.rstrip().replace("\t", "  ") for line in text.strip().splitlines()) for text in found)


def test_the_frozen_ddl_is_what_the_metadata_gives() -> None:
    assert create_statements() == ddl.SQLITE


def test_a_new_store_is_what_the_migrations_give(tmp_path: Path) -> None:
    frozen, migrated, created = (tmp_path / name for name in ("frozen.db", "migrated.db", "created.db"))
    Store.embedded(frozen).upgrade()
    migrate.upgrade_sqlite(migrated, "migrated", 1)
    engine = create_engine(f"sqlite:///{created}")
    metadata.create_all(engine)
    engine.dispose()

    assert described(frozen) == described(migrated) == described(created)
    assert {*statements.TABLES, "store_revision"} == {
        name for name, sql in described(frozen).items() if "CREATE TABLE" in sql
    } - {"sqlite_sequence"}


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory.from_config(migrate.configuration())

    assert revision.KNOWN == tuple(reversed([s.revision for s in scripts.walk_revisions()]))


def test_on_a_server_the_migrations_give_what_the_metadata_says(make_server_store: Any, server_options: Any) -> None:
    store = make_server_store()
    store.open()
    with store._database._open.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": migrate.VERSION_TABLE}
        )
        kept_apart = Table("store_revision", type(metadata)())
        differences = [d for d in compare_metadata(context, metadata) if kept_apart.name not in str(d)]
    store.close()

    assert [] == differences


def test_what_columns_hold_is_told_by_their_names() -> None:
    columns = [column for table in metadata.sorted_tables for column in table.columns]
    held = {kind: {c.name for c in columns if c.info.get("holds") == kind} for kind in ("json", "time", "flag")}

    assert {"json": export.JSON, "time": export.TIMES, "flag": export.FLAGS} == held
    for kind, names in held.items():
        assert [] == [c for c in columns if c.name in names and c.info.get("holds") != kind]
