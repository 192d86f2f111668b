"""A proxy before a server of PostgreSQL, on a port of this machine, which delays, cuts and refuses connections.

Each connection gets a `Fuse` when it is made: what it is cut at, and at which time that happens.  A message is cut in its
middle; at a COMMIT either the message itself gets lost, or the server's answer.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

CANCEL = 80877102
MOMENTS = {
    "statement": (2, 15),
    "answer": (2, 15),
    "copy in": (3, 2),
    "copy out": (3, 2),
    "commit asked": (3, 4),
    "commit done": (4, 4),
}
"""What a connection is cut at: how often that is chosen, and how often it may happen before."""


@dataclass
class Fuse:
    """When a connection is cut."""

    moment: str
    left: int

    def burns(self, moment: str) -> bool:
        """Whether this time it is cut."""
        if moment == self.moment:
            self.left -= 1
        return moment == self.moment and self.left == 0


class Proxy:
    """Honest until it is told otherwise.

    Args:
        server: the path of the server's socket.
        seed: of all chances.

    Attributes:
        chances: of a connection to be refused, and to get a fuse.
        fuses: given to the next connections, in order, before chance decides.
        refusals: how many of the next connections are refused.
        delay: seconds, at most, that a message waits now and then.
        cuts: how often connections were cut, by moment.
        late: seconds after which a COMMIT is passed on although its connection was cut when it was asked for.
    """

    def __init__(self, server: str, seed: int = 0) -> None:
        self._server = server
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self.chances = (0.0, 0.0)
        self.fuses: list[Fuse | None] = []
        self.refusals = 0
        self.delay = 0.0
        self.late = 0.0
        self.cuts: Counter[str] = Counter()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._links = [threading.Thread(target=self._accept, daemon=True, name="proxy")]
        self._links[0].start()

    def close(self) -> None:
        """Take no more connections, and wait until those that were taken have ended."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for link in self._links:
            link.join(20)
        self._listener.close()

    def fuse(self, moment: str, after: int = 1) -> Fuse:
        """One that burns at the nth such moment; of all connections that it is given to, whichever comes first."""
        return Fuse(moment, after)

    def counted(self, moment: str) -> None:
        """A connection was cut."""
        with self._lock:
            self.cuts[moment] += 1

    def wait(self) -> None:
        """Be slow, now and then."""
        with self._lock:
            seconds = self._chance.uniform(0, self.delay) if self.delay and self._chance.random() < 0.05 else 0.0
        if seconds:
            time.sleep(seconds)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._refuses():
                self.counted("refused")
                cut(client)
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._server)
            except OSError:
                cut(client)
                server.close()
                continue
            link = threading.Thread(target=_Link(self, client, server, self._fuse()).carry, daemon=True, name="proxy")
            self._links.append(link)
            link.start()

    def _refuses(self) -> bool:
        with self._lock:
            if self.refusals:
                self.refusals -= 1
                return True
            return self._chance.random() < self.chances[0]

    def _fuse(self) -> Fuse | None:
        with self._lock:
            if self.fuses:
                return self.fuses.pop(0)
            if self._chance.random() >= self.chances[1]:
                return None
            [moment] = self._chance.choices(list(MOMENTS), [weight for weight, _ in MOMENTS.values()])
            return Fuse(moment, self._chance.randint(1, MOMENTS[moment][1]))


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket, fuse: Fuse | None) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._fuse = fuse
        self._committing = False

    def carry(self) -> None:
        """Pass on what both sides say, until one of them is gone."""
        back = threading.Thread(target=self._carry, args=(self._answer,), daemon=True, name="proxy")
        back.start()
        self._carry(self._ask)
        back.join()
        self._client.close()
        self._server.close()

    def _carry(self, say: Callable[[], None]) -> None:
        with suppress(OSError):
            say()
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _ask(self) -> None:
        """Pass on what the client says, message by message."""
        head = self._read(8)
        length, code = struct.unpack("!ii", head)
        if code == CANCEL:
            self._fuse = None
        self._server.sendall(head + self._read(length - 8))
        while True:
            head = self._read(5)
            body = self._read(struct.unpack("!i", head[1:])[0] - 4)
            self._proxy.wait()
            if not self._message(head[:1], head + body, body):
                return

    def _read(self, length: int) -> bytes:
        """So many bytes of the client.

        Raises:
            ConnectionError: it went away.
        """
        parts = []
        while length:
            part = self._client.recv(min(length, 1 << 20))
            if not part:
                raise ConnectionError
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _message(self, kind: bytes, message: bytes, body: bytes) -> bool:
        """Pass one on; False when the connection was cut."""
        moment = None
        if kind == b"d":
            moment = "copy in"
        elif kind in b"QP":
            self._committing = body.strip(b"\0").startswith(b"COMMIT")
            moment = "commit asked" if self._committing else "statement"
        if moment is None or not self._burns(moment):
            self._server.sendall(message)
            return True
        if moment != "commit asked":
            self._server.sendall(message[: len(message) // 2])
        elif self._proxy.late:
            cut(self._client)
            time.sleep(self._proxy.late)
            self._server.sendall(message)
            time.sleep(0.2)
        self._cut()
        return False

    def _answer(self) -> None:
        """Pass on what the server says."""
        while data := self._server.recv(1 << 16):
            self._proxy.wait()
            if self._committing:
                # The server waits for its disk before it answers: it has committed.
                moment, passed = "commit done", b""
            else:
                moment, passed = "copy out" if data[:1] in b"Hd" else "answer", data[: len(data) // 2]
            if self._burns(moment):
                self._client.sendall(passed)
                self._cut()
                return
            self._committing = False
            self._client.sendall(data)

    def _burns(self, moment: str) -> bool:
        burns = self._fuse is not None and self._fuse.burns(moment)
        if burns:
            self._proxy.counted(moment)
        return burns

    def _cut(self) -> None:
        cut(self._client)
        cut(self._server)


def cut(end: socket.socket) -> None:
    """End a connection without a word: TCP says that it was reset."""
    with suppress(OSError):
        if end.family == socket.AF_INET:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # A thread that reads it keeps it open.
        end.shutdown(socket.SHUT_RD)
    end.close()
