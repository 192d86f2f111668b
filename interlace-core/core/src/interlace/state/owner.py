"""Who holds a lease or runs a run: host, process, its start and the host's boot (ruling 19).

A process of the same host that is gone is known to be dead at once; of another host only its lease's expiry tells.
"""

from __future__ import annotations

import functools
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

__all__ = ["describe_owner", "is_dead", "this_owner"]

_GONE = ""


def this_owner() -> str:
    """This process, as compact JSON: ``host``, ``pid``, ``start`` and ``boot``."""
    pid = os.getpid()
    return json.dumps(
        {"host": _host(), "pid": pid, "start": _started(pid), "boot": _boot()}, separators=(",", ":"), sort_keys=True
    )


def is_dead(owner: str) -> bool | None:
    """Whether an owner's process is gone.

    Returns:
        True when it is known to be dead: it ran on this host, before its last boot, or its pid is free or was given to
        another process.  False when it is alive.  None when this host cannot know.
    """
    match _parsed(owner):
        case {"host": str(host), "pid": int(pid), "start": str(start), "boot": str(boot)} if host == _host():
            if boot and _boot() and boot != _boot():
                return True
            now = _started(pid)
            return None if now is None or not start else now != start
        case _:
            return None


def describe_owner(owner: str) -> str:
    """An owner for people: ``process 4711 on host``; as it is where it was not made by `this_owner`."""
    match _parsed(owner):
        case {"host": str(host), "pid": int(pid)}:
            return f"process {pid} on {host.partition('/')[0]}"
        case _:
            return owner


def _parsed(owner: str) -> object:
    try:
        return json.loads(owner)
    except ValueError:
        return None


@functools.cache
def _host() -> str:
    # Containers may share a host's name but not its processes: the pid namespace tells them apart.
    parts = [socket.gethostname(), _text(Path("/etc/machine-id"))[:12], _namespace()]
    return "/".join(p for p in parts if p)


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return ""


@functools.cache
def _boot() -> str:
    if sys.platform == "darwin":
        # kern.boottime moves when the clock is set, and would declare the living dead.
        return _output("sysctl", "-n", "kern.bootsessionuuid") or ""
    return _text(Path("/proc/sys/kernel/random/boot_id"))


def _started(pid: int) -> str | None:
    """When a process started, as this system tells it: empty when there is none, None when it cannot be known."""
    if sys.platform == "darwin":
        started = _output("ps", "-o", "stat=,lstart=", "-p", str(pid))
        return _GONE if started == "" or (started or "").startswith("Z") else _without_status(started)
    if not Path("/proc/self/stat").exists():
        return None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return _GONE
    # The name in brackets may hold anything, so count from its end: the state is field 3, the start time field 22.
    fields = stat.rpartition(")")[2].split()
    return _GONE if fields[0] in "ZX" else fields[19]


def _without_status(line: str | None) -> str | None:
    return None if line is None else line.partition(" ")[2].strip()


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and a number
            command,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""
