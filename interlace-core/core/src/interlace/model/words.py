"""The keys in which plugins take part: materialise, strategy, checks, columns with checks, export.

A plugin's class is imported only when a model names it, and once per load.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from interlace.errors import did_you_mean
from interlace.model.definition import CheckUse, ColumnSpec, ExportUse, StrategyUse
from interlace.model.values import Unacceptable, boolean, mapping, plain, shown, text, words

if TYPE_CHECKING:
    from interlace.model.context import Plugins

__all__ = ["Words"]

_COLUMN_KEYS = ("name", "type", "description", "contract", "tags", "checks", "renamed_from")
_OPTIONS_OF_CHECKS = ("severity", "name", "where", "max_rows", "max_fraction", "on_failure", "scope")


class Words:
    """Reads the values of the keys in which plugins take part.

    Each method raises `Unacceptable` for a value of the wrong form or for options that the plugin refuses, and
    `UnknownProvider` for a word that no plugin offers.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._found: dict[tuple[str, str], tuple[str, Any]] = {}

    def materialiser(self, word: str) -> tuple[str, Any]:
        """The canonical name of a materialisation and its class."""
        return self._find("materialiser", word)

    def strategy(self, value: object) -> tuple[StrategyUse, Any]:
        """``append`` or ``{name: append, option: value}``, and the strategy's class."""
        if isinstance(value, str):
            word, options = value, {}
        else:
            options = mapping(value)
            if "name" not in options:
                raise Unacceptable(f"must be a strategy or {{name: strategy, option: value}}, not {shown(value)}")
            word = text(options.pop("name"))
        name, found = self._find("strategy", word)
        _validate(found.Config, options, name)
        return StrategyUse(name, options), found

    def checks(self, value: object) -> tuple[CheckUse, ...]:
        """The list under ``checks:`` of a model."""
        if isinstance(value, str | Mapping):
            value = [value]
        if not isinstance(value, list | tuple):
            raise Unacceptable(f"must be a list of checks such as [{{unique: id}}], not {shown(value)}")
        return tuple(use for entry in value for use in self._check_entry(entry, None))

    def columns(self, value: object) -> tuple[tuple[ColumnSpec, ...], tuple[CheckUse, ...]]:
        """The columns, and the checks that stand under them."""
        specs: list[ColumnSpec] = []
        checks: list[CheckUse] = []
        seen: dict[str, str] = {}
        for name, facts in _column_entries(value):
            if name.casefold() in seen:
                raise Unacceptable(f"names {name!r} twice")
            seen[name.casefold()] = name
            spec, found = self._column(name, facts)
            specs.append(spec)
            checks.extend(found)
        return tuple(specs), tuple(checks)

    def exports(self, value: object) -> tuple[ExportUse, ...]:
        """``{format: csv, path: …}``, ``csv: path``, ``{connection: …, table: …}`` or a list of them."""
        entries = value if isinstance(value, list | tuple) else [value]
        return tuple(self._export(entry) for entry in entries)

    def _export(self, entry: object) -> ExportUse:
        options = mapping(entry)
        if "format" in options:
            word = text(options.pop("format"))
        elif "table" in options and "connection" in options:
            word = "table"
        elif len(options) == 1:
            word, given = options.popitem()
            options = {"path": given} if isinstance(given, str) else mapping(given)
        else:
            raise Unacceptable(
                f"must be {{format: csv, path: …}}, {{csv: path}} or {{connection: …, table: …}}, not {shown(entry)}"
            )
        name, found = self._find("exporter", word)
        _validate(found.Config, options, name)
        return ExportUse(name, options)

    def _column(self, name: str, facts: object) -> tuple[ColumnSpec, tuple[CheckUse, ...]]:
        if facts is None or isinstance(facts, str):
            return ColumnSpec(name, facts), ()
        given = mapping(facts)
        for word in given:
            if word not in _COLUMN_KEYS:
                near = did_you_mean(word, _COLUMN_KEYS, label="Keys of a column")
                raise Unacceptable(f"has no key {word!r} for the column {name!r}. {near}")
        spec = ColumnSpec(
            name,
            text(given["type"]) if given.get("type") is not None else None,
            text(given["description"]) if given.get("description") is not None else None,
            boolean(given.get("contract", False)),
            words(given.get("tags", ())),
            text(given["renamed_from"]) if given.get("renamed_from") is not None else None,
        )
        if spec.contract and spec.type is None:
            raise Unacceptable(f"has a contract for the column {name!r} but no type for it")
        checks = given.get("checks", [])
        entries = checks if isinstance(checks, list) else [checks]
        return spec, tuple(use for entry in entries for use in self._check_entry(entry, name))

    def _check_entry(self, entry: object, column: str | None) -> list[CheckUse]:
        if isinstance(entry, str):
            return [self._check(entry, {}, column)]
        given = mapping(entry)
        if "type" in given:
            word = text(given.pop("type"))
            return [self._check(word, given, column)]
        if not given:
            raise Unacceptable("has an empty check")
        _refuse_stray_options(given)
        return [self._check(word, value, column) for word, value in given.items()]

    def _check(self, word: str, value: object, column: str | None) -> CheckUse:
        name, found = self._find("check", word)
        options = dict(value) if isinstance(value, Mapping) else _from_bare(name, found, value)
        if column is not None:
            options = {**_on_column(name, found, column, options), **options}
        _validate(found.Config, options, name)
        return CheckUse(name, options)

    def _find(self, kind: str, word: str) -> tuple[str, Any]:
        if (kind, word) not in self._found:
            registry = self._plugins.registry(_contract(kind))
            self._found[kind, word] = (registry.provider(word).name, registry.get(word))
        return self._found[kind, word]


