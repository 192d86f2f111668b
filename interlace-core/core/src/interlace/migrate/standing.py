"""How the files and what was applied compare.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from interlace.errors import InterlaceError, InvalidMigration, InvalidProject, Location, did_you_mean
from interlace.migrate.folder import gaps

if TYPE_CHECKING:
    from interlace.migrate.ledger import Entry
    from interlace.migrate.migration import Migration

__all__ = ["Standing", "back", "compare", "forward", "gap_notices"]

How = Literal["applied", "pending", "elsewhere", "changed", "missing", "unfinished"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One number in one connection.

    Attributes:
        number: of the migration.
        name: of its file; as it was applied where the file is gone.
        connection: where it goes.
        how: ``applied``, ``pending``; ``elsewhere``: it is not for this environment; ``changed``: its file is another than
            was applied; ``missing``: its file is gone; ``unfinished``: it began and did not end.
        migration: the file.
        entry: what the database knows.
    """

    number: int
    name: str
    connection: str
    how: How
    migration: Migration | None
    entry: Entry | None


def compare(
    migrations: Iterable[Migration],
    entries: Mapping[str, Mapping[int, Entry]],
    environment: str,
    foreign: frozenset[str] = frozenset(),
) -> list[Standing]:
    """How each migration stands, in the order of the numbers.

    Args:
        migrations: the files.
        entries: what each database knows, by connection and number.
        environment: the present one.
        foreign: connections that another environment alone writes through.
    """
    found = []
    seen: set[tuple[str, int]] = set()
    for one in migrations:
        entry = entries.get(one.connection, {}).get(one.number)
        seen.add((one.connection, one.number))
        here = one.is_for(environment) and one.connection not in foreign
        found.append(Standing(one.number, one.name, one.connection, _how(one, entry, here=here), one, entry))
    for connection, known in entries.items():
        for number, entry in known.items():
            if (connection, number) not in seen:
                how: How = "missing" if entry.state == "applied" else "unfinished"
                found.append(Standing(number, entry.name, connection, how, None, entry))
    return sorted(found, key=lambda s: (s.number, s.connection))


def forward(standings: Sequence[Standing], to: int | None, *, out_of_order: bool = False) -> list[Migration]:
    """The migrations to apply, in order.

    Raises:
        InvalidMigration: what was applied is not what the files say, `to` is no number of theirs, or one comes before
            another that was applied; InvalidProject: several of it.
    """
    _refuse(standings)
    _known(standings, to)
    last: dict[str, int] = {}
    for one in standings:
        if one.how == "applied":
            last[one.connection] = max(one.number, last.get(one.connection, 0))
    pending = [s for s in standings if s.how == "pending" and (to is None or s.number <= to)]
    late = [s for s in pending if s.number < last.get(s.connection, 0)]
    if late and not out_of_order:
        names = ", ".join(s.name for s in late)
        after = next(s.name for s in standings if s.number == last[late[0].connection] and s.how == "applied")
        raise InvalidMigration(
            f"{names} would be applied after {after}, which has a higher number and is there already",
            where=Location(late[0].migration.file) if late[0].migration else None,
            hint="Give it the next free number; or say --out-of-order where that makes no difference.",
        )
    return [s.migration for s in pending if s.migration is not None]


def back(standings: Sequence[Standing], to: int | None) -> list[Migration]:
    """The migrations to take back, the last one first: one, or all after `to`.

    Raises:
        InvalidMigration: as `forward`; or one of them does not say how it is taken back.
    """
    _refuse(standings)
    if to:
        _known(standings, to)
    applied = [s.migration for s in reversed(standings) if s.how == "applied" and s.migration is not None]
    wanted = applied[:1] if to is None else [m for m in applied if m.number > to]
    for one in wanted:
        if not one.reversible:
            raise InvalidMigration(
                f"{one.name} does not say how it is taken back, so nothing was",
                where=Location(one.file),
                hint="Only the next migration can undo what it did."
                if one.file.endswith(".sql")
                else "It has no function down(session).",
            )
    return wanted


def gap_notices(standings: Iterable[Standing]) -> list[str]:
    """What to say of numbers that nothing has."""
    found = gaps(s.number for s in standings)
    if not found:
        return []
    return [f"there is no migration {', '.join(str(n) for n in found)}: is a file missing?"]


def _how(one: Migration, entry: Entry | None, *, here: bool) -> How:
    if entry is None:
        return "pending" if here else "elsewhere"
    if entry.state != "applied":
        return "unfinished"
    return "applied" if entry.checksum == one.checksum else "changed"


def _refuse(standings: Iterable[Standing]) -> None:
    errors: list[InterlaceError] = [e for s in standings if (e := _problem(s)) is not None]
    if errors:
        raise errors[0] if len(errors) == 1 else InvalidProject(errors)


def _problem(one: Standing) -> InvalidMigration | None:
    entry, where = one.entry, Location(one.migration.file) if one.migration else None
    if entry is None:
        return None
    match one.how:
        case "changed":
            said = f"{one.name} is not what was applied to {one.connection} on {_day(entry)}"
            said += f" as {entry.name}" if entry.name != one.name else ""
            hint = "Put the file back as it was and write a new migration; or, where only words changed: "
            hint += f"interlace migrate resolve {one.number} --applied"
        case "missing":
            said = f"{one.name} was applied to {one.connection} on {_day(entry)}, and its file is gone"
            hint = f"Put it back; or, where it is gone for good: interlace migrate resolve {one.number} --not-applied"
        case "unfinished":
            said = f"{one.name} went {entry.state} in {one.connection} on {_day(entry)} and did not end: {_done(entry)}"
            hint = (
                "Look what is there and mend it by hand, then say how it stands: "
                f"interlace migrate resolve {one.number} --applied, or --not-applied"
            )
        case _:
            return None
    return InvalidMigration(said, where=where, hint=hint)


def _done(entry: Entry) -> str:
    if entry.total is None:
        return "what it did is not known"
    nth = f"{entry.done} of its {entry.total} statements were done"
    return f"{nth}, and the one after that may have been" if entry.done < entry.total else nth


def _day(entry: Entry) -> str:
    return f"{entry.at[:19].replace('T', ' ')} UTC"


def _known(standings: Sequence[Standing], to: int | None) -> None:
    if to is None or any(s.number == to for s in standings):
        return
    hint = did_you_mean(str(to), [str(s.number) for s in standings], label="Numbers")
    raise InvalidMigration(f"there is no migration {to}", hint=hint or None)
