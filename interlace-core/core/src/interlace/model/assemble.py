"""From what was declared to a `Model`: validate each key, look at those that must fit together, take fingerprints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlace.contracts.strategy import Strategy
from interlace.errors import InterlaceError, InvalidModel, Location, UnknownProvider
from interlace.model.declared import Declared, Given, raise_all
from interlace.model.definition import Body, Model, PythonBody, StrategyUse
from interlace.model.fingerprint import fingerprint_of
from interlace.model.incremental import default_strategy, refused
from interlace.model.keys import KEYS
from interlace.model.values import Unacceptable, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlace.model.context import LoadingContext

__all__ = ["assemble", "read_value"]

_REPLACE = StrategyUse("replace")

_OF_A_RELATION = ("checks", "export", "pre", "post", "indexes", "constraints", "grants", "cluster_by", "lineage")
"""Keys that say nothing about a model without a relation."""


def assemble(
    context: LoadingContext, declared: Declared, body: Body, *, name: str, line: int, digest: str, typed: bool
) -> Model:
    """Validate what was declared and make the model; see `LoadingContext.model`."""
    sidecar = context.sidecar_file if context.sidecar is not None else None
    own = frozenset(declared.keys)
    declared.fill(context.defaults)
    errors = list(declared.errors)
    keys: dict[str, Any] = {}
    for word, given in declared.keys.items():
        parse = KEYS[word].parse
        if parse is not None:
            read_value(keys, errors, given, word, parse)
    _columns_and_checks(context, declared, keys, errors)
    if "export" in declared.keys:
        read_value(keys, errors, declared.keys["export"], "export", context.words.exports)
    _materialisation(context, declared, keys, errors, own=own, python=isinstance(body, PythonBody))
    _incremental(declared, keys, errors, own="incremental" in own)
    if "files" in keys:
        _files(declared, keys, errors, body)
    _clustered(declared, keys, errors, own="cluster_by" in own)
    if "lineage" in keys:
        _lineage(declared.keys["lineage"], keys, errors, body, own="lineage" in own)
    if "name" not in declared.keys:
        where = Location(context.file, line)
        read_value(keys, errors, Given("name", name, where), "name", KEYS["name"].parse or text)
    raise_all(errors)
    keys.setdefault("materialise", "table")
    fingerprint = fingerprint_of(keys, digest, typed=typed)
    return Model(body=body, fingerprint=fingerprint, file=context.file, line=line, sidecar=sidecar, **keys)


def read_value(
    keys: dict[str, Any], errors: list[InterlaceError], given: Given, word: str, parse: Callable[[object], Any]
) -> bool:
    """Read one value into `keys`; a mistake goes to `errors` with its file, line and key."""
    try:
        keys[word] = parse(given.value)
    except Unacceptable as error:
        errors.append(InvalidModel(f"{given.word!r} {error}", where=given.where))
    except UnknownProvider as error:
        error.where = error.where or given.where
        errors.append(error)
    return word in keys


def _columns_and_checks(
    context: LoadingContext, declared: Declared, keys: dict[str, Any], errors: list[InterlaceError]
) -> None:
    found: dict[str, Any] = {}
    checks = declared.keys.get("checks")
    columns = declared.keys.get("columns")
    if checks:
        read_value(keys, errors, checks, "checks", context.words.checks)
    if columns and read_value(found, errors, columns, "columns", context.words.columns):
        keys["columns"], under_columns = found["columns"]
        if under_columns:
            keys["checks"] = (*keys.get("checks", ()), *under_columns)


def _materialisation(
    context: LoadingContext,
    declared: Declared,
    keys: dict[str, Any],
    errors: list[InterlaceError],
    *,
    own: frozenset[str],
    python: bool,
) -> None:
    materialise = declared.keys.get("materialise")
    takes_strategy = True
    if materialise is not None:
        found: dict[str, Any] = {}
        read = lambda value: context.words.materialiser(text(value))  # noqa: E731
        if not read_value(found, errors, materialise, "materialise", read):
            return
        keys["materialise"], materialiser = found["materialise"]
        takes_strategy = materialiser.uses_strategy
        if materialiser.kind is None:
            _without_relation(declared, keys, errors, own)
        elif materialiser.kind != "table":
            _without_rows(declared, keys, errors, own)
        if python and not materialiser.python:
            message = f"a Python model cannot be materialised as {keys['materialise']!r}"
            errors.append(InvalidModel(message, where=materialise.where, hint="Materialise it as 'table'."))
    _strategy(context, declared, keys, errors, takes_strategy=takes_strategy, own="strategy" in own)


def _without_relation(
    declared: Declared, keys: dict[str, Any], errors: list[InterlaceError], own: frozenset[str]
) -> None:
    """Refuse what the model itself says of a relation that it has not; a folder's defaults are for its tables."""
    for word in _OF_A_RELATION:
        if word not in keys:
            continue
        given = declared.keys.get(word) or declared.keys["columns"]
        if word in own or (word == "checks" and "columns" in own):
            message = f"a model that is materialised as {keys['materialise']!r} has no relation, which {word!r} would be about"
            hint = f"Leave {word!r} out, or materialise a table or a view."
            errors.append(InvalidModel(message, where=given.where, hint=hint))
        else:
            del keys[word]


