"""A sidecar ``NAME.yaml`` beside ``NAME.sql`` or ``NAME.py`` says more about the models of that file.

For a file with one model its keys stand at the top; for several, each model's keys stand under ``models: {name: …}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import InvalidModel, Location, did_you_mean
from interlace.model.declared import Declared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.model.context import LoadingContext
    from interlace.model.yaml_text import YamlText

__all__ = ["check_sidecar_names", "sidecar_keys"]


def sidecar_keys(context: LoadingContext, name: str | None, *, alone: bool) -> Declared:
    """What the sidecar says about one model of the file; empty where there is no sidecar."""
    declared = Declared()
    document, file = context.sidecar, context.sidecar_file
    if document is None or file is None:
        return declared
    sections = _sections(document)
    if sections is not None:
        for word, _, section in sections:
            if name is not None and word.casefold() == name.casefold():
                declared.add_yaml(section, file)
    elif alone:
        declared.add_yaml(document, file)
    return declared


def check_sidecar_names(context: LoadingContext, names: Iterable[str]) -> list[InvalidModel]:
    """What is wrong with the sidecar as a whole: sections for models that the file does not define."""
    document, file = context.sidecar, context.sidecar_file
    if document is None or file is None:
        return []
    known = list(names)
    sections = _sections(document)
    if sections is None:
        return _needs_sections(document, file, known) if len(known) != 1 else []
    folded = {name.casefold() for name in known}
    errors = [
        InvalidModel(
            f"{context.file} defines no model {word!r}",
            where=Location(file, line),
            hint=did_you_mean(word, known, label="Models"),
        )
        for word, line, _ in sections
        if word.casefold() not in folded
    ]
    beside = [(word, line) for word, line, _ in document.entries or () if word != "models"]
    errors += [
        InvalidModel(
            f"{word!r} stands beside 'models'", where=Location(file, line), hint="Put it under a model's name."
        )
        for word, line in beside
    ]
    return errors


def _needs_sections(document: YamlText, file: str, known: list[str]) -> list[InvalidModel]:
    if not known:
        return [InvalidModel("there is no model that this file could describe", where=Location(file, document.line))]
    hint = f"Write models: {{{known[0]}: ...}}."
    return [InvalidModel(f"the file has {len(known)} models", where=Location(file, document.line), hint=hint)]


def _sections(document: YamlText) -> tuple[tuple[str, int, YamlText], ...] | None:
    for word, line, value in document.entries or ():
        if word == "models":
            if value.entries is None:
                return ((word, line, value),)
            return value.entries
    return None
