"""Which environments a project has, which one is meant, and where each may write (rulings 20 and 30)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from interlace.errors import InvalidConfig, UsageError, did_you_mean

__all__ = [
    "THROW_AWAY",
    "Place",
    "Target",
    "check_environment_name",
    "choose",
    "conflicts",
    "namespace",
    "place",
]

THROW_AWAY: Final = "ci_"
"""Begins the names of environments that ``interlace ci`` makes and drops: a project has them without declaring them."""

_NAME: Final = re.compile(r"[A-Za-z0-9](?:_?[A-Za-z0-9\-])*")
_LONGEST: Final = 40
_WHERE: Final = ("path", "url", "dsn", "host", "port", "database", "dbname", "catalog", "account")


def namespace(*, declared: bool, base: str, environment: str, isolated: bool) -> str:
    """What is put before each schema: ``""`` or ``"<env>__"``.

    Args:
        declared: whether the project declares environments, by a section or by overlays.
        base: the environment that owns the plain names.
        isolated: whether ``{env}`` in the connection's path, database, schema or url keeps environments apart.
    """
    return "" if isolated or not declared or environment == base else f"{environment}__"


def choose(asked: str | None, variable: str | None, default: str, known: Sequence[str], *, declared: bool) -> str:
    """The environment that is meant: asked for, else ``INTERLACE_ENV``, else the project's default.

    A project that declares no environments takes any name; whether it can keep them apart is decided later.  One that is
    thrown away (`THROW_AWAY`) is never declared.

    Raises:
        UsageError: one that was asked for and that the project does not have.
        InvalidConfig: the same of ``INTERLACE_ENV``.
    """
    name = asked or variable or default
    said, hint = f"The project has no environment {name!r}.", did_you_mean(name, known, label="Environments")
    if not declared or name in known or name.startswith(THROW_AWAY):
        wrong = check_environment_name(name)
        if wrong is None:
            return name
        said, hint = f"The environment's name {name!r} {wrong}.", ""
    if asked:
        raise UsageError(said, hint=hint or None)
    raise InvalidConfig(f"INTERLACE_ENV: {said}" if variable else said, hint=hint or None)


def check_environment_name(name: str) -> str | None:
    """Say what is wrong with the name of an environment; None when it is fine.

    It becomes a part of file names and of schemas (``dev__main``), hence no ``__``, slash or dot.
    """
    if _NAME.fullmatch(name) and len(name) <= _LONGEST:
        return None
    return f"must be letters, digits, '-' and single '_', beginning with a letter or digit, at most {_LONGEST} long"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the models of one environment go in one connection: enough to see that two are the same."""

    environment: str
    connection: str
    where: tuple[tuple[str, str], ...]
    schema: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection leads, apart from how it is opened; empty where that cannot be told."""

    options: tuple[tuple[str, str], ...]


def place(options: Mapping[str, object], root: Path) -> Place:
    """The options that say where a connection leads, so that two spellings of one place are equal."""
    kind = str(options.get("type", ""))
    found = []
    for name in _WHERE:
        value = options.get(name)
        if value is None or value in ("", ":memory:"):
            continue
        text = str(value)
        found.append((name, _normal(text, root) if name == "path" and "://" not in text else text))
    return Place((("type", kind), *found) if found else ())


def _normal(path: str, root: Path) -> str:
    return posixpath.normpath((root / Path(path).expanduser()).as_posix())


def conflicts(targets: Iterable[Target]) -> list[tuple[Target, Target]]:
    """Pairs of different environments that would write to the same relations; names of schemas fold case."""
    seen: dict[tuple[object, ...], Target] = {}
    found = []
    for target in targets:
        key = (target.where, target.schema.casefold())
        other = seen.setdefault(key, target)
        if target.where and other.environment != target.environment:
            found.append((other, target))
    return found
