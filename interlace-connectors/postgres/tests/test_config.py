from __future__ import annotations

import contextlib

import psycopg
import pytest
from pydantic import ValidationError

from interlace.errors import ConnectionFailure
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
        ({"settings": {"search_path": "x"}}, "'search_path'"),
        ({"settings": {"DateStyle": "German"}}, "ISO"),
        ({"sslcert": "client.crt"}, "'sslkey'"),
        ({"sslkey": "client.key"}, "'sslcert'"),
        ({"sslrootcert": "system", "sslmode": "require"}, "verify-full"),
        ({"pool": {"max_lifetime": 0}}, "max_lifetime"),
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


def test_names_are_looked_for_in_the_search_path_too(connect):
    session = connect(schema="marts", search_path=["shared", "public"]).session()
    session.execute("CREATE SCHEMA shared; CREATE TABLE shared.rates AS SELECT 2 AS rate")

    assert [('"marts", "shared", "public"',)] == session.fetch("SHOW search_path")
    assert [(2,)] == session.fetch("SELECT rate FROM rates")


def test_files_of_tls_are_relative_to_the_project(tmp_path):
    options = PostgresOptions(host="db", sslrootcert="tls/ca.crt", sslcert="/etc/me.crt", sslkey="/etc/me.key")
    given = options.at(tmp_path).parameters()

    assert (str(tmp_path / "tls/ca.crt"), "/etc/me.crt") == (given["sslrootcert"], given["sslcert"])


def test_the_system_s_certificates_are_no_file(tmp_path):
    options = PostgresOptions(host="db", sslrootcert="system", sslmode="verify-full").at(tmp_path)
    options.refuse_missing_files()

    assert "system" == options.parameters()["sslrootcert"]


def test_a_file_of_tls_that_is_not_there_is_named_by_its_key(connect, tmp_path):
    with pytest.raises(ConnectionFailure, match="'sslrootcert' names the file") as caught:
        connect(host="127.0.0.1", sslrootcert="ca.crt").open()

    assert str(tmp_path / "ca.crt") in caught.value.message
    assert not caught.value.transient


def test_without_a_check_a_connection_that_was_lost_is_an_error_of_its_user(connect, postgres_url):
    for check, expected in ((True, 1), (False, 0)):
        connection = connect(pool={"check": check, "max": 2})
        session = connection.session()
        number = session.fetch("SELECT pg_backend_pid()")[0][0]
        session.close()
        with psycopg.connect(postgres_url, autocommit=True) as administrator:
            administrator.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
        session = connection.session()
        found = 0
        with contextlib.suppress(ConnectionFailure):
            found = len(session.fetch("SELECT 1"))

        assert expected == found
