"""Reading the key ``files``: which files a model takes in, how they are read, and what becomes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

from interlace.errors import InvalidModel, UsageError, did_you_mean
from interlace.model.definition import FileDrop, PythonBody, SqlBody
from interlace.model.values import Unacceptable, boolean, duration, mapping, shown, text

if TYPE_CHECKING:
    from interlace.model.declared import Declared, Given
    from interlace.model.definition import Body, StrategyUse

__all__ = ["COMPRESSIONS", "FILES", "FORMATS", "file_drop", "format_of", "refused_files"]

FILES: Final = "files"
"""The name after ``$`` that stands for the rows of the files in a query."""

FORMATS: Final[Mapping[str, str]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
COMPRESSIONS: Final = (".gz", ".zst", ".bz2", ".zip")

After = Literal["keep", "archive", "delete"]
Changed = Literal["error", "load", "ignore"]
Format = Literal["csv", "jsonl", "parquet"]

_CSV: Final = ("delimiter", "header", "quote", "escape", "encoding", "null", "skip")
_KEYS: Final = (
    "connection",
    "path",
    "format",
    "columns",
    "filename",
    "after",
    "archive",
    "settle",
    "changed",
    "batch_size",
    *_CSV,
)
_SETTLE: Final = 10.0


def file_drop(value: object) -> FileDrop:
    """``{connection: drop, path: "in/*.csv", after: archive}``."""
    # In YAML the word null is no text unless it is quoted.
    said = mapping({"null" if k is None else k: v for k, v in value.items()} if isinstance(value, Mapping) else value)
    for key in said:
        if key not in _KEYS:
            raise Unacceptable(f"has no key {key!r}. {did_you_mean(key, _KEYS, label='Keys')}".strip())
    for key in ("connection", "path"):
        if key not in said:
            raise Unacceptable(f"must name its {key!r}")
    path = _path(said["path"])
    found = _one_of(said["format"], get_args(Format), "format") if "format" in said else format_of(path)
    options: dict[str, object] = {key: _csv_option(key, said[key]) for key in _CSV if key in said}
    if options and found != "csv":
        raise Unacceptable(f"has {next(iter(options))!r}, which is for CSV, and its format is {found or 'not given'}")
    after, archive = _after(said, path)
    return FileDrop(
        connection=text(said["connection"]),
        path=path,
        format=cast("Format | None", found),
        columns=_columns(said.get("columns", {})),
        filename=_filename(said.get("filename", False)),
        options=options,
        after=after,
        archive=archive,
        settle=0.0
        if said.get("settle") == 0 and said["settle"] is not False
        else duration(said.get("settle", _SETTLE)),
        changed=cast("Changed | None", _changed(said, after)),
        batch_size=_count("batch_size", said["batch_size"]) if "batch_size" in said else None,
    )


def format_of(path: str) -> str | None:
    """The format that a path's suffix says, a compression's or ``*`` after it left out; None where it says none."""
    name = path.lower().rstrip("*?").rstrip(".")
    for suffix in COMPRESSIONS:
        name = name.removesuffix(suffix)
    return next((found for suffix, found in FORMATS.items() if name.endswith(suffix)), None)


def refused_files(
    keys: Mapping[str, Any], declared: Declared, body: Body, *, takes_strategy: bool
) -> InvalidModel | None:
    """Why a model cannot take in files as it is declared."""
    given = declared.keys[FILES]
    drop: FileDrop = keys[FILES]
    if not takes_strategy:
        said = f"a model that is materialised as {keys['materialise']!r} keeps no rows, so it cannot take in files"
        return _wrong(said, given, "Leave 'files' out, or materialise a table.")
    for word in ("incremental", "inputs", "cache", "volatile"):
        if word in keys:
            said = f"{word!r} and 'files' do not go together: a model with 'files' runs when files have arrived"
            return _wrong(said, declared.keys[word], "Leave one of the two out.")
    strategy: StrategyUse | None = keys.get("strategy")
    if strategy is not None and strategy.name == "replace":
        said = "'replace' would keep only the rows of the newest files"
        return _wrong(said, given, "Use 'merge_by_key' with a key, or 'append'; or leave 'strategy' out.")
    if strategy is not None and strategy.name == "none":
        said = "a relation that is managed elsewhere (strategy: none) cannot take in files"
        return _wrong(said, given, "Leave one of the two out.")
    return _unread(drop, body, given)


def _unread(drop: FileDrop, body: Body, given: Given) -> InvalidModel | None:
    """Why the rows of the files do not get into the model."""
    match body:
        case SqlBody() if FILES not in {v.name for v in body.variables}:
            return _wrong(
                "a query with 'files' reads them by $files, and this one does not", given, "Write FROM $files."
            )
        case SqlBody() if drop.format is None:
            said = f"the name {drop.path!r} does not say which format the files have"
            return _wrong(said, given, f"Write format: {', '.join(get_args(Format))}.")
        case PythonBody(context=None):
            said = "a function with 'files' reads them by context.arrivals, and this one takes no context"
            return _wrong(said, given, "Give the function a parameter 'context'.")
        case SqlBody() | PythonBody():
            return None
    return _wrong("a seed is a file of the project, and takes in no others", given, "Leave 'files' out.")


def _wrong(message: str, given: Given, hint: str) -> InvalidModel:
    return InvalidModel(message, where=given.where, hint=hint)


def _path(value: object) -> str:
    from interlace.contracts.file_patterns import matcher

    path = text(value)
    try:
        matcher(path)
    except UsageError as error:
        raise Unacceptable(f"has a path that is none: {error.message}. {error.hint or ''}".strip()) from None
    return path


def _after(said: Mapping[str, object], path: str) -> tuple[After, str | None]:
    """What becomes of files that are loaded, and the folder that they are moved to."""
    archive = said.get("archive")
    after = cast(
        "After", _one_of(said.get("after", "keep" if archive is None else "archive"), get_args(After), "after")
    )
    if after != "archive":
        if archive is not None:
            raise Unacceptable(f"has a folder under 'archive', and 'after: {after}'")
        return after, None
    if archive is None:
        raise Unacceptable("needs the folder that files are moved to, such as archive: done/{date}")
    return after, _archive(archive, path)


def _archive(value: object, path: str) -> str:
    from interlace.contracts.file_patterns import checked_path, folder_of, matcher

    folder = text(value).rstrip("/")
    for name in re.findall(r"\{(.*?)\}", folder):
        if name not in ("date", "env", "model"):
            known = did_you_mean(name, ("date", "env", "model"), label="Known")
            raise Unacceptable(f"has {{{name}}} in 'archive'. {known}".strip())
    try:
        checked_path(folder)
    except UsageError as error:
        raise Unacceptable(f"has an 'archive' that is no folder: {error.message}") from None
    example = re.sub(r"\[.*?\]|\*\*|\*|\?", "x", path)
    filled = folder.replace("{date}", "2024-01-01").replace("{env}", "x").replace("{model}", "x")
    if matcher(path).match(f"{filled}/{example.removeprefix(folder_of(path))}"):
        raise Unacceptable(f"would take in what it has moved to {folder!r} again: that lies within {path!r}")
    return folder


def _changed(said: Mapping[str, object], after: After) -> str | None:
    if "changed" not in said:
        return None
    found = _one_of(said["changed"], get_args(Changed), "changed")
    if after != "keep":
        raise Unacceptable(f"has 'changed', which is about files that stay, and 'after: {after}'")
    return found


def _columns(value: object) -> tuple[tuple[str, str], ...]:
    return tuple((text(name), text(kind)) for name, kind in mapping(value).items())


def _filename(value: object) -> str | None:
    if isinstance(value, str):
        return text(value)
    return "filename" if boolean(value) else None


def _csv_option(key: str, value: object) -> object:
    match key:
        case "header":
            return boolean(value)
        case "skip":
            return _count(key, value, least=0)
        case "null":
            return [str(v) for v in value] if isinstance(value, list) else [_any_text(key, value)]
        case "encoding":
            return _encoding(value)
        case "quote" | "escape" if value in ("", False):
            return ""
    found = _any_text(key, value)
    if len(found) != 1:
        raise Unacceptable(f"must have one character as {key!r}, not {shown(value)}")
    return found


def _encoding(value: object) -> str:
    import codecs

    found = text(value)
    try:
        codecs.lookup(found)
    except LookupError:
        raise Unacceptable(f"has an 'encoding' that is not known: {shown(value)}") from None
    return found


def _any_text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise Unacceptable(f"must have text as {key!r}, not {shown(value)}")
    return value


def _count(key: str, value: object, least: int = 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise Unacceptable(f"must have {key!r} of {least} or more, not {shown(value)}")
    return value


def _one_of(value: object, known: tuple[str, ...], key: str) -> str:
    if isinstance(value, str) and value in known:
        return value
    near = did_you_mean(value, known) if isinstance(value, str) else ""
    raise Unacceptable(f"must have a {key!r} of {', '.join(known)}, not {shown(value)}. {near}".strip())
