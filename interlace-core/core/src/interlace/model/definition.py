"""What a model is, once it is loaded: frozen values, made of plain data, so that they can be cached and compared.

Functions are not kept here: a `PythonBody` says where its function lives, and it is imported when it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from interlace.contracts.attachments import Constraint, Grant, Index
    from interlace.contracts.lint import Level

__all__ = [
    "Body",
    "CheckUse",
    "ColumnSpec",
    "ExportUse",
    "FileDrop",
    "Fingerprint",
    "Incremental",
    "Model",
    "Node",
    "Parameter",
    "PythonBody",
    "Reference",
    "Retry",
    "SeedBody",
    "Source",
    "SqlBody",
    "StrategyUse",
    "Variable",
]


@dataclass(frozen=True, slots=True)
class StrategyUse:
    """``strategy:`` of a model: the name and the options as written (validated by the strategy's `Config`)."""

    name: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckUse:
    """One entry of ``checks:``; `options` hold what the check's `Config` takes, ``severity`` and ``name`` included."""

    type: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportUse:
    """One entry of ``export:``; `options` hold what the exporter's `Config` takes, ``path`` included."""

    format: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileDrop:
    """``files:`` of a model: the files that it takes in, each once.

    Attributes:
        connection: where they arrive.
        path: a pattern of paths in it.
        format: None where a Python model reads them by itself.
        columns: declared SQL types by column of the files.
        filename: the column that holds the path of a row's file; None for none.
        options: of CSV.
        after: what becomes of a file once its rows are published.
        archive: the folder that it is moved to; ``{date}``, ``{env}`` and ``{model}`` are filled in.
        settle: seconds for which a file must not have changed.
        changed: what a file that was loaded and has other content now means; None is ``load`` with a key, else ``error``.
        batch_size: how many files one transaction loads, oldest first; None is 1 with a key, else all.
    """

    connection: str
    path: str
    format: Literal["csv", "jsonl", "parquet"] | None
    columns: tuple[tuple[str, str], ...] = ()
    filename: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    after: Literal["keep", "archive", "delete"] = "keep"
    archive: str | None = None
    settle: float = 10.0
    changed: Literal["error", "load", "ignore"] | None = None
    batch_size: int | None = None


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One entry of ``columns:``.

    Attributes:
        type: the SQL type as written; the schema of a Python model's rows, and with `contract` what is enforced.
        contract: the published column must exist with this type.
        renamed_from: the name that the column had before.
    """

    name: str
    type: str | None = None
    description: str | None = None
    contract: bool = False
    tags: tuple[str, ...] = ()
    renamed_from: str | None = None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Three hashes.

    A new `data` rebuilds, a new `checks` checks the published relation again, a new `metadata` runs nothing, but for the part of
    it after a point: what is attached to the relation (indexes, grants), which is put right without a build.
    """

    data: str
    checks: str
    metadata: str

    @property
    def attached(self) -> str:
        """The part about what is attached; empty where nothing is declared."""
        return self.metadata.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Incremental:
    """``incremental:`` of a model.

    Attributes:
        by: ``datetime``, whole intervals of time, or ``key``, whatever is greater than the greatest value seen.
        column: of the output, that the intervals or values are about.
        grain: the length of an interval: ``hour``, ``day``, ``week``, ``month``, ``quarter`` or ``year``; only by datetime.
        lookback: how far back rows may still arrive late: a number of grains, or seconds as a float (``"3d"``); by
            key, whatever is subtracted from the greatest value (a number or seconds).
        batch_size: how many grains one batch of a backfill takes; None for all at once.
        start: the beginning of history as ISO 8601 text, in the project's time zone; only by datetime.
        allow_partial: whether an interval that has not ended is loaded, and loaded again later.
    """

    by: Literal["datetime", "key"]
    column: str
    grain: str = "day"
    lookback: int | float = 0
    batch_size: int | None = None
    start: str | None = None
    allow_partial: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """``retry:`` of a model: which failures are tried again, how often and when.

    Attributes:
        attempts: in all, the first included.
        initial_delay: seconds before the second attempt.
        max_delay: seconds at most between two attempts.
        factor: by which the delay grows.
        jitter: seconds at most that are added at random.
        errors: names of exception classes and SQLSTATEs (or their first two characters) that are worth another
            attempt; empty for whatever the connector calls transient.
        predicate: ``module:function`` that takes the exception and says whether; None for none.
    """

    attempts: int
    initial_delay: float = 1.0
    max_delay: float = 60.0
    factor: float = 2.0
    jitter: float = 1.0
    errors: tuple[str, ...] = ()
    predicate: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A name of a table in a query that is no CTE: a model, seed or source by intent.

    Attributes:
        parts: the name as written, unquoted, outermost first: ``("staging", "orders")``.
        start: offset of the first character of the name in `SqlBody.text`.
        end: offset after its last character.
        aliased: whether the query gives it an alias; if not, its bare name is how columns are qualified.
    """

    parts: tuple[str, ...]
    start: int
    end: int
    aliased: bool


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name`` in a query: offsets of the whole token, the dollar included."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SqlBody:
    """The query of a SQL model: the author's text, and where in it the names and variables stand.

    Attributes:
        text: the query without header, without a trailing semicolon; comments inside are kept.
        line: the line of the file where `text` begins, from 1.
        files: literal paths of input files, as written: ``read_csv('data/x.csv')``, ``FROM 'x.parquet'``.
        volatile: the functions that make it volatile, such as ``now``; empty where there are none.
    """

    text: str
    line: int
    references: tuple[Reference, ...] = ()
    variables: tuple[Variable, ...] = ()
    files: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a Python model that is a dependency.

    Attributes:
        name: the parameter.
        reference: the parts of the name that it stands for; the parameter's own name unless `ref` says otherwise.
        wants: what the annotation asks for.
    """

    name: str
    reference: tuple[str, ...]
    wants: Literal[
        "ibis.Table",
        "pyarrow.Table",
        "pyarrow.RecordBatchReader",
        "pandas.DataFrame",
        "polars.DataFrame",
        "polars.LazyFrame",
    ] = "ibis.Table"


@dataclass(frozen=True, slots=True)
class PythonBody:
    """Where the function of a Python model lives.

    Attributes:
        file: the file, relative to the project's root.
        function: the name of the function in its module.
        line: the line of its ``def``.
        kind: how to call it.
        context: the name of the parameter that takes the context; None where there is none.
    """

    file: str
    function: str
    line: int
    kind: Literal["function", "async", "generator", "async_generator"]
    parameters: tuple[Parameter, ...] = ()
    context: str | None = None


@dataclass(frozen=True, slots=True)
class SeedBody:
    """A seed's file, relative to the project's root, and its format."""

    file: str
    format: Literal["csv", "parquet", "json"]
    options: Mapping[str, object] = field(default_factory=dict)


Body = SqlBody | PythonBody | SeedBody


@dataclass(frozen=True, slots=True)
class Model:
    """A node that Interlace builds: a SQL model, a Python model or a seed.

    Attributes:
        name: bare and unique in the project; compared without case.
        schema: where its relation lives; None is the connection's default.
        connection: the connection's name; None is the project's default.
        materialise: the name of a materialiser.
        strategy: None where the materialisation takes none.
        dependencies: declared ones, as written; those of the body are in `body`.
        timeout: seconds.
        cache: seconds to live of what Interlace cannot see into; None where there is no ``cache``.
        inputs: declared input files or globs, relative to the project's root.
        volatile: what the author said; None lets Interlace find out.
        schema_mode: what a load does where its columns are not the table's; None is the project's default.
        full_refresh: ``allow`` or ``never``; None is the strategy's default.
        indexes: of its table.
        constraints: of its table, which the database holds its rows to.
        cluster_by: the columns by which rows are ordered when they replace the table.
        lint: how much rules of ``interlace validate`` weigh for it, where not as the project says.
        lineage: of a Python model, as its author says it: each column of the result with the columns that it is made of,
            as ``model.column``; under ``*`` those that decide which rows there are.
        grants: on its relation; None where the model does not say.
        renamed_from: the name that the model had before, so that its relation and its history move along.
        files: the files that it takes in.
        file: where it is defined, relative to the project's root; `line` counts from 1.
        sidecar: the sidecar that took part, relative to the project's root.
    """

    name: str
    body: Body
    fingerprint: Fingerprint
    file: str
    line: int = 1
    sidecar: str | None = None
    schema: str | None = None
    connection: str | None = None
    materialise: str = "table"
    strategy: StrategyUse | None = None
    key: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    columns: tuple[ColumnSpec, ...] = ()
    checks: tuple[CheckUse, ...] = ()
    export: tuple[ExportUse, ...] = ()
    timeout: float | None = None
    cache: float | None = None
    tags: tuple[str, ...] = ()
    owner: str | None = None
    description: str | None = None
    group: str | None = None
    meta: Mapping[str, object] = field(default_factory=dict)
    enabled: bool = True
    pre: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    volatile: bool | None = None
    incremental: Incremental | None = None
    schema_mode: str | None = None
    retry: Retry | None = None
    full_refresh: Literal["allow", "never"] | None = None
    renamed_from: str | None = None
    indexes: tuple[Index, ...] = ()
    grants: tuple[Grant, ...] | None = None
    files: FileDrop | None = None
    constraints: tuple[Constraint, ...] = ()
    cluster_by: tuple[str, ...] = ()
    lineage: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lint: Mapping[str, Level] = field(default_factory=dict)

    @property
    def kind(self) -> Literal["sql", "python", "seed"]:
        """What its body is, for people."""
        match self.body:
            case SqlBody():
                return "sql"
            case PythonBody():
                return "python"
            case SeedBody():
                return "seed"


@dataclass(frozen=True, slots=True)
class Source:
    """A relation that something else writes, declared so that models can read it.

    Attributes:
        relation: ``[catalog.][schema.]name`` in the connection, as written; the source's name by default.
        freshness: the greatest age in seconds of ``max(freshness_column)``; None where nothing is promised.
        file: where it is declared, relative to the project's root.
        sample_by: the columns whose values decide which rows a sample of it has; all of them by default.
    """

    name: str
    file: str
    line: int = 1
    connection: str | None = None
    relation: tuple[str, ...] = ()
    columns: tuple[ColumnSpec, ...] = ()
    checks: tuple[CheckUse, ...] = ()
    freshness: float | None = None
    freshness_column: str | None = None
    owner: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    meta: Mapping[str, object] = field(default_factory=dict)
    schema: str | None = None
    sample_by: tuple[str, ...] = ()

    @property
    def kind(self) -> Literal["source"]:
        """What it is, for people."""
        return "source"


Node = Model | Source
