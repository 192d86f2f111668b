"""Secrets by the command line: fetched when a connection is opened, and never written down."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest

PASSWORD = "c0rrect/h@rse battery:staple"
WRONG = "wr0ng/h@rse battery:staple"


def leaks(root: Path, *texts: str, of: str) -> list[str]:
    """Where a secret stands, in any form: in what was said, and in every file of a project but the databases'."""
    needles = [f.encode() for f in {of, quote(of, safe=""), quote(of), repr(of)[1:-1]}]
    said = [f"output {n}" for n, text in enumerate(texts) if any(needle in text.encode() for needle in needles)]
    files = [f for f in root.rglob("*") if f.is_file() and f.suffix not in {".duckdb", ".secret", ".pyc"}]
    return said + [str(f.relative_to(root)) for f in files if any(needle in f.read_bytes() for needle in needles)]


@pytest.fixture
def loader(postgres_url):
    """A role with a password that PostgreSQL asks for, and the URL without it; ``pg_hba.conf`` is put back."""
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("DROP ROLE IF EXISTS secret_loader")
        server.execute(f"CREATE ROLE secret_loader LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
        hba = Path(server.execute("SHOW hba_file").fetchone()[0])
        before = hba.read_text()
        hba.write_text(f"local all secret_loader scram-sha-256\n{before}")
        server.execute("SELECT pg_reload_conf()")
    yield postgres_url
    hba.write_text(before)
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("SELECT pg_reload_conf()")
        server.execute(
            "REASSIGN OWNED BY secret_loader TO CURRENT_USER; DROP OWNED BY secret_loader; DROP ROLE secret_loader"
        )


@pytest.fixture
def warehouse(project, loader):
    """A project on PostgreSQL whose password is in a file; gives the project and that file."""
    parts = urlsplit(loader)
    url = urlunsplit(
        parts._replace(netloc=f"secret_loader:${{secret:file:pw.secret}}@{parts.netloc.rpartition('@')[2]}")
    )
    project.write("config.yaml", f"connections:\n  default: {{type: postgres, url: '{url}'}}\n")
    secret = project.write("pw.secret", PASSWORD + "\n")
    secret.chmod(0o600)
    project.sql("orders", "SELECT 1 AS id, 10 AS amount")
    return project


EVERYTHING = [
    ("plan",),
    ("plan", "--json"),
    ("run", "--json"),
    ("run", "--force", "--verbose"),
    ("show", "orders"),
    ("info",),
    ("info", "--json"),
    ("runs", "list", "--json"),
    ("config", "show"),
    ("config", "show", "--json"),
    ("config", "validate", "--json"),
    ("connections", "list"),
    ("connections", "test"),
    ("connections", "test", "--json"),
    ("state", "export"),
    ("docs", "export"),
    ("docs", "export", "--out", "meta.json"),
    ("docs", "history", "orders", "--json"),
]


def test_what_succeeds_writes_the_secret_nowhere(warehouse):
    said = [warehouse(*words) for words in EVERYTHING]

    assert [] == [(words, one.out + one.err) for words, one in zip(EVERYTHING, said, strict=True) if one.code != 0]
    assert [] == leaks(warehouse.root, *(one.out + one.err for one in said), of=PASSWORD)


def test_a_wrong_password_is_said_and_not_shown(warehouse):
    warehouse.write("pw.secret", WRONG)

    said = [warehouse("run"), warehouse("run", "--json"), warehouse("connections", "test")]

    assert [1, 1, 1] == [one.code for one in said]
    assert "password authentication failed" in said[0].err
    assert [] == leaks(warehouse.root, *(one.out + one.err for one in said), of=WRONG)


MODEL = """
from urllib.parse import quote

from interlace import model


@model
def broken(orders, context):
    password = open("pw.secret").read().strip()
    context.logger.warning("logged %s", password)
    try:
        raise ValueError(f"cause {password!r}")
    except ValueError as error:
        raise RuntimeError(f"cannot open postgresql://u:{quote(password, safe='')}@db, said {password}") from error
"""


def test_a_model_that_raises_and_logs_it_is_masked(warehouse):
    warehouse.python("broken", MODEL)

    said = [warehouse("run"), warehouse("run", "--json"), warehouse("runs", "list", "--json"), warehouse("dlq", "list")]
    said += [warehouse("runs", "log", "latest"), warehouse("dlq", "list", "--json"), warehouse("info", "broken")]

    assert 1 == said[0].code
    assert "postgresql://u:***@db, said ***" in said[0].err + said[0].out
    logs = "".join(f.read_text() for f in (warehouse.root / ".interlace" / "logs").glob("*.jsonl"))
    assert "logged ***" in logs
    assert [] == leaks(warehouse.root, *(one.out + one.err for one in said), of=PASSWORD)


def test_a_sql_model_that_fails_with_it_in_the_message_is_masked(warehouse):
    warehouse.sql("broken", f"SELECT '{PASSWORD}'::int AS a FROM orders")

    said = [warehouse("run"), warehouse("run", "--json")]

    assert 1 == said[0].code
    (warehouse.root / "models" / "broken.sql").unlink()
    (warehouse.root / ".interlace" / "models.cache").unlink(missing_ok=True)  # it holds what the models say
    assert [] == leaks(warehouse.root, *(one.out + one.err for one in said), of=PASSWORD)


@pytest.fixture
def remote_state(project, loader):
    """A project whose state is on PostgreSQL, by a URL that is a secret as a whole; gives the URL."""
    parts = urlsplit(loader)
    netloc = f"secret_loader:{quote(PASSWORD, safe='')}@{parts.netloc.rpartition('@')[2]}"
    project.write(
        "config.yaml",
        "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n"
        "state: {type: sqlite, url: '${secret:file:state.secret}'}\n",
    )
    project.write("state.secret", urlunsplit(parts._replace(netloc=netloc))).chmod(0o600)
    project.sql("orders", "SELECT 1 AS id")
    return project


def test_the_state_may_have_its_url_from_a_secret(remote_state):
    said = [remote_state("run"), remote_state("run"), remote_state("runs", "list"), remote_state("state", "export")]

    assert [0, 0, 0, 0] == [one.code for one in said], said
    assert [] == leaks(remote_state.root, *(one.out + one.err for one in said), of=PASSWORD)


def test_a_state_that_refuses_is_said_without_its_url(remote_state):
    file = remote_state.root / "state.secret"
    file.write_text(file.read_text().replace(quote(PASSWORD, safe=""), quote(WRONG, safe="")))

    said = [remote_state("run"), remote_state("run", "--json"), remote_state("state", "export")]

    assert {1} == {one.code for one in said}, said
    assert "password authentication failed" in said[0].err
    assert [] == leaks(remote_state.root, *(one.out + one.err for one in said), of=WRONG)


# --- when it is fetched -----------------------------------------------------------------------------------------------


@pytest.fixture
def idle(project):
    """A project that runs on DuckDB, beside a connection whose secret is not there."""
    project.write(
        "config.yaml",
        """
        default_connection: default
        connections:
          default: {type: duckdb, path: warehouse.duckdb}
          crm: {type: postgres, host: localhost, password: "${secret:env:NOT_SET}"}
        """,
    )
    project.sql("orders", "SELECT 1 AS id")
    return project


def test_a_connection_that_nothing_uses_may_lack_its_secret(idle):
    idle.run()

    assert 0 == idle("config", "validate").code
    assert 0 == idle("connections", "list").code


@pytest.mark.parametrize("words", [("list",), ("info",), ("sources", "list"), ("config", "show"), ("runs", "list")])
def test_what_opens_nothing_fetches_nothing(warehouse, words):
    (warehouse.root / "pw.secret").unlink()

    assert 0 == warehouse(*words).code


def test_a_connection_that_is_tried_says_which_secret_it_lacks(idle):
    said = idle("connections", "test")

    assert 1 == said.code
    assert "default: ok" in said.out
    assert "crm: failed" in said.out
    assert "config.yaml:4:" in said.out
    assert "The secret 'NOT_SET' of 'env': the variable is not set." in said.out


def test_one_connection_may_be_tried_by_its_name(idle):
    assert 0 == idle("connections", "test", "default").code
    assert [("crm", False)] == [
        (c["name"], c["ok"]) for c in idle("connections", "test", "crm", "--json").json["connections"]
    ]


def test_a_name_that_is_no_connection_is_refused(idle):
    assert "Did you mean 'default'?" in idle.fails("connections", "test", "defualt")


def test_trying_makes_no_database_file(idle):
    said = idle("connections", "test", "default")

    assert "not there yet, the first run makes it" in said.out
    assert not (idle.root / "warehouse.duckdb").exists()


def test_a_reference_to_a_store_that_is_not_configured_is_found_by_validating(idle):
    config = idle.root / "config.yaml"
    config.write_text(config.read_text().replace("secret:env:", "secret:vault:"))

    message = idle.fails("config", "validate")

    assert "uses a secret of 'vault', which is not under secrets:" in message
    assert "config.yaml:4" in message


def test_a_secret_file_that_everybody_may_read_is_warned_of(warehouse):
    (warehouse.root / "pw.secret").chmod(0o644)

    said = warehouse.run()

    assert "Every user of this machine can read the secret in" in said.err
    assert "pw.secret" in said.err
