"""The answer "nothing to do", kept with all that it depends on, and given again while none of that moved.

This knows no rule of planning: the observations, arguments, folder, state revision and moment of expiry that were
recorded when the planner said "nothing to do" are compared, and any difference goes back to the planner.
Only the standard library is imported here.
"""

from __future__ import annotations

import os
import time
from _blake2 import blake2b  # as in `observe`

from interlace.plan.observe import Observation, observe, same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["STATE_FILE", "Answer", "answer_key", "asked", "asked_environment", "decode", "encode", "find_root", "holds"]

_VALUED = {"-p": "project", "--project": "project", "-e": "environment", "--env": "environment"}

_FORMAT = "interlace answer 2"

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


class Answer:
    """What was printed, and what it depends on.

    Attributes:
        output: of the command.
        environment: its name.
        revision: of the environment's state.
        expires: the Unix time in seconds from which on it holds no longer; None for never.
        salt: the key of the hashes of what may be secret.
        observations: kind, key and token of each.
    """

    __slots__ = ("environment", "expires", "observations", "output", "revision", "salt")

    def __init__(
        self,
        output: str,
        environment: str,
        revision: int,
        expires: float | None,
        salt: str,
        observations: list[Observation],
    ) -> None:
        self.output = output
        self.environment = environment
        self.revision = revision
        self.expires = expires
        self.salt = salt
        self.observations = observations


def encode(
    output: str, observations: Iterable[Observation], *, environment: str, revision: int, expires: float | None
) -> bytes:
    """Make an answer of what was printed and of what it depends on; `expires` is a Unix time in seconds."""
    salt = os.urandom(16).hex()
    fields = [
        _FORMAT,
        output.replace("\0", ""),
        environment,
        str(revision),
        "" if expires is None else repr(expires),
        salt,
    ]
    for kind, key, token in dict.fromkeys(observations):
        fields += (kind, key, _salted(kind, key, token, salt))
    return "\0".join(fields).encode("utf-8", "surrogateescape")


def decode(stored: bytes) -> Answer | None:
    """The answer as it was made; None for one that another version of Interlace made."""
    # Fields with NUL between them, which no path holds: `json` imports `re`, which takes a fifth of a start.
    form, *fields = stored.decode("utf-8", "surrogateescape").split("\0")
    if form != _FORMAT:
        return None
    output, environment, revision, expires, salt, *seen = fields
    observations = [Observation(*found) for found in zip(seen[::3], seen[1::3], seen[2::3], strict=True)]
    return Answer(output, environment, int(revision), float(expires) if expires else None, salt, observations)


def holds(answer: Answer, revision: int) -> bool:
    """Whether nothing that the answer depends on moved."""
    if answer.revision != revision or (answer.expires is not None and time.time() >= answer.expires):
        return False
    try:
        return same(answer.observations, salt=answer.salt)
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