def _contract(kind: str) -> Any:
    match kind:
        case "materialiser":
            from interlace.contracts.materialiser import Materialiser

            return Materialiser
        case "strategy":
            from interlace.contracts.strategy import Strategy

            return Strategy
        case "check":
            from interlace.contracts.check import Check

            return Check
        case _:
            from interlace.contracts.exporter import Exporter

            return Exporter


def _column_entries(value: object) -> list[tuple[str, object]]:
    if isinstance(value, Mapping):
        return [(text(name), facts) for name, facts in mapping(value).items()]
    if not isinstance(value, list | tuple):
        raise Unacceptable(f"must be {{column: type}} or a list of columns, not {shown(value)}")
    entries: list[tuple[str, object]] = []
    for item in value:
        if isinstance(item, str):
            entries.append((text(item), None))
            continue
        facts = mapping(item)
        if "name" not in facts:
            raise Unacceptable(f"has a column without a name: {shown(item)}")
        entries.append((text(facts.pop("name")), facts))
    return entries


def _refuse_stray_options(given: Mapping[str, object]) -> None:
    """``{unique: id, severity: warn}``: an option that every check takes stands beside the check, not inside of it."""
    stray = next((word for word in given if word in _OPTIONS_OF_CHECKS), None)
    check = next((word for word in given if word not in _OPTIONS_OF_CHECKS), "unique")
    if stray is not None:
        raise Unacceptable(
            f"has the option {stray!r} beside the check {check!r}; it belongs to the check's own options: "
            f"{check}: {{…, {stray}: {given[stray]}}}"
        )


def _from_bare(name: str, check: Any, value: object) -> dict[str, object]:
    if value in (None, {}, True):
        return {}
    if check.shorthand is None:
        raise Unacceptable(f"gives {name!r} the value {shown(value)}, but it takes options: {{option: value}}")
    return {check.shorthand: value}


def _on_column(name: str, check: Any, column: str, options: Mapping[str, object]) -> dict[str, object]:
    if check.column_option is None:
        raise Unacceptable(f"has the check {name!r} under the column {column!r}, but it is about the whole relation")
    if check.column_option in options:
        raise Unacceptable(f"names columns again in the check {name!r} under the column {column!r}")
    field = check.Config.model_fields.get(check.column_option)
    single = field is None or field.annotation is str
    return {check.column_option: column if single else [column]}


def _validate(config: Any, options: Mapping[str, object], name: str) -> None:
    from pydantic import ValidationError

    try:
        config.model_validate(options)
    except ValidationError as error:
        raise Unacceptable("; ".join(_said(config, name, problem) for problem in error.errors())) from None


def _said(config: Any, name: str, problem: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        near = did_you_mean(path, _option_names(config), label="Options")
        return f"{name!r} has no option {path!r}. {near}".rstrip()
    if problem["type"] == "missing":
        return f"{name!r} needs the option {path!r}"
    about = f"option {path!r} of {name!r}" if path else repr(name)
    message = problem["msg"].removeprefix("Value error, ")
    return f"{about}: {message[:1].lower()}{message[1:]}, not {shown(plain_or_self(problem['input']))}"


def _option_names(config: Any) -> list[str]:
    return [field.alias or name for name, field in config.model_fields.items()]


def plain_or_self(value: object) -> object:
    """Plain data where it can be, for messages."""
    try:
        return plain(value)
    except Unacceptable:
        return value
