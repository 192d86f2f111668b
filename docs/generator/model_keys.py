"""The page of a model's keys, of its columns, of sources and of seeds."""
# ruff: noqa: SLF001  the words are private to those who read them; this page is where they are said

from __future__ import annotations

from generator import docstrings
from generator.markdown import GENERATED, code, joined, table
from interlace.model import decorator, seeds, sources, words
from interlace.model.keys import KEYS

__all__ = ["page"]

_INTRODUCTION = """\
# Keys of a model

The same keys, with the same meaning and the same validation, wherever a model is described: as keywords of `@model`,
in the header of a SQL file, in a sidecar, and as defaults of a folder under `models:` in `config.yaml` (all but
`name`). A key that is given twice is an error; what the model itself says wins over the default of its folder, and the
default of a deeper folder over that of a shallower one.
"""
_FORMS = """\
## Where they are written

In Python they are keywords: `@model(key=["id"], tags=["daily"])`.

In SQL they are a leading block of comments, in one of two forms. `-- @model(...)` takes Python literals, over any number
of lines. `-- @key: value` takes YAML, over following lines that are indented by two spaces or more; descriptions, owners
and values that begin with one of `* @ % & !` are plain text, and lists of names may be separated by commas. A header with a
`name` further down in the file begins another model.

A sidecar `NAME.yaml` beside `NAME.sql` or `NAME.py` takes the same keys; for a file of several models they stand under
`models: {name: ...}`.

A duration is text such as `30s`, `10m`, `1h30m` or `7d`, or a number of seconds. Files are relative to the project's
folder.
"""
_PARTS = """\
## What a change of a key does

| part | keys | what the next run does |
|---|---|---|
| data | {data} | builds the model |
| checks | {checks} | asks the checks again of the published relation |
| metadata | {metadata} | nothing for the change alone; a `description` also becomes the comment of the relation, where the database has comments |
| attached | {attached} | makes, or takes away, what is attached to the published relation |
| of its own | {own} | `columns`: types build, contracts and checks are checked, the rest does nothing; `export`: writes that export; `name`: it is another model |
"""
_COLUMNS = """\
## Keys of a column

`columns:` is `{column: type}`, or `{column: {key: value}}`, or a list of either.
"""
_SOURCES = """\
## Keys of a source

Under a source's name in `models/**/sources.yaml`, or under `sources:` in `config.yaml`. [How to use sources and
seeds](../how-to/sources-and-seeds.md) has examples.
"""
_SEEDS = """\
## Seeds

A file in `seeds/` is a table of its own name: {suffixes}. A sidecar of the same name takes the keys of a model that
make sense (not `inputs`, `cache` or `volatile`) and `options`, which say how the file is written:
"""
_COLUMN_MEANINGS = {
    "name": "the column, where `columns` is a list",
    "type": "its SQL type: what the rows become (a value that does not fit is an error), and with `contract` what is enforced without a cast",
    "description": "for people",
    "contract": "true: the published column must exist with this type, or nothing is published",
    "tags": "words; `pii` keeps its values out of samples of failing rows",
    "checks": "checks of this column",
    "renamed_from": "the name that the column had before: in a table that keeps its rows it is renamed, not added",
}
_SOURCE_MEANINGS = {
    "connection": "the name of a connection; the default one without",
    "relation": "where it is: `[catalog.][schema.]name`; the source's name without",
    "schema": "a schema, where `relation` names none",
    "columns": "as for a model",
    "checks": "asked by `interlace sources check`",
    "freshness": "`{column: <time>, max_age: <duration>}`, judged by `interlace sources freshness`",
    "owner": "who answers for it",
    "description": "for people",
    "tags": "words to select by",
    "meta": "anything of your own",
    "sample_by": "the columns whose values decide which rows [a sample](../how-to/copy-sources.md) has; all of them without",
}


def page() -> str:
    """The page."""
    said = docstrings.read(decorator.model).of("Args")
    rows = [(code(k.name), _aliases(k.aliases), k.type, said[k.name]) for k in KEYS.values()]
    return joined(
        GENERATED,
        _INTRODUCTION,
        table(("key", "other words", "takes", ""), rows),
        _FORMS,
        _PARTS.format(**{part: _of(part) for part in ("data", "checks", "metadata", "attached")}, own=_of(None)),
        _COLUMNS,
        table(("key", ""), [(code(word), _COLUMN_MEANINGS[word]) for word in words._COLUMN_KEYS]),
        _SOURCES,
        table(("key", "other words", ""), [(code(w), _source_aliases(w), _SOURCE_MEANINGS[w]) for w in sources._KEYS]),
        _SEEDS.format(suffixes=", ".join(code(suffix) for suffix in seeds.SEED_SUFFIXES)),
        table(("format", "options"), [(code(form), _listed(given)) for form, given in seeds._OPTIONS.items()]),
    )


def _of(part: str | None) -> str:
    return ", ".join(code(key.name) for key in KEYS.values() if key.part == part)


def _aliases(given: tuple[str, ...]) -> str:
    return ", ".join(code(word) for word in given)


def _source_aliases(word: str) -> str:
    return ", ".join(code(alias) for alias, name in sources._ALIASES.items() if name == word)


def _listed(given: tuple[str, ...]) -> str:
    return ", ".join(code(word) for word in given) or "none"
