"""``${VAR}``, ``${VAR:-default}`` and ``{env}`` inside the values of a configuration."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from interlace.config.origin import Entry, Path, dotted
from interlace.errors import InvalidConfig

__all__ = ["ISOLATING", "Expanded", "expand", "fill"]

Lookup = Callable[[str], str | None]
ISOLATING: Final = ("path", "database", "schema", "url")
"""The options of a connection in which ``{env}`` keeps environments apart (ruling 30)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def fill(text: str, lookup: Lookup, environment: str | None = None) -> tuple[str, bool]:
    """Fill variables in, and ``{env}`` where an environment is given.

    ``$${`` stands for a literal ``${``.  A default may itself hold variables.

    Returns:
        the text, and whether ``{env}`` occurred in it.

    Raises:
        ValueError: an unset variable without a default, a brace that is never closed, or another form of ``${…}``.
    """
    parts: list[tuple[str, bool]] = []
    rest = text
    while rest:
        start = rest.find("${")
        if start < 0:
            parts.append((rest, True))
            break
        if start > 0 and rest[start - 1] == "$":
            parts += [(rest[: start - 1], True), ("${", False)]
            rest = rest[start + 2 :]
            continue
        end = _closing(rest, start + 2)
        parts += [(rest[:start], True), (_variable(rest[start + 2 : end], lookup), True)]
        rest = rest[end + 1 :]
    if environment is None:
        return "".join(part for part, _ in parts), False
    used = any("{env}" in part for part, open_ in parts if open_)
    return "".join(part.replace("{env}", environment) if open_ else part for part, open_ in parts), used


def _closing(text: str, start: int) -> int:
    depth = 0
    for position in range(start, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            if depth == 0:
                return position
            depth -= 1
    raise ValueError(f"has '${{' without a closing '}}': {text[start - 2 :]!r}. Write '$${{' for a literal '${{'.")


def _variable(inside: str, lookup: Lookup) -> str:
    name, colon, default = inside.partition(":-")
    if _NAME.fullmatch(name):
        value = lookup(name)
        if colon:
            return value or fill(default, lookup)[0]
        if value is None:
            raise ValueError(
                f"uses the variable {name}, which is not set. Set it, or write ${{{name}:-default}} to give a default."
            )
        return value
    if inside.startswith("secret:"):
        raise ValueError(f"uses ${{{inside}}}: this version has no secret stores. Use a variable of the environment.")
    raise ValueError(f"has ${{{inside}}}, which is neither ${{VAR}} nor ${{VAR:-default}}.")


@dataclass(slots=True)
class Expanded:
    """A tree with everything filled in.

    Attributes:
        errors: what could not be filled in outside of connections.
        connection_errors: the first such thing in each connection, by its name: an error only for who uses it.
        isolated: by connection, those of its path, database, schema and url in which ``{env}`` occurs.
    """

    tree: Entry
    errors: list[InvalidConfig] = field(default_factory=list)
    connection_errors: dict[str, InvalidConfig] = field(default_factory=dict)
    isolated: dict[str, set[str]] = field(default_factory=dict)


def expand(tree: Entry, environment: str, lookup: Lookup) -> Expanded:
    """Fill in a whole configuration; the overlays under ``environments`` are left as they are."""
    result = Expanded(tree)

    def visit(entry: Entry, path: Path) -> Entry:
        match entry.value:
            case dict() as mapping if path != ("environments",):
                value: object = {key: visit(child, (*path, key)) for key, child in mapping.items()}
            case list() as items if path != ("environments",):
                value = [visit(child, (*path, position)) for position, child in enumerate(items)]
            case str() as text if "{" in text:
                value = _text(result, entry, path, text, environment, lookup)
            case _:
                return entry
        return Entry(value, entry.origin, entry.key_origin)  # type: ignore[arg-type]

    result.tree = visit(tree, ())
    return result


def _text(result: Expanded, entry: Entry, path: Path, text: str, environment: str, lookup: Lookup) -> str:
    wanted = environment if _has_env(path) else None
    try:
        filled, used = _literal(text, wanted) if entry.origin.kind == "variable" else fill(text, lookup, wanted)
    except ValueError as error:
        _note(result, path, InvalidConfig(f"{dotted(path)} {error}", where=entry.origin.location()))
        return text
    match path:
        case ("connections", str() as connection, str() as option) if used and option in ISOLATING:
            result.isolated.setdefault(connection, set()).add(option)
    return filled


def _literal(text: str, environment: str | None) -> tuple[str, bool]:
    """A password that comes as ``INTERLACE_…`` may hold any characters: only ``{env}`` is filled in."""
    if environment is None or "{env}" not in text:
        return text, False
    return text.replace("{env}", environment), True


def _has_env(path: Path) -> bool:
    return path[0] in ("connections", "state") or path[-1] == "schema"


def _note(result: Expanded, path: Path, error: InvalidConfig) -> None:
    match path:
        case ("connections", str() as connection, _, *_):
            result.connection_errors.setdefault(connection, error)
        case _:
            result.errors.append(error)
