from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the repository."""
    return Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _without_the_developers_settings(monkeypatch):
    for name in os.environ:
        if name.startswith("INTERLACE_") and not name.startswith("INTERLACE_PEER_"):
            monkeypatch.delenv(name)


@pytest.fixture
def ask(postgres_url):
    """Ask the PostgreSQL of a test without Interlace."""
    import psycopg

    def ask(sql):
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    return ask


@pytest.fixture
def two_roles(postgres_url):
    """The URLs of two roles: prod's, and one that may read what prod makes and write only where it makes a schema."""
    import psycopg

    number = os.urandom(4).hex()
    owner, other = f"owner_{number}", f"other_{number}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        name = server.execute("SELECT quote_ident(current_database())").fetchone()[0]
        server.execute(f"CREATE ROLE {owner} LOGIN; CREATE ROLE {other} LOGIN")
        server.execute(f"GRANT CREATE ON DATABASE {name} TO {owner}, {other}; GRANT CREATE ON SCHEMA public TO {owner}")
        server.execute(f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {other}")
        server.execute(f"CREATE SCHEMA _interlace AUTHORIZATION {owner}; GRANT ALL ON SCHEMA _interlace TO {other}")
        server.execute(f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA _interlace GRANT ALL ON TABLES TO {other}")
        url = urlsplit(postgres_url)
        at = url.netloc.rpartition("@")[2]
        yield tuple(urlunsplit(url._replace(netloc=f"{role}@{at}")) for role in (owner, other))
        for role in (owner, other):
            server.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER")
            server.execute(f"DROP OWNED BY {role}")
        server.execute(f"DROP ROLE {owner}, {other}")
