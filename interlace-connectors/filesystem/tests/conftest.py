from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from interlace_filesystem.connection import FilesystemConnection


@pytest.fixture
def make(tmp_path):
    """Makes connections from options."""
    made = []

    def connect(**options):
        made.append(FilesystemConnection("lake", FilesystemConnection.Config.model_validate(options), root=tmp_path))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


@dataclass
class Server:
    """An SSH server in a thread: user ``loader``, password ``right``; its root is a folder of this machine."""

    port: int
    key: str
    root: Path


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory):
    """asyncssh's server; each session sees `root` as the root of the file system."""
    import asyncssh

    root = tmp_path_factory.mktemp("sftp")
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key.write_private_key(str(root.parent / "user_key"))
    (root.parent / "user_key").chmod(0o600)
    authorised = asyncssh.import_authorized_keys(user_key.export_public_key().decode())

    open_connections = []

    class Users(asyncssh.SSHServer):
        def begin_auth(self, username):
            self.connection.set_authorized_keys(authorised)
            return True

        def password_auth_supported(self):
            return True

        def validate_password(self, username, password):
            return (username, password) == ("loader", "right")

        def public_key_auth_supported(self):
            return True

        def connection_made(self, connection):
            self.connection = connection
            open_connections.append(connection)

    started, loop = threading.Event(), asyncio.new_event_loop()
    found: list[int] = []

    async def serve():
        listening = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Users,
            server_host_keys=[host_key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root).encode()),
        )
        found.append(listening.get_port())
        started.set()
        return listening

    async def stop(listening):
        listening.close()
        await listening.wait_closed()
        for connection in open_connections:
            connection.abort()
            await connection.wait_closed()
        await asyncio.sleep(0)

    def run():
        asyncio.set_event_loop(loop)
        listening = loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(stop(listening))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(20)
    line = f"[127.0.0.1]:{found[0]} {host_key.export_public_key().decode().strip()}\n"
    yield Server(found[0], line, root)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture
def sftp(ssh_server, tmp_path, make):
    """Makes connections to an empty folder on that server."""
    folder = f"/{tmp_path.name}"
    known = tmp_path / "known_hosts"
    known.write_text(ssh_server.key)

    def connect(**options):
        given = {
            "url": f"sftp://loader@127.0.0.1:{ssh_server.port}{folder}",
            "options": {"password": "right"},
            "known_hosts": str(known),
        }
        return make(**{**given, **options})

    return connect
