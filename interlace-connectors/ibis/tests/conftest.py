"""A MariaDB server, started from Debian's packages, and databases of its own for each test."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

_numbers = count(1)


@pytest.fixture(scope="session")
def mariadb_server(need: Callable[..., None]) -> Iterator[str]:
    """The URL of a server that lives as long as the session of tests; from Debian's packages, which `.ci/run` installs."""
    programs = [name for name in ("mariadbd", "mariadb-install-db") if shutil.which(name) is None]
    need(*programs, *([] if find_spec("MySQLdb") else ["mysqlclient"]))
    with tempfile.TemporaryDirectory(prefix="maria") as folder:
        data = Path(folder) / "data"
        user = ["--user=root"] if os.getuid() == 0 else []
        install = ["--auth-root-authentication-method=normal", "--skip-test-db", f"--datadir={data}", "--no-defaults"]
        subprocess.run(["mariadb-install-db", "--no-defaults", *user, *install[:-1]], check=True, capture_output=True)
        port = _free_port()
        options = [f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/s"]
        fast = ["--innodb-flush-log-at-trx-commit=0", f"--pid-file={folder}/pid", "--lock-wait-timeout=10"]
        log = (Path(folder) / "log").open("wb")
        server = subprocess.Popen(["mariadbd", "--no-defaults", *user, *options, *fast], stdout=log, stderr=log)
        try:
            _wait(port, server)
            yield f"mysql://root:@127.0.0.1:{port}/"
        finally:
            server.kill()
            server.wait()
            log.close()


@pytest.fixture(scope="session")
def spark_session(need: Callable[..., None]) -> Iterator[None]:
    """A Spark that stays up, in a Java of this process's own."""
    need(*([] if find_spec("pyspark") else ["pyspark"]), *([] if shutil.which("java") else ["java"]))
    from pyspark.sql import SparkSession

    settings = {"spark.master": "local[1]", "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1"}
    builder = SparkSession.builder.appName("tests").config(map=settings)
    session = builder.config("spark.sql.catalogImplementation", "in-memory").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield
    gateway = session.sparkContext._gateway
    session.stop()
    gateway.shutdown()
    # Some of its sockets are left to the collector, which would complain after the last test.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del session, gateway
        gc.collect()


@pytest.fixture
def mariadb_url(mariadb_server: str) -> Iterator[str]:
    """The URL of an empty database of this test's own; the others that it makes are dropped too."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _run(mariadb_server, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    before = _databases(mariadb_server) - {"_interlace"}
    yield mariadb_server + name
    for made in (_databases(mariadb_server) - before) | {name}:
        _run(mariadb_server, "DROP DATABASE `" + made.replace("`", "``") + "`")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert server.poll() is None, "mariadbd ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("mariadbd did not come up")


def _connect(url: str):
    import MySQLdb

    port = urlsplit(url).port
    return MySQLdb.connect(host="127.0.0.1", port=port, user="root", autocommit=True)


def _run(url: str, sql: str) -> list[tuple[str, ...]]:
    connection = _connect(url)
    try:
        cursor = connection.cursor()
        cursor.execute(sql)
        return list(cursor.fetchall())
    finally:
        connection.close()


def _databases(url: str) -> set[str]:
    return {row[0] for row in _run(url, "SHOW DATABASES")}
