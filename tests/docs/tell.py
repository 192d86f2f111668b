"""Does the ``interlace`` of stories, each in a process forked from this one, which has imported what commands need.

``python tell.py SOCKET COMMAND`` serves until its input ends; the file ``COMMAND`` is there when it is ready.  What takes the place of the command is a script that hands over its
three streams, its folder, its words and its environment, and ends as the command did (`write_command`).  Commands may go on
side by side; one that is killed is not: that is only the script.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))

from serve import become, end, prepare

COMMAND = """#!{python} -IS
import _socket, os, sys
given = {{n: v for n, v in os.environ.items() if n.startswith(("LC_", "PYTHON"))}}
if given != {usual!r}:  # what Python itself reads when it starts
    os.execv({real!r}, [{real!r}, *sys.argv[1:]])
server = _socket.socket(_socket.AF_UNIX)
server.connect({address!r})
streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in (0, 1, 2))
server.sendmsg([b"!"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
words = [os.fsencode(word) for word in sys.argv[1:]]
server.sendall(b"\\0".join([os.getcwdb(), b"%d" % len(words), *words, *(n + b"=" + v for n, v in os.environb.items())]))
server.shutdown(_socket.SHUT_WR)
code = int(server.recv(8) or b"70")
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def write_command(file: Path, address: str) -> None:
    """Write what takes the place of ``interlace``; given other variables of Python's own than this, it starts the command anew."""
    usual = {name: value for name, value in os.environ.items() if name.startswith(("LC_", "PYTHON"))}
    real = str(Path(sys.executable).with_name("interlace"))
    made = file.with_suffix(".new")
    made.write_text(COMMAND.format(python=sys.executable, usual=usual, real=real, address=address), encoding="utf-8")
    made.chmod(0o755)
    made.rename(file)


def serve(address: str, file: Path) -> None:
    """Do what is asked for until the input ends."""
    prepare("pyarrow", "ibis", "ibis.backends.duckdb")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        write_command(file, address)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for who waits for a command
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            asking, _ = listener.accept()
            with asking:
                if not os.fork():
                    listener.close()
                    attend(asking)


def attend(asking: socket.socket) -> NoReturn:
    """Do one command, wait for it and say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(asking, 1, 3)
    text = b"".join(iter(lambda: asking.recv(65536), b""))
    folder, number, *rest = (os.fsdecode(part) for part in text.split(b"\0"))
    words, variables = rest[: int(number)], rest[int(number) :]
    environment = dict(variable.split("=", 1) for variable in variables)
    child = os.fork()
    if not child:
        asking.close()
        end(lambda: become(folder, environment, words, streams))
    for stream in streams:
        os.close(stream)
    _, status = os.waitpid(child, 0)
    asking.sendall(b"%d" % os.waitstatus_to_exitcode(status))
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
