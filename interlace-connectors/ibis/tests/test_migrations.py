"""Migrations on MariaDB, whose DDL commits: how far one came is kept, and nothing goes on by itself."""

from __future__ import annotations

import pytest

from interlace import Project
from interlace.errors import InvalidMigration, MigrationFailed, UnsupportedCapability

pytestmark = pytest.mark.slow


@pytest.fixture
def load(tmp_path, mariadb_url):
    """Load a project on MariaDB, with migrations by file name."""

    def load(connection: str = f"type: mysql, url: '{mariadb_url}'", **files: str) -> Project:
        for path, text in {
            "config.yaml": f"connections:\n  default: {{{connection}}}\n",
            "models/a.sql": "SELECT 1 AS id",
            **{f"migrations/{name}": text for name, text in files.items()},
        }.items():
            file = tmp_path / path
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        return Project.load(tmp_path)

    return load


def test_one_that_fails_stands_as_far_as_it_came(load):
    bad = "-- up\nCREATE TABLE b (id int);\nINSERT INTO b VALUES (1);\nINSERT INTO nowhere VALUES (1);\n-- down\nDROP TABLE b;\n"
    with load(**{"0001_b.sql": bad}) as project:
        with pytest.raises(MigrationFailed) as caught:
            project.migrate(project.plan_migrations("up"))

        assert "statement 3 of 3 was refused. Its first 2 statements stand: it is no transaction." in str(caught.value)
        with pytest.raises(InvalidMigration, match="2 of its 3 statements were done"):
            project.plan_migrations("up")

        project.resolve_migration(1, applied=True)
        assert ("0001_b",) == project.migrate(project.plan_migrations("down")).names
        assert ["pending"] == [s.how for s in project.migrations()[0]]


def test_an_engine_without_schemas_is_refused(load):
    with (
        load("type: sqlite, path: x.sqlite", **{"0001_b.sql": "-- up\nSELECT 1;\n"}) as project,
        pytest.raises(UnsupportedCapability, match="0001_b cannot go to the connection 'default', which has no schema"),
    ):
        project.plan_migrations("up")
