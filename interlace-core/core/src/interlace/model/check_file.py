"""``checks/*.sql``: a header that says which model, and a query for the rows that fail."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import InterlaceError, InvalidModel, Location, did_you_mean
from interlace.model.context import LoadedFile
from interlace.model.declared import raise_all
from interlace.model.declared_check import DeclaredCheck
from interlace.model.fingerprint import digest
from interlace.model.header import Entry, Section, split_sections
from interlace.model.text_file import decode
from interlace.model.values import Unacceptable

if TYPE_CHECKING:
    from interlace.model.context import LoadingContext

__all__ = ["read_check_file"]

QUERY: Final = "query"
_NUMBERS: Final[dict[str, Any]] = {"max_rows": int, "max_fraction": float}
_KEYS: Final = ("model", "name", "severity", "where", "max_rows", "max_fraction", "on_failure", "scope")


def read_check_file(content: bytes, context: LoadingContext) -> LoadedFile:
    """Read one file; further checks begin with a header that has a ``name``.

    Raises:
        InvalidModel: a header without a model, an unknown key, a query that does not parse; with its line.
    """
    text = decode(content, context.file)
    errors: list[InterlaceError] = []
    checks: list[DeclaredCheck] = []
    for section in split_sections(text, context.file):
        try:
            checks.append(_check(section, context))
        except InterlaceError as error:
            errors.append(error)
    raise_all(errors)
    return LoadedFile(checks=tuple(checks))


def _check(section: Section, context: LoadingContext) -> DeclaredCheck:
    said = _options(section, context.file)
    where = Location(context.file, section.first_line)
    if "model" not in said:
        message = "the check does not say which model it is about"
        raise InvalidModel(message, where=where, hint="Begin the file with a line such as: -- @model: orders")
    model = str(said.pop("model"))
    query = section.text.strip().rstrip(";").rstrip()
    _require_query(section, context)
    options = {"name": PurePosixPath(context.file).stem, **said, QUERY: query}
    try:
        context.words.checks([{QUERY: options}])
    except Unacceptable as error:
        raise InvalidModel(f"the check {error}", where=where) from None
    return DeclaredCheck(model, QUERY, options, context.file, section.first_line, digest(query))


def _options(section: Section, file: str) -> dict[str, object]:
    said: dict[str, object] = {}
    for entry in section.entries:
        where = Location(file, entry.line)
        if entry.word not in _KEYS:
            near = did_you_mean(entry.word, _KEYS, label="Keys")
            raise InvalidModel(f"a check has no key {entry.word!r}", where=where, hint=near)
        if entry.word in said:
            raise InvalidModel(f"{entry.word!r} is given twice", where=where)
        said[entry.word] = _value(entry, where)
    return said


def _value(entry: Entry, where: Location) -> object:
    text = " ".join(line.strip() for line in entry.text.split("\n")).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" and text[0] not in text[1:-1]:
        text = text[1:-1]
    if not text:
        raise InvalidModel(f"{entry.word!r} says nothing", where=where)
    number = _NUMBERS.get(entry.word)
    try:
        return text if number is None else number(text)
    except ValueError:
        raise InvalidModel(f"{entry.word!r} must be a number, not {text!r}", where=where) from None


def _require_query(section: Section, context: LoadingContext) -> None:
    """Parse the query, where the project has one dialect: else it is not known yet which one this is in."""
    dialects = set(context.settings.dialects.values())
    if len(dialects) == 1:
        from interlace.model.check_query import read_check_query

        read_check_query(section.text, dialects.pop(), context.file, section.line)
