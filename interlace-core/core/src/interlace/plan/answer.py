"""The answer "nothing to do", kept with all that it depends on, and given again while none of that moved.

This knows no rule of planning: the observations, arguments, folder, state revision and moment of expiry that were
recorded when the planner said "nothing to do" are compared, and any difference goes back to the planner.
Only the standard library is imported here.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from interlace.plan.observe import Observation, observe, same

__all__ = ["STATE_FILE", "answer_key", "asked", "asked_environment", "decode", "encode", "find_root", "holds"]

_VALUED = {"-p": "project", "--project": "project", "-e": "environment", "--env": "environment"}

STATE_FILE = os.path.join(".interlace", "state.db")  # noqa: PTH118  pathlib is not imported here


def find_root(start: str) -> str | None:
    """The nearest folder upwards that has both ``config.yaml`` and ``models/``."""
    folder = os.path.abspath(start)  # noqa: PTH100
    while True:
        if os.path.isfile(f"{folder}/config.yaml") and os.path.isdir(f"{folder}/models"):  # noqa: PTH112, PTH113
            return folder
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return None
        folder = parent


def answer_key(root: str, environment: str, arguments: Sequence[str]) -> str:
    """The key under which an answer is kept: the folder, the environment and the command line."""
    text = "\0".join([os.path.realpath(root), environment, *arguments])
    return "nothing:" + blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def encode(
    output: str, observations: Iterable[Observation], *, environment: str, revision: int, expires: float | None
) -> bytes:
    """Make an answer of what was printed and of what it depends on; `expires` is a Unix time in seconds."""
    salt = os.urandom(16).hex()
    listed = [[k, key, _salted(k, key, token, salt)] for k, key, token in dict.fromkeys(observations)]
    return json.dumps(
        {
            "output": output,
            "observations": listed,
            "environment": environment,
            "revision": revision,
            "expires": expires,
            "salt": salt,
        }
    ).encode()


def decode(answer: bytes) -> dict[str, object]:
    """The answer as it was made."""
    decoded: dict[str, object] = json.loads(answer)
    return decoded


def holds(answer: dict[str, object], revision: int) -> bool:
    """Whether nothing that the answer depends on moved."""
    expires = answer["expires"]
    if answer["revision"] != revision or (isinstance(expires, float | int) and time.time() >= expires):
        return False
    try:
        return same(answer["observations"], salt=str(answer["salt"]))  # type: ignore[arg-type]
    except OSError:
        return False


def _salted(kind: str, key: str, token: str, salt: str) -> str:
    if kind == "prefix":
        return observe(kind, key, salt=salt)
    if kind != "env" or token == "absent":  # noqa: S105  an observation's token
        return token
    return blake2b(token.encode(), digest_size=16, key=salt.encode()[:64]).hexdigest()


def asked(arguments: Sequence[str]) -> dict[str, str]:
    """The project and environment that a command line names."""
    found: dict[str, str] = {}
    for i, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name in _VALUED:
            found[_VALUED[name]] = value if equals else (arguments[i + 1] if i + 1 < len(arguments) else "")
        elif word[:2] in _VALUED and not word.startswith("--"):
            found[_VALUED[word[:2]]] = word[2:]
    return found


def asked_environment(arguments: Sequence[str]) -> str:
    """The environment that is asked for by the command line or ``INTERLACE_ENV``; empty where none is."""
    return asked(arguments).get("environment") or os.environ.get("INTERLACE_ENV") or ""
