"""Seeds: ``seeds/*.{csv,parquet,json}``, loaded as tables and rebuilt when their content changes."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Literal, cast

from interlace.errors import InvalidModel, Location, did_you_mean
from interlace.model.declared import raise_all
from interlace.model.definition import SeedBody
from interlace.model.fingerprint import digest
from interlace.model.values import plain

if TYPE_CHECKING:
    from interlace.errors import InterlaceError
    from interlace.model.context import LoadingContext
    from interlace.model.declared import Declared
    from interlace.model.definition import Model

__all__ = ["SEED_SUFFIXES", "load_seed"]

SEED_SUFFIXES: Final = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json"}
"""The formats by the suffix of the file."""

_OPTIONS: Final = {
    "csv": ("delimiter", "header", "quote", "escape", "null", "date_format", "timestamp_format", "encoding", "skip"),
    "json": ("date_format", "timestamp_format"),
    "parquet": (),
}
_MEANINGLESS: Final = {
    "inputs": "a seed reads its own file",
    "cache": "a seed is loaded when its content changes",
    "volatile": "a seed is loaded when its content changes",
}


def load_seed(content_hash: str, context: LoadingContext) -> Model:
    """The model of a seed file.

    Args:
        content_hash: a hash of the file's bytes.
        context: of the file; its sidecar may give columns, any key of a model that makes sense, and ``options``:
            how the file is written, such as ``{delimiter: ";"}``.

    Raises:
        InvalidModel: the sidecar is wrong.
    """
    file = PurePosixPath(context.file)
    form = cast("Literal['csv', 'parquet', 'json']", SEED_SUFFIXES[file.suffix.lower()])
    errors: list[InterlaceError] = []
    declared, options = _read_sidecar(context, form, errors)
    for word, why in _MEANINGLESS.items():
        if word in declared.keys:
            given = declared.keys[word]
            errors.append(InvalidModel(f"{given.word!r} means nothing here: {why}", where=given.where))
    declared.errors.extend(errors)
    name = str(declared.keys["name"].value) if "name" in declared.keys else file.stem
    body = SeedBody(context.file, form, options)
    said = digest(form, content_hash, repr(sorted(options.items())))
    return context.model(declared, body, name=name, line=1, digest=said, typed=True)


def _read_sidecar(
    context: LoadingContext, form: str, errors: list[InterlaceError]
) -> tuple[Declared, dict[str, object]]:
    from interlace.model.declared import Declared

    declared = Declared()
    options: dict[str, object] = {"delimiter": "\t"} if context.file.lower().endswith(".tsv") else {}
    document, file = context.sidecar, context.sidecar_file
    if document is None or file is None:
        return declared, options
    if document.entries is None:
        raise_all([InvalidModel("must be a mapping of keys to values", where=Location(file, document.line))])
    for word, line, value in document.entries or ():
        if word != "options":
            declared.add(word, value.value, Location(file, line))
            continue
        for option, at, given in value.entries or ():
            if option not in _OPTIONS[form]:
                hint = did_you_mean(option, _OPTIONS[form], label="Options")
                errors.append(
                    InvalidModel(f"a {form} seed has no option {option!r}", where=Location(file, at), hint=hint)
                )
            options[option] = plain(given.value)
        if value.entries is None:
            errors.append(InvalidModel("'options' must be a mapping", where=Location(file, line)))
    return declared, options
