"""``${VAR}``, ``${VAR:-default}``, ``${secret:…}`` and ``{env}`` inside the values of a configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlace.config.origin import Entry, Path, dotted
from interlace.errors import InvalidConfig

if TYPE_CHECKING:
    from interlace.config.references import Reference

__all__ = ["ISOLATING", "Expanded", "expand", "fill"]

Lookup = Callable[[str], str | None]
ISOLATING: Final = ("path", "database", "schema", "url", "prefix")
"""The options of a connection in which ``{env}`` keeps environments apart (ruling 30)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


Part = tuple["str | Reference", bool]
"""A piece of a text, and whether ``{env}`` in it is filled in."""


def fill(text: str, lookup: Lookup, environment: str | None = None, *, secrets: bool = False) -> tuple[str, bool]:
    """Fill variables in, and ``{env}`` where an environment is given.

    ``$${`` stands for a literal ``${``.  A default may itself hold variables.

    Args:
        secrets: whether references to secrets may stand in it; they are kept for later.

    Returns:
        the text, a `WithSecrets` where it holds references, and whether ``{env}`` occurred outside of them.

    Raises:
        ValueError: an unset variable without a default, a brace that is never closed, or another form of ``${…}``.
    """
    parts = _parts(text, lookup, environment)
    used = environment is not None and any(open_ and isinstance(p, str) and "{env}" in p for p, open_ in parts)
    done = [_with_environment(part, environment) if open_ else part for part, open_ in parts]
    plain = [part for part in done if isinstance(part, str)]
    if len(plain) == len(done):
        return "".join(plain), used
    if not secrets:
        raise ValueError("holds a secret, which can stand only in config.yaml and its overlays")
    from interlace.config.references import WithSecrets

    return WithSecrets(done), used


def _with_environment(part: str | Reference, environment: str | None) -> str | Reference:
    return part.replace("{env}", environment) if isinstance(part, str) and environment is not None else part


def _parts(text: str, lookup: Lookup, environment: str | None) -> list[Part]:
    parts: list[Part] = []
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
        parts += [(rest[:start], True), *_variable(rest[start + 2 : end], lookup, environment)]
        rest = rest[end + 1 :]
    return parts


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


def _variable(inside: str, lookup: Lookup, environment: str | None) -> list[Part]:
    name, colon, default = inside.partition(":-")
    if _NAME.fullmatch(name):
        value = lookup(name)
        if colon and not value:
            return _parts(default, lookup, environment)
        if value is None:
            raise ValueError(
                f"uses the variable {name}, which is not set. Set it, or write ${{{name}:-default}} to give a default."
            )
        return [(value, True)]
    if inside.startswith("secret:"):
        from interlace.config.references import PREFIX, Reference

        return [(Reference.parse(fill(inside.removeprefix(PREFIX), lookup, environment)[0]), True)]
    raise ValueError(
        f"has ${{{inside}}}, which is neither ${{VAR}}, ${{VAR:-default}} nor ${{secret:provider:path#key}}."
    )


@dataclass(slots=True)
class Expanded:
    """A tree with everything filled in.

    Attributes:
        errors: what could not be filled in outside of connections.
        connection_errors: the first such thing in each connection, by its name: an error only for who uses it.
        secret_errors: likewise of each store of secrets.
        isolated: by connection, those of its path, database, schema and url in which ``{env}`` occurs.
        stores: the names under ``secrets:``.
    """

    tree: Entry
    errors: list[InvalidConfig] = field(default_factory=list)
    connection_errors: dict[str, InvalidConfig] = field(default_factory=dict)
    secret_errors: dict[str, InvalidConfig] = field(default_factory=dict)
    isolated: dict[str, set[str]] = field(default_factory=dict)
    stores: Collection[str] = ()


def expand(tree: Entry, environment: str, lookup: Lookup) -> Expanded:
    """Fill in a whole configuration; the overlays under ``environments`` are left as they are."""
    section = tree.mapping.get("secrets")
    result = Expanded(tree, stores=tuple(section.mapping) if section else ())

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
        if entry.origin.kind == "variable":
            filled, used = _literal(text, wanted)
        else:
            filled, used = fill(text, lookup, wanted, secrets=True)
            _check_secrets(result, path, filled)
    except ValueError as error:
        _note(result, path, InvalidConfig(f"{dotted(path)} {error}", where=entry.origin.location()))
        return text
    match path:
        case ("connections", str() as connection, str() as option) if used and option in ISOLATING:
            result.isolated.setdefault(connection, set()).add(option)
    return filled


def _check_secrets(result: Expanded, path: Path, filled: str) -> None:
    if type(filled) is str:
        return
    from interlace.config.references import BUILT_IN, WithSecrets, allowed

    if isinstance(filled, WithSecrets):
        allowed(path, filled.references, (*BUILT_IN, *result.stores))


def _literal(text: str, environment: str | None) -> tuple[str, bool]:
    """A password that comes as ``INTERLACE_…`` may hold any characters: only ``{env}`` is filled in."""
    if environment is None or "{env}" not in text:
        return text, False
    return text.replace("{env}", environment), True


def _has_env(path: Path) -> bool:
    return path[0] in ("connections", "secrets", "state") or path[-1] == "schema"


def _note(result: Expanded, path: Path, error: InvalidConfig) -> None:
    match path:
        case ("connections", str() as connection, _, *_):
            result.connection_errors.setdefault(connection, error)
        case ("secrets", str() as store, _, *_):
            result.secret_errors.setdefault(store, error)
        case _:
            result.errors.append(error)
