"""What promotion costs on PostgreSQL: it moves tables, and reads and writes none of their rows."""

from __future__ import annotations

import psycopg
import pytest

from interlace import Project

pytestmark = pytest.mark.slow  # together they are

TABLES = 5


def write(root, url, rows, more=""):
    (root / "models").mkdir(parents=True, exist_ok=True)
    (root / "config.yaml").write_text(
        f"name: promoted\nconnections:\n  default: {{type: postgres, url: '{url}'}}\nenvironments:\n  prod:\n  dev:\n"
    )
    for number in range(TABLES):
        query = f"SELECT g AS id{more} FROM generate_series(1, {rows}) AS g"
        (root / f"models/t{number}.sql").write_text(query)


def messages_of_a_promotion(root, monkeypatch):
    """Build dev, and promote it; gives how many messages the promotion sent."""
    with Project.load(root, env="dev") as project:
        assert project.run().exit_code == 0
    sent = []
    execute = psycopg.Connection.execute

    def counted(self, query, *arguments, **options):
        sent.append(query)
        return execute(self, query, *arguments, **options)

    with monkeypatch.context() as patched, Project.load(root, env="prod") as project:
        patched.setattr(psycopg.Connection, "execute", counted)
        project.promote("dev")
    return len(sent)


def files(ask, schema):
    """The files that hold the rows of a schema's tables."""
    found = ask(
        "SELECT relname::text, pg_relation_filenode(oid) FROM pg_class "
        f"WHERE relkind = 'r' AND relnamespace = '{schema}'::regnamespace"
    )
    return dict(found)


def test_as_many_messages_for_few_rows_as_for_many(tmp_path, postgres_url, ask, monkeypatch):
    sent = []
    # The first finds nothing in prod, the second nothing that was kept for a rollback before.
    for rows, more in ((10, ""), (11, ", 7 AS x"), (20_000, ", g % 7 AS x"), (30, ", 8 AS x")):
        write(tmp_path, postgres_url, rows, more)
        sent.append(messages_of_a_promotion(tmp_path, monkeypatch))
        assert [(rows,)] == ask("SELECT count(*) FROM public.t3")

    assert sent[2] == sent[3]


def test_the_promoted_tables_are_the_very_files_that_were_built(tmp_path, postgres_url, ask, monkeypatch):
    write(tmp_path, postgres_url, 100)
    with Project.load(tmp_path, env="dev") as project:
        project.run()
    built = files(ask, "dev__public")
    with Project.load(tmp_path, env="prod") as project:
        project.promote("dev")

    assert TABLES == len(built)
    assert built == files(ask, "public")
