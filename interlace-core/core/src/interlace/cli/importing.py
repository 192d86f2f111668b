"""From names of relations or schemas, as a user types them, to the sources they mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from interlace.cli.source_file import Imported
from interlace.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation, RelationInfo

__all__ = ["found_relations", "to_import"]

OURS = ("__interlace_", "_interlace")


def found_relations(session: Session, words: Sequence[str]) -> list[RelationInfo]:
    """What the words mean: ``schema.relation``, a relation of the default schema, or all of a schema.

    Raises:
        UsageError: a word means nothing; says the nearest.
    """
    found: dict[Relation, RelationInfo] = {}
    for word in words:
        parts = _parts(word)
        matches = _matches(session, parts)
        if not matches:
            raise _nothing(session, word, parts)
        found |= matches
    return list(found.values())


def _parts(word: str) -> tuple[str, ...]:
    from interlace.model.values import Unacceptable, split_name

    try:
        return split_name(word)
    except Unacceptable as error:
        raise UsageError(f"{word!r} {error}") from error


def _matches(session: Session, parts: Sequence[str]) -> Mapping[Relation, RelationInfo]:
    if len(parts) == 1:
        here = session.catalogue([None])
        named = {r: i for r, i in here.items() if r.name.casefold() == parts[0].casefold()}
        return named or session.catalogue([parts[0]])
    schema, name = parts[-2:]
    there = session.catalogue([schema])
    return there if name == "*" else {r: i for r, i in there.items() if r.name.casefold() == name.casefold()}


def _nothing(session: Session, word: str, parts: Sequence[str]) -> UsageError:
    schema = parts[-2] if len(parts) > 1 else None
    known = [str(r) if schema else r.name for r in session.catalogue([schema])]
    hint = did_you_mean(word, known, label="There are")
    return UsageError(f"{session.connection.name} has no relation or schema {word!r}.", hint=hint or None)


def to_import(
    found: Iterable[RelationInfo], *, connection: str | None, published: Collection[str], declared: Collection[str]
) -> tuple[list[Imported], list[tuple[str, str]]]:
    """What is new of what was found, and what is left out with the reason.

    Args:
        connection: what to write as the source's connection.
        published: the full names of the relations that models of the project write.
        declared: the names of all nodes of the project.
    """
    new: list[Imported] = []
    left: list[tuple[str, str]] = []
    taken = {name.casefold() for name in declared}
    for info in found:
        reason = _reason(info.relation, {p.casefold() for p in published}, taken)
        if reason is not None:
            left.append((str(info.relation), reason))
            continue
        taken.add(info.relation.name.casefold())
        new.append(Imported(info.relation.name, info.relation, info.columns, connection))
    return new, left


def _reason(relation: Relation, published: Collection[str], taken: Collection[str]) -> str | None:
    if relation.name.startswith(OURS) or (relation.schema or "").startswith(OURS):
        return "it belongs to Interlace"
    if str(relation).casefold() in published:
        return "a model of this project writes it"
    if relation.name.casefold() in taken:
        return f"the name {relation.name!r} is taken by a model or source"
    return None
