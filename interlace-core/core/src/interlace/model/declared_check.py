"""Checks that stand apart from their model, in files of their own, and how they come to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from interlace.errors import InterlaceError, InvalidModel, Location, did_you_mean
from interlace.model.definition import CheckUse, Model, Source
from interlace.model.fingerprint import digest
from interlace.model.outline import Outline, outline_of

if TYPE_CHECKING:
    from interlace.model.words import Words

__all__ = ["DeclaredCheck", "attach"]


@dataclass(frozen=True, slots=True)
class DeclaredCheck:
    """A check in a file of its own.

    Attributes:
        of: the model, seed or source that it is about, as written.
        type: the check's word; ``python`` for a function.
        options: as written.
        file: where it stands, relative to the project's root; `line` counts from 1.
        digest: of what it does: it belongs to the part of the model's fingerprint that is about checks.
    """

    of: str
    type: str
    options: Mapping[str, object]
    file: str
    line: int
    digest: str

    def compact(self) -> tuple[Any, ...]:
        """As plain data."""
        return (self.of, self.type, dict(self.options), self.file, self.line, self.digest)


def attach(
    models: list[Outline], sources: list[Source], checks: Sequence[DeclaredCheck], words: Words, *, complete: bool
) -> list[InterlaceError]:
    """Give each check to its model or source, in place.

    Args:
        models: of the project.
        sources: of the project.
        checks: in the order in which they are to run.
        words: tells the materialisations without a relation.
        complete: whether all files could be read; where not, a model that is missing may only be broken.

    Returns:
        what is wrong.
    """
    errors: list[InterlaceError] = []
    by_name: dict[str, list[DeclaredCheck]] = {}
    for check in checks:
        by_name.setdefault(check.of.casefold(), []).append(check)
    for position, outline in enumerate(models):
        if found := by_name.pop(outline.name.casefold(), None):
            errors += _refused(outline, found, words)
            models[position] = outline_of(_checked(outline.model(), found))
    for position, source in enumerate(sources):
        if found := by_name.pop(source.name.casefold(), None):
            sources[position] = replace(source, checks=(*source.checks, *_uses(found)))
    if complete:
        names = [*(model.name for model in models), *(source.name for source in sources)]
        errors += [_unknown(check, names) for left in by_name.values() for check in left]
    return errors


def _checked(model: Model, checks: Sequence[DeclaredCheck]) -> Model:
    said = [part for check in checks for part in (check.digest, repr(sorted(check.options.items(), key=str)))]
    fingerprint = replace(model.fingerprint, checks=digest(model.fingerprint.checks, *said))
    return replace(model, checks=(*model.checks, *_uses(checks)), fingerprint=fingerprint)


def _uses(checks: Iterable[DeclaredCheck]) -> list[CheckUse]:
    return [CheckUse(check.type, check.options) for check in checks]


def _refused(model: Outline, checks: Sequence[DeclaredCheck], words: Words) -> list[InterlaceError]:
    if words.materialiser(model.materialise)[1].kind is not None:
        return []
    message = f"the check is about {model.name}, which is materialised as {model.materialise!r} and has no relation"
    return [InvalidModel(message, where=Location(check.file, check.line)) for check in checks]


def _unknown(check: DeclaredCheck, names: Sequence[str]) -> InvalidModel:
    message = f"the check is about {check.of!r}, which is no model, seed or source"
    return InvalidModel(message, where=Location(check.file, check.line), hint=did_you_mean(check.of, names))
