"""A plan as a JSON file: written when it is approved, read when it is applied.

::

    {"interlace_plan": 1, "id": …, "checksum": …, "interlace": …, "made_at": …, "revision": …,
     "project": …, "environment": …, "where": …, "arguments": …, "steps": […], …, "observed": {model: …},
     "variables": {"salt": …, "values": {name: …}}, "up_to_date": …, "changes": {model: …}, "breaks": […],
     "orphans": […], "notices": […], "estimates": …}

From ``project`` to ``observed`` it is what is approved (`CORE`): the id is a digest of that, and it is what a later plan is
compared with.  The checksum is a digest of all of the file but itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from interlace.errors import InvalidPlan, UsageError
from interlace.plan.versions import digest

if TYPE_CHECKING:
    from interlace.plan.incremental import Asked

__all__ = ["CORE", "FORMAT", "KEPT", "Arguments", "SavedPlan", "find_plan", "plan_id"]

FORMAT: Final = 1
"""Of the file; a greater number is a newer one, which this Interlace cannot read."""

CORE: Final = (
    "project", "environment", "where", "arguments", "steps", "moves", "deferred", "transfers", "outgoing", "observed",
)  # fmt: skip
"""The parts that are approved."""

FOLDER: Final = Path(".interlace") / "plans"

KEPT: Final = 50
"""How many plans are kept in a project's folder, the newest ones."""

ROOM: Final = 100_000_000
"""How many bytes they take at most; the newest is kept whatever it takes."""

LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a plan was made with: see `Project.plan`.

    Attributes:
        vars: the values that were given of the project's variables.
        hidden: the names of those that were given and are not written, for they look like secrets.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    force: bool = False
    asked: Asked | None = None
    full_refresh: bool = False
    defer_to: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """As plain JSON."""
        from interlace.plan.asked import plain_asked

        return {
            "select": list(self.select),
            "exclude": list(self.exclude),
            "force": self.force,
            "asked": None if self.asked is None else plain_asked(self.asked),
            "full_refresh": self.full_refresh,
            "defer_to": self.defer_to,
            "vars": dict(self.vars),
            "hidden": list(self.hidden),
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """What `data` gave."""
        from interlace.plan.asked import read_asked

        asked = None if data["asked"] is None else read_asked(data["asked"])
        lists = {name: tuple(data[name]) for name in ("select", "exclude", "hidden")}
        return cls(**{**data, **lists, "asked": asked})


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan that can be written, read and applied.

    Attributes:
        document: all of it, as plain JSON.
    """

    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits: a digest of what is approved."""
        return str(self.document["id"])

    @property
    def environment(self) -> str:
        """The environment that it is of."""
        return str(self.document["environment"])

    @property
    def interlace(self) -> str:
        """The version of Interlace that made it."""
        return str(self.document["interlace"])

    @property
    def arguments(self) -> Arguments:
        """What it was made with."""
        return Arguments.of(self.document["arguments"])

    @property
    def salt(self) -> str:
        """The key of the digests of the values of variables."""
        return str(self.document["variables"]["salt"])

    def write(self, file: Path | str) -> None:
        """Write it for people and programs.

        Raises:
            OSError: it cannot be written.
        """
        _write(Path(file), json.dumps(self._checked(), indent=2) + "\n")

    def keep(self, root: Path) -> None:
        """Keep it in a project's folder, where `find_plan` finds it; the oldest of more than `KEPT`, or `ROOM`, go.

        Raises:
            OSError: it cannot be written.
        """
        folder = root / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{self.id}.json", json.dumps(self._checked(), separators=(",", ":")))
        _remove_oldest(folder)

    @classmethod
    def read(cls, file: Path | str) -> Self:
        """Read what `write` wrote.

        Raises:
            UsageError: there is no such file.
            InvalidPlan: it is no plan, of a newer format, or was edited.
        """
        try:
            text = Path(file).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise UsageError(f"there is no file {file}", hint="'interlace plan --out plan.json' writes one.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidPlan(f"{file} cannot be read as a plan: {error}") from error
        return cls(_document(text, file))

    def _checked(self) -> dict[str, Any]:
        """All of it, with its checksum."""
        return {**self.document, "checksum": _checksum(self.document)}


def plan_id(core: Mapping[str, Any]) -> str:
    """The id of what is approved."""
    return digest(*(_canonical(core[part]) for part in CORE))[:12]


def find_plan(word: str, root: Path, start: Path) -> SavedPlan:
    """A plan by its id, by how that begins, or by its file.

    Args:
        word: as it was written; with a separator of folders or the ending ``.json`` it is a file.
        root: the project's folder.
        start: what a relative path is meant from.

    Raises:
        UsageError: there is none, or several begin so.
        InvalidPlan: see `SavedPlan.read`.
    """
    if word.endswith(".json") or "/" in word or os.sep in word:
        return SavedPlan.read(start / word)
    ids = sorted(file.stem for file in (root / FOLDER).glob("*.json"))
    found = [word] if word in ids else [id_ for id_ in ids if word and id_.startswith(word)]
    if len(found) == 1:
        return SavedPlan.read(root / FOLDER / f"{found[0]}.json")
    if found:
        raise UsageError(
            f"{len(found)} plans begin with {word!r}", hint=f"Write more of it: {', '.join(found[:LISTED])}."
        )
    if (start / word).is_file():
        return SavedPlan.read(start / word)
    raise UsageError(
        f"there is no plan {word!r} in {FOLDER}, and no such file",
        hint=f"'interlace plan' keeps the newest {KEPT} that have something to do.",
    )


def _document(text: str, file: Path | str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidPlan(f"{file} is no plan: it is no JSON ({error})") from error
    form = found.get("interlace_plan") if isinstance(found, dict) else None
    if not isinstance(form, int) or isinstance(form, bool):
        raise InvalidPlan(f"{file} is no plan", hint="'interlace plan --out plan.json' writes one.")
    if form != FORMAT:
        raise InvalidPlan(
            f"{file} is a plan of format {form}, made by Interlace {found.get('interlace')}; this one reads {FORMAT}",
            hint="Make the plan with the Interlace that applies it.",
        )
    if found.get("checksum") != _checksum(found) or found.get("id") != _id_of(found):
        raise InvalidPlan(
            f"{file} was changed after it was made: its id does not fit what it says",
            hint="A plan is approved as it is, or made anew: interlace plan --out plan.json",
        )
    document: Mapping[str, Any] = found
    return document


def _id_of(found: Mapping[str, Any]) -> str | None:
    return plan_id(found) if all(part in found for part in CORE) else None


def _checksum(document: Mapping[str, Any]) -> str:
    return digest(_canonical({name: value for name, value in document.items() if name != "checksum"}))


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _write(file: Path, text: str) -> None:
    """Write all of it or nothing: others may read it at the same time."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def _remove_oldest(folder: Path) -> None:
    stamps: list[tuple[int, int, Path]] = []
    for file in folder.glob("*.json"):
        with suppress(OSError):  # another command removed it
            found = file.stat()
            stamps.append((found.st_mtime_ns, found.st_size, file))
    room = ROOM
    for place, (_, size, file) in enumerate(sorted(stamps, reverse=True)):
        room -= size
        if place >= KEPT or (place and room < 0):
            with suppress(OSError):
                file.unlink()
