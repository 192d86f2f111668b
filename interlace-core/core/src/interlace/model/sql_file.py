"""Loads ``.sql`` files: a header, or none, and a query; several models per file by repeating the header."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from interlace.contracts.model_loader import ModelLoader
from interlace.errors import InterlaceError, InvalidModel, Location
from interlace.model.context import LoadedFile
from interlace.model.declared import raise_all
from interlace.model.header import read_entries, split_sections
from interlace.model.keys import KEYS, canonical
from interlace.model.sidecar import check_sidecar_names
from interlace.model.text_file import decode

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.model.context import LoadingContext
    from interlace.model.definition import Model
    from interlace.model.header import Section
    from interlace.model.sql_query import QueryReader

__all__ = ["SqlLoader"]


class SqlLoader(ModelLoader):
    """Loads SQL models; one loader serves one load of a project."""

    def __init__(self) -> None:
        self._readers: dict[str, QueryReader] = {}

    def load(self, path: Path, content: bytes, context: LoadingContext) -> LoadedFile:
        """Read one SQL file; see `ModelLoader.load`."""
        del path
        text = decode(content, context.file)
        sections = split_sections(text, context.file)
        models: list[Model] = []
        errors: list[InterlaceError] = []
        names = []
        for section in sections:
            if len(sections) > 1 and _name(section) is None:
                where = Location(context.file, section.first_line)
                errors.append(InvalidModel("each model of a file with several needs a name in its header", where=where))
                continue
            name = _name(section) or PurePosixPath(context.file).stem
            names.append(name)
            try:
                models.append(self._model(section, name, context, alone=len(sections) == 1))
            except InterlaceError as error:
                errors.append(error)
        if context.sidecar is not None:
            errors.extend(check_sidecar_names(context, names))
        raise_all(errors)
        return LoadedFile(tuple(models))

    def _model(self, section: Section, name: str, context: LoadingContext, *, alone: bool) -> Model:
        declared = context.declared(name, alone=alone)
        read_entries(section.entries, context.file, declared)
        try:
            reader = self._reader(context.dialect(declared))
            body, digest = reader.read(section.text, context.file, section.line, stored=True)
        except InvalidModel as error:
            raise_all([*declared.errors, error])
            raise
        return context.model(declared, body, name=name, line=section.first_line, digest=digest, typed=False)

    def _reader(self, dialect: str) -> QueryReader:
        if dialect not in self._readers:
            from interlace.model.sql_query import QueryReader

            self._readers[dialect] = QueryReader(dialect)
        return self._readers[dialect]


def _name(section: Section) -> str | None:
    for entry in section.entries:
        if canonical(entry.word) is KEYS["name"]:
            return str(entry.value) if entry.literal else entry.text.strip().strip("\"'")
    return None
