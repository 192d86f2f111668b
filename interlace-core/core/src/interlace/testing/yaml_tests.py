"""Unit tests in YAML: ``tests/**/test_*.yaml``.

::

    cancelled_orders_do_not_count:
      model: daily_revenue
      given:
        fct_orders:
          - {ordered_on: 2026-03-01, paid: 10, status: completed}
          - {ordered_on: 2026-03-01, paid: 99, status: cancelled}
      expect:
        - {ordered_on: 2026-03-01, revenue: 10}
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from interlace.config.origin import Entry, plain
from interlace.config.yaml_file import parse_yaml, read_text
from interlace.errors import InterlaceError, InvalidConfig, InvalidProject, InvalidTest, did_you_mean
from interlace.testing.case import Case, Expected, Run
from interlace.testing.comparison import Ways
from interlace.testing.given import Mock
from interlace.testing.scene import find

if TYPE_CHECKING:
    from interlace.errors import Location
    from interlace.graph.build import Graph

__all__ = ["FOLDER", "files_of", "read_tests"]

FOLDER: Final = "tests"
"""Where tests lie, in the project's folder."""

_TEST: Final = ("model", "description", "given", "expect", "runs", "at", "vars", "pipeline", "connection", "checks")
_RUN: Final = ("at", "given", "expect")
_GIVEN: Final = ("rows", "csv", "file", "columns")
_EXPECT: Final = ("rows", "csv", "file", "columns", "key", "ordered", "tolerance", "error")
_ALIASES: Final = {"execution_time": "at"}


def files_of(root: Path) -> list[Path]:
    """The files of YAML tests of a project, sorted."""
    found = (p for p in (root / FOLDER).rglob("test_*") if p.suffix in (".yaml", ".yml") and p.is_file())
    return sorted(found)


def read_tests(path: Path, root: Path, graph: Graph | None = None) -> list[Case]:
    """The tests of one file, in its order.

    Args:
        path: the file.
        root: the project's folder; messages name the file relative to it.
        graph: the project's models; with it, names are looked up here already.

    Raises:
        InvalidTest: with file, line and key; several are raised as `InvalidProject`.
    """
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        document = parse_yaml(read_text(path, name), name, loader=_loader())
    except InvalidConfig as error:
        raise InvalidTest(error.message, where=error.where, hint=error.hint) from error
    cases, errors = [], []
    for word, entry in (document.mapping if document is not None else {}).items():
        reader = _Reader(word, graph)
        case = reader.case(entry)
        errors += reader.errors
        if case is not None:
            cases.append(case)
    if errors:
        errors.sort(key=_line)
        raise errors[0] if len(errors) == 1 else InvalidProject(errors)
    return cases


def _line(error: InterlaceError) -> int:
    return error.where.line or 0 if error.where is not None else 0


