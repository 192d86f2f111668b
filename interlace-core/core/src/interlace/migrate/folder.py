"""The files of ``migrations/``, read and not run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlace.errors import InterlaceError, InvalidMigration, InvalidModel, InvalidProject, Location, did_you_mean
from interlace.migrate.header import read_header
from interlace.migrate.migration import FOLDER, Migration
from interlace.migrate.python_file import read_functions
from interlace.migrate.sql_file import read_script
from interlace.model.text_file import decode

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.migrate.header import Header
    from interlace.migrate.migration import Functions, Script

__all__ = ["Places", "gaps", "read_folder"]

_NAME: Final = re.compile(r"(\d+)_\w[\w-]*")


@dataclass(frozen=True, slots=True)
class Places:
    """Where migrations can go.

    Attributes:
        dialects: of each connection whose type is installed.
        connections: the names of all.
        default: the connection of migrations that name none.
        environments: those that the project declares; None where it declares none.
    """

    dialects: Mapping[str, str]
    connections: tuple[str, ...]
    default: str
    environments: tuple[str, ...] | None


def read_folder(root: Path, places: Places) -> list[Migration]:
    """The migrations of a project in the order of their numbers; none where it has no such folder.

    Raises:
        InvalidMigration: a file is wrong, or two have one number; InvalidProject: several are.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return []
    found: list[Migration] = []
    errors: list[InterlaceError] = []
    for path in sorted(folder.iterdir()):
        if path.suffix not in {".sql", ".py"} or path.name.startswith((".", "_")):
            continue
        try:
            found.append(_read(path, f"{FOLDER}/{path.name}", places))
        except InterlaceError as error:
            errors.append(error)
    errors += _twice(found)
    if errors:
        raise errors[0] if len(errors) == 1 else InvalidProject(errors)
    return sorted(found, key=lambda m: m.number)


def gaps(numbers: Iterable[int]) -> list[int]:
    """The numbers between the first and the last that are not there."""
    there = set(numbers)
    return [n for n in range(min(there), max(there)) if n not in there] if there else []


def _read(path: Path, file: str, places: Places) -> Migration:
    named = _NAME.fullmatch(path.stem)
    if named is None or int(named.group(1)) == 0:
        raise InvalidMigration(
            "a migration's name is a number from 1, an underline and a word",
            where=Location(file),
            hint="Such as 0001_add_region.sql; 'interlace migrate new add_region' makes the next one.",
        )
    try:
        text = decode(path.read_bytes(), file)
        body, header = _contents(path.suffix, text, file, places)
    except InvalidModel as error:  # what headers and queries of models have in common with these
        raise InvalidMigration(error.message, where=error.where, hint=error.hint) from None
    return Migration(
        number=int(named.group(1)),
        name=path.stem,
        file=file,
        checksum=hashlib.sha256(text.encode()).hexdigest(),
        connection=_connection(header, file, places),
        environments=_environments(header, file, places),
        transaction=header.transaction,
        body=body,
    )


def _contents(suffix: str, text: str, file: str, places: Places) -> tuple[Script | Functions, Header]:
    header = read_header(text, file, comment="#" if suffix == ".py" else "--")
    if suffix == ".py":
        return read_functions(text, file), header
    dialect = places.dialects.get(_connection(header, file, places), "")
    return read_script(text, file, dialect), header


def _connection(header: Header, file: str, places: Places) -> str:
    if header.connection is None:
        return places.default
    name, line = header.connection
    if name not in places.connections:
        raise InvalidMigration(
            f"there is no connection {name!r}",
            where=Location(file, line),
            hint=did_you_mean(name, places.connections, label="Connections"),
        )
    return name


def _environments(header: Header, file: str, places: Places) -> tuple[str, ...] | None:
    if header.environments is None:
        return None
    names, line = header.environments
    for name in names:
        if places.environments is not None and name not in places.environments:
            raise InvalidMigration(
                f"the project has no environment {name!r}",
                where=Location(file, line),
                hint=did_you_mean(name, places.environments, label="Environments"),
            )
    return names


def _twice(found: Iterable[Migration]) -> list[InterlaceError]:
    first: dict[int, Migration] = {}
    errors: list[InterlaceError] = []
    for one in found:
        other = first.setdefault(one.number, one)
        if other is not one:
            errors.append(
                InvalidMigration(
                    f"two migrations have the number {one.number}: {other.name} and {one.name}",
                    where=Location(one.file),
                    hint="Give the one that was applied nowhere yet the next free number.",
                )
            )
    return errors