def _without_rows(declared: Declared, keys: dict[str, Any], errors: list[InterlaceError], own: frozenset[str]) -> None:
    """Refuse what only a table has; a folder's defaults are for its tables."""
    for word in ("indexes", "constraints", "cluster_by"):
        if word in keys and word in own:
            message = f"a model that is materialised as {keys['materialise']!r} has no rows of its own, which {word!r} would be about"
            hint = f"Leave {word!r} out, or materialise a table."
            errors.append(InvalidModel(message, where=declared.keys[word].where, hint=hint))
        keys.pop(word, None)


def _strategy(
    context: LoadingContext,
    declared: Declared,
    keys: dict[str, Any],
    errors: list[InterlaceError],
    *,
    takes_strategy: bool,
    own: bool,
) -> None:
    given = declared.keys.get("strategy")
    if not takes_strategy:
        # A folder's default strategy is for its tables; only what the model itself says can be wrong here.
        if given is not None and own:
            message = f"a model that is materialised as {keys['materialise']!r} takes no strategy"
            errors.append(
                InvalidModel(message, where=given.where, hint="Leave 'strategy' out, or materialise a table.")
            )
        return
    if given is None:
        keys["strategy"] = default_strategy(keys) or _REPLACE
        return
    found: dict[str, Any] = {}
    if read_value(found, errors, given, "strategy", context.words.strategy):
        keys["strategy"], strategy = found["strategy"]
        if strategy.needs_key and not keys.get("key"):
            message = f"the strategy {keys['strategy'].name!r} needs a key"
            errors.append(
                InvalidModel(message, where=given.where, hint="Write key: <the columns that identify a row>.")
            )
        _validate(strategy, keys, given, errors)


def _validate(strategy: type[Strategy], keys: dict[str, Any], given: Given, errors: list[InterlaceError]) -> None:
    """Let the strategy refuse what is wrong whatever the columns are."""
    if strategy.validate is Strategy.validate:
        return
    options = strategy.Config.model_validate(dict(keys["strategy"].options))
    partial = keys.get("incremental") is not None or keys.get("files") is not None
    try:
        strategy().validate(options, partial=partial, model=keys.get("name", "the model"))
    except InvalidModel as error:
        error.where = error.where or given.where
        errors.append(error)


def _incremental(declared: Declared, keys: dict[str, Any], errors: list[InterlaceError], *, own: bool) -> None:
    """Refuse what an incremental model cannot be; a folder's default is for its tables."""
    if "incremental" not in keys or any(w in declared.keys and w not in keys for w in ("materialise", "strategy")):
        return
    takes_strategy = "strategy" in keys
    if not takes_strategy and not own:
        del keys["incremental"]
        return
    error = refused(keys, declared.keys["incremental"], takes_strategy=takes_strategy)
    if error is not None:
        errors.append(error)


def _clustered(declared: Declared, keys: dict[str, Any], errors: list[InterlaceError], *, own: bool) -> None:
    """Refuse an order of rows where rows are added to others; a folder's default is for tables that are replaced."""
    if "cluster_by" not in keys or "strategy" not in keys:
        return
    why = next((f"has {word!r}" for word in ("incremental", "files") if keys.get(word) is not None), None)
    if why is None and keys["strategy"].name != "replace":
        why = f"has the strategy {keys['strategy'].name!r}"
    if why is None:
        return
    if not own:
        del keys["cluster_by"]
        return
    errors.append(
        InvalidModel(
            f"'cluster_by' orders the rows that replace a table, and this model {why}",
            where=declared.keys["cluster_by"].where,
            hint="Leave 'cluster_by' out: rows that are added stand behind those that are there.",
        )
    )


def _lineage(given: Given, keys: dict[str, Any], errors: list[InterlaceError], body: Body, *, own: bool) -> None:
    """Refuse the lineage of what is no Python model, and of columns that the model does not declare."""
    from interlace.model.declared_lineage import refused_lineage

    error = refused_lineage(keys, given, body, own=own)
    if error is not None:
        errors.append(error)


def _files(declared: Declared, keys: dict[str, Any], errors: list[InterlaceError], body: Body) -> None:
    """Refuse what a model that takes in files cannot be."""
    if any(w in declared.keys and w not in keys for w in ("materialise", "strategy")):
        return
    from interlace.model.file_drop import refused_files

    error = refused_files(keys, declared, body, takes_strategy="strategy" in keys)
    if error is not None:
        errors.append(error)
