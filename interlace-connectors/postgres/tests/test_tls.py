"""Encrypted connections and passwords, on a server that listens on TCP."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from interlace.errors import ConnectionFailure
from interlace_postgres.config import PostgresOptions
from interlace_postgres.connection import PostgresConnection

pytestmark = pytest.mark.slow  # together they are

PASSWORD = "s3cr3t-word"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _certificates(folder: Path) -> None:
    """An authority, and certificates of the server (``localhost``) and of a client that it signed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not there")

    def run(*words: str) -> None:
        subprocess.run([openssl, *words], cwd=folder, check=True, capture_output=True)

    run(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-subj",
        "/CN=tests",
        "-days",
        "2",
    )
    for name in ("localhost", "loader"):
        run(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            f"/CN={name}",
        )
        signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2")
        run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *signed)
    for key in folder.glob("*.key"):
        key.chmod(0o600)


@pytest.fixture(scope="module")
def server():
    """The port of a server that asks for passwords, and from ``loader`` for a certificate; and the folder of certificates."""
    binaries = _binaries()
    with tempfile.TemporaryDirectory(prefix="pgt") as made:
        folder = Path(made)
        _certificates(folder)
        (folder / "password").write_text(PASSWORD)
        user = _server_user()
        if user is not None:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, user)
        data, port = folder / "data", _free_port()
        command = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            f"--pwfile={folder / 'password'}",
        ]
        subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)
        with (data / "pg_hba.conf").open("r+") as rules:
            text = rules.read()
            rules.seek(0)
            rules.write(f"hostssl all loader all cert\n{text}")
        options = {"ssl": "on", "ssl_ca_file": folder / "ca.crt", "ssl_cert_file": folder / "localhost.crt"}
        options |= {"ssl_key_file": folder / "localhost.key", "unix_socket_directories": folder, "fsync": "off"}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        start = [binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), *words]
        with (folder / "said").open("w") as said:
            process = subprocess.Popen(start, user=user, cwd=folder, stderr=said)
        try:
            _wait(port, folder / "said")
            yield port, folder
        finally:
            process.terminate()
            process.wait(20)


def _binaries() -> Path:
    """The programs of a server on this machine; the wheel that the other tests use was built without TLS."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not places:
        pytest.skip("no PostgreSQL of the system, which could do TLS")
    return places[-1]


def _server_user() -> str | None:
    """Whom the server runs as: it refuses to be root."""
    if os.getuid() != 0:
        return None
    for name in ("pgserver", "postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("there is no user for the server")


def _wait(port: int, said: Path) -> None:
    for _ in range(100):
        try:
            with psycopg.connect(
                host="127.0.0.1", port=port, user="postgres", password=PASSWORD, dbname="postgres"
            ) as found:
                found.execute("CREATE ROLE loader LOGIN")
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not start: {said.read_text()[-500:]}")


@pytest.fixture
def connect(server, tmp_path):
    port, folder = server
    for name in ("ca.crt", "loader.crt", "loader.key"):
        shutil.copyfile(folder / name, tmp_path / name)
        (tmp_path / name).chmod(0o600)
    made = []

    def connect(**options):
        given = {"host": "localhost", "port": port, "database": "postgres", "user": "postgres", **options}
        if given["user"] == "postgres":
            given.setdefault("password", PASSWORD)
        made.append(PostgresConnection("warehouse", PostgresOptions(**given), root=tmp_path))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


def refused(connection):
    with pytest.raises(ConnectionFailure) as caught:
        connection.open()
    return caught.value


ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def test_the_server_s_certificate_is_verified_by_a_file_of_the_project(connect):
    session = connect(sslmode="verify-full", sslrootcert="ca.crt").session()

    assert [(True,)] == session.fetch(ENCRYPTED)


def test_a_certificate_of_somebody_else_is_refused_and_the_key_is_named(connect, tmp_path):
    (tmp_path / "other.crt").write_bytes((tmp_path / "loader.crt").read_bytes())
    failure = refused(connect(sslmode="verify-full", sslrootcert="other.crt"))

    assert "sslrootcert" in failure.hint
    assert not failure.transient


def test_a_certificate_for_another_host_is_refused(connect):
    failure = refused(connect(host="127.0.0.1", sslmode="verify-full", sslrootcert="ca.crt"))

    assert "host" in failure.hint


def test_a_client_is_known_by_its_certificate(connect):
    session = connect(
        user="loader", sslmode="verify-ca", sslrootcert="ca.crt", sslcert="loader.crt", sslkey="loader.key"
    ).session()

    assert [("loader",)] == session.fetch("SELECT current_user::text")


def test_a_client_without_a_certificate_is_told_which_keys_to_give(connect):
    failure = refused(connect(user="loader", sslmode="require"))

    assert "sslcert" in failure.hint


def test_a_wrong_password_is_said_and_not_shown(connect):
    failure = refused(connect(password="wr0ng-word"))

    assert "password authentication failed" in failure.message
    assert "password is wrong" in failure.hint
    assert "wr0ng-word" not in str(failure)
    assert not failure.transient
