from __future__ import annotations

import pytest
from pydantic import ValidationError

from interlace_postgres.config import PostgresOptions
from interlace_postgres.pooling import place

SECRET = "s3cr3t"


def test_secrets_are_not_shown():
    shown = repr(PostgresOptions(host="db", user="me", password=SECRET))
    shown += repr(PostgresOptions(url=f"postgresql://me:{SECRET}@db/w"))

    assert SECRET not in shown


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"url": f"postgresql://me:{SECRET}@db.example.com:6432/w"}, "db.example.com:6432/w"),
        ({"url": "postgres://db/w?sslmode=require"}, "db:5432/w"),
        ({"host": "db", "database": "w", "user": "me"}, "db:5432/w"),
        ({"host": "/var/run/postgresql", "database": "w"}, "/var/run/postgresql/w"),
        ({"user": "me"}, "localhost:5432/me"),
    ],
)
def test_the_place_names_host_and_database_without_the_user(options, expected):
    assert expected == place(PostgresOptions(**options))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "mysql://db/w"}, "postgresql://"),
        ({"url": "postgresql://db/w", "host": "db"}, "'host'"),
        ({"port": 0}, "port"),
        ({"sslmode": "perhaps"}, "sslmode"),
        ({"settings": {"search_path": "x"}}, "'schema'"),
        ({"settings": {"Statement_Timeout": 1}}, "'statement_timeout'"),
        ({"pool": {"min": 5, "max": 3}}, "'min'"),
        ({"hots": "db"}, "hots"),
    ],
)
def test_wrong_options_are_refused(options, said):
    with pytest.raises(ValidationError, match=said):
        PostgresOptions(**options)


def test_a_session_has_the_settings(connect):
    options = {"work_mem": "8MB", "enable_seqscan": False}
    connection = connect(
        schema="Staging", statement_timeout="2min", lock_timeout=5000, application_name="tests", settings=options
    )
    session = connection.session()
    names = ("TimeZone", "work_mem", "enable_seqscan", "statement_timeout", "lock_timeout", "application_name")
    shown = [session.fetch(f"SHOW {name}")[0][0] for name in names]

    assert ["UTC", "8MB", "off", "2min", "5s", "tests"] == shown
    assert [('"Staging", "public"',)] == session.fetch("SHOW search_path")


def test_a_session_takes_the_role(connect):
    connect().session().execute("CREATE ROLE analyst; GRANT analyst TO postgres")
    try:
        assert [("analyst",)] == connect(role="analyst").session().fetch("SELECT current_user::text")
    finally:
        connect().session().execute("DROP ROLE analyst")


def test_a_few_sessions_are_left_to_each_model(connect):
    assert 8 == connect().capabilities.max_sessions
    assert 1 == connect(pool={"max": 2}).capabilities.max_sessions