class _Reader:
    """Reads one test, and collects everything that is wrong with it."""

    def __init__(self, name: str, graph: Graph | None) -> None:
        self._name = name
        self._graph = graph
        self.errors: list[InterlaceError] = []

    def case(self, entry: Entry) -> Case | None:
        keys = self._keys(entry, _TEST, f"the test {self._name!r}")
        model = self._model(keys.get("model"), entry)
        runs = self._runs(keys, entry)
        case = Case(
            [model],
            runs,
            pipeline=self._flag(keys, "pipeline"),
            variables=self._mapping(keys, "vars"),
            connection=self._text(keys, "connection"),
            checks=self._flag(keys, "checks"),
            name=self._name,
            where=entry.key_origin.location(),
        )
        return None if self.errors else case

    def _runs(self, keys: Mapping[str, Entry], entry: Entry) -> Sequence[Run]:
        if "runs" not in keys:
            if "expect" not in keys:
                self._wrong(entry, f"the test {self._name!r} expects nothing", "Say 'expect', or 'runs'.", key=True)
            return [self._run(keys)]
        for word in ("given", "expect", "at"):
            if word in keys:
                self._wrong(keys[word], f"{word!r} stands inside of 'runs', where there are any", key=True)
        items = keys["runs"].value
        if not isinstance(items, list) or not items:
            self._wrong(
                keys["runs"], "'runs' must be a list of runs", "Such as [{at: 2024-01-01, given: ..., expect: ...}]."
            )
            return []
        return [self._run(self._keys(item, _RUN, "a run")) for item in items]

    def _run(self, keys: Mapping[str, Entry]) -> Run:
        expected, error = self._expected(keys["expect"]) if "expect" in keys else (None, None)
        return Run(self._given(keys.get("given")), expected, self._at(keys.get("at")), error=error)

    def _model(self, entry: Entry | None, test: Entry) -> str:
        if entry is None or not isinstance(entry.value, str):
            self._wrong(
                entry or test, f"the test {self._name!r} names no model", "Say it: model: orders.", key=entry is None
            )
            return ""
        self._look_up(entry.value, entry)
        return entry.value

    def _given(self, entry: Entry | None) -> dict[str, object]:
        if entry is None or entry.value is None:
            return {}
        if not isinstance(entry.value, dict):
            self._wrong(entry, "'given' must be a mapping of names to rows")
            return {}
        found: dict[str, object] = {}
        for name, rows in entry.mapping.items():
            self._look_up(name, rows, key=True)
            found[name] = self._mock(name, rows)
        return found

    def _mock(self, name: str, entry: Entry) -> Mock:
        what = f"the rows of {name!r}"
        if not isinstance(entry.value, dict):
            return Mock(self._rows(entry, what))
        keys = self._keys(entry, _GIVEN, what)
        columns = {c: str(t) for c, t in self._mapping(keys, "columns").items()} or None
        return Mock(self._one_form(keys, entry, what, empty=columns is not None), columns)

    def _expected(self, entry: Entry) -> tuple[Expected | None, str | None]:
        where = entry.key_origin.location()
        if not isinstance(entry.value, dict):
            return Expected(self._rows(entry, "'expect'"), where=where), None
        keys = self._keys(entry, _EXPECT, "'expect'")
        if "error" in keys:
            for word in keys:
                if word != "error":
                    self._wrong(keys[word], f"{word!r} does not go with 'error'", key=True)
            return None, self._text(keys, "error")
        ways = Ways(
            self._words(keys, "columns"),
            self._words(keys, "key") or (),
            self._flag(keys, "ordered"),
            self._number(keys, "tolerance"),
        )
        return Expected(self._one_form(keys, entry, "'expect'"), ways, where), None

    def _one_form(self, keys: Mapping[str, Entry], entry: Entry, what: str, *, empty: bool = False) -> object:
        forms = [word for word in ("rows", "csv", "file") if word in keys]
        if len(forms) != 1 and not (empty and not forms):
            said = " and ".join(map(repr, forms)) if forms else "none of 'rows', 'csv' and 'file'"
            self._wrong(entry, f"{what} must be given in one way, not by {said}", key=True)
            return []
        match forms:
            case ["rows"]:
                return self._rows(keys["rows"], what)
            case ["csv"]:
                return self._text(keys, "csv") or ""
            case ["file"]:
                return Path(self._text(keys, "file") or "")
        return []

    def _rows(self, entry: Entry, what: str) -> object:
        items = [] if entry.value is None else entry.value
        if not isinstance(items, list):
            self._wrong(entry, f"{what} must be a list of rows, or a mapping with 'rows', 'csv' or 'file'")
            return []
        for item in items:
            if not isinstance(item.value, dict):
                self._wrong(item, "a row must be a mapping of columns to values")
        return [plain(item) for item in items]

    # --- values -------------------------------------------------------------------------------------------------------

    def _keys(self, entry: Entry, known: Sequence[str], what: str) -> dict[str, Entry]:
        if not isinstance(entry.value, dict):
            self._wrong(entry, f"{what} must be a mapping of keys to values")
            return {}
        found: dict[str, Entry] = {}
        for word, value in entry.mapping.items():
            key = _ALIASES.get(word, word)
            if key not in known:
                self._wrong(value, f"{what} has no key {word!r}", did_you_mean(word, known, label="Keys"), key=True)
            elif key in found:
                self._wrong(value, f"{word!r} is given twice, first in line {found[key].key_origin.line}", key=True)
            else:
                found[key] = value
        return found

    def _text(self, keys: Mapping[str, Entry], word: str) -> str | None:
        found: str | None = self._value(keys, word, lambda v: isinstance(v, str), "must be text")
        return found

    def _flag(self, keys: Mapping[str, Entry], word: str) -> bool:
        return bool(self._value(keys, word, lambda v: isinstance(v, bool), "must be true or false"))

    def _number(self, keys: Mapping[str, Entry], word: str) -> float | None:
        def is_number(value: object) -> bool:
            return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0

        found: float | None = self._value(keys, word, is_number, "must be a number of 0 or more")
        return found

    def _words(self, keys: Mapping[str, Entry], word: str) -> list[str] | None:
        if word in keys and isinstance(keys[word].value, str):
            return [str(keys[word].value)]

        def are_words(value: object) -> bool:
            return isinstance(value, list) and all(isinstance(item, str) for item in value)

        found: list[str] | None = self._value(keys, word, are_words, "must be a list of columns")
        return found

    def _mapping(self, keys: Mapping[str, Entry], word: str) -> dict[str, Any]:
        return self._value(keys, word, lambda v: isinstance(v, dict), "must be a mapping") or {}

    def _at(self, entry: Entry | None) -> datetime | date | str | None:
        if entry is None:
            return None
        if isinstance(entry.value, date):
            return entry.value
        self._wrong(entry, f"'at' must be a time such as 2024-01-31T12:00:00, not {entry.value!r}")
        return None

    def _value(self, keys: Mapping[str, Entry], word: str, fits: Callable[[Any], bool], said: str) -> Any:
        if word not in keys:
            return None
        value = plain(keys[word])
        if fits(value):
            return value
        self._wrong(keys[word], f"{word!r} {said}")
        return None

    def _look_up(self, name: str, entry: Entry, *, key: bool = False) -> None:
        if self._graph is None:
            return
        try:
            find(self._graph, name)
        except InterlaceError as error:
            self._wrong(entry, error.message, error.hint, key=key)

    def _wrong(self, entry: Entry, message: str, hint: str | None = None, *, key: bool = False) -> None:
        where: Location | None = (entry.key_origin if key else entry.origin).location()
        self.errors.append(InvalidTest(message, where=where, hint=hint or None))


# --- plain words in YAML ----------------------------------------------------------------------------------------------

_BOOLEAN: Final = re.compile(r"(?:true|True|TRUE|false|False|FALSE)$")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)$")
_FLOAT: Final = re.compile(
    r"[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.(?:inf|Inf|INF))$|\.(?:nan|NaN|NAN)$"
)
_READ: Final = {":bool": _BOOLEAN, ":int": _INTEGER, ":float": _FLOAT}


@functools.cache
def _loader() -> Any:
    """Reads YAML as its version 1.2 does: ``no`` is text, as are ``01067`` and ``12:30``; dates are dates."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        yaml_implicit_resolvers = {  # noqa: RUF012
            first: list(_resolvers(found, first)) for first, found in base.yaml_implicit_resolvers.items()
        }

    return Loader


def _resolvers(found: Sequence[tuple[str, re.Pattern[str]]], first: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    del first
    for tag, pattern in found:
        kind = ":" + tag.rpartition(":")[2]
        yield tag, _READ.get(kind, pattern)
