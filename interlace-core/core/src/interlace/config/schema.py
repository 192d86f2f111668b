"""What ``config.yaml`` may say.

Connections, folder defaults, sources and the options of the state store are kept as they were written: the plugins
and the model loader that own those words validate them, with the places that `LoadedConfig` remembers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from interlace.config.durations import FORM, duration
from interlace.config.vars import VariableSpec, declared
from interlace.contracts.state import KEPT

__all__ = [
    "Adhoc",
    "Checks",
    "Circuit",
    "Config",
    "Duration",
    "Lint",
    "Logging",
    "Opening",
    "Plugins",
    "Policy",
    "Run",
    "SecretStore",
    "State",
]


def _wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError("interlace", "{message}", {"message": message})


def _duration(value: object) -> timedelta:
    try:
        return duration(value)
    except ValueError as error:
        raise _wrong(str(error)) from error


def _whole(value: object) -> object:
    if isinstance(value, bool):  # pydantic reads true as 1
        raise _wrong("must be a whole number")
    return value


def _flag(value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):  # pydantic reads 1 as true
        raise _wrong("must be true or false")
    return value


def _tables(value: object) -> object:
    if isinstance(value, dict):
        from interlace.errors import did_you_mean

        for name in value:
            if name not in KEPT:
                raise _wrong(f"has no table {name!r}. {did_you_mean(str(name), KEPT, label='Tables')}".rstrip(". "))
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _timezone(value: object) -> str:
    from zoneinfo import ZoneInfo

    if not isinstance(value, str):
        raise _wrong("must be the name of a time zone, such as Europe/Berlin")
    try:
        ZoneInfo(value)
    except (ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError below 3.12 and on odd names an OSError
        raise _unknown_timezone(value) from error
    except KeyError as error:
        raise _unknown_timezone(value) from error
    return value


def _unknown_timezone(value: str) -> PydanticCustomError:
    from zoneinfo import available_timezones

    from interlace.errors import did_you_mean

    near = did_you_mean(value, available_timezones())
    return _wrong(f"must be the name of a time zone, such as Europe/Berlin. {near}".rstrip(". "))


def _variable(value: object) -> VariableSpec:
    try:
        return declared(value)
    except ValueError as error:
        raise _wrong(str(error)) from error


def _environments(value: object) -> object:
    match value:
        case list() if all(isinstance(name, str) for name in value):
            return {name: {} for name in value}
        case dict() if all(overlay is None or isinstance(overlay, dict) for overlay in value.values()):
            return {name: overlay or {} for name, overlay in value.items()}
    raise _wrong("must be a list of names, or a mapping of names to what differs there")


Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": ["string", "number"], "description": FORM})
]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
_VARIABLE_SCHEMA = {
    "description": "A value, a list of values, or {type, default, description}.",
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "array", "items": {"type": ["string", "number", "boolean"]}},
        {
            "type": "object",
            "properties": {"type": {"type": "string"}, "default": {}, "description": {"type": "string"}},
            "required": ["type"],
            "additionalProperties": False,
        },
    ],
}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class State(BaseModel):
    """``state:`` — the store of runs and results; its other keys are options of the store."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = Field("sqlite", description="The kind of state store.")
    retention: Annotated[dict[str, Duration], BeforeValidator(_tables)] = Field(
        default_factory=dict,
        description="How long each of its tables keeps rows; a table's default where none is given.",
    )

    @property
    def options(self) -> dict[str, Any]:
        """What the store itself validates, such as ``path`` or ``url``."""
        return dict(self.__pydantic_extra__ or {})


class SecretStore(BaseModel):
    """``secrets: {NAME: …}`` — a store of secrets; its other keys are options of its type."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = Field(description="The kind of store, such as env, file, vault or aws.")
    ttl: Duration = Field(
        timedelta(minutes=5),
        description="How long a secret that was fetched is kept in memory.",
        json_schema_extra={"default": "5m"},
    )


class Adhoc(_Section):
    """``adhoc:`` of a connection — limits of queries outside of runs: of ``interlace show`` and ``Project.query``."""

    max_rows: Annotated[Whole, Field(ge=1)] | None = Field(None, description="The most rows that a query gives.")
    timeout: Duration | None = Field(None, description="How long a query may take.")


class Opening(_Section):
    """``retry:`` of a connection — when it is tried again, where it could not be opened and that may pass by itself."""

    attempts: Whole = Field(1, ge=1, description="How often it is tried in all, the first included.")
    initial_delay: Duration = Field(
        timedelta(seconds=1),
        description="How long, before the second attempt; each pause is twice the one before.",
        json_schema_extra={"default": "1s"},
    )
    max_delay: Duration = Field(
        timedelta(seconds=30), description="The longest pause.", json_schema_extra={"default": "30s"}
    )


class Policy(_Section):
    """What may be done through a connection: keys of each connection beside ``type``, whatever its type."""

    access: Annotated[Literal["read", "readwrite"], BeforeValidator(_lower)] = Field(
        "readwrite", description="With `read` nothing is written through the connection."
    )
    shared: Flag = Field(
        False,
        description="All environments use it, with plain names; only the base environment writes to it.",
    )
    fallback_connections: tuple[str, ...] = Field(
        (), description="Other connections, in which a name is read that is not found in this one, in this order."
    )
    allowed_schemas: tuple[str, ...] | None = Field(
        None, description="The schemas that models may write to, without an environment's prefix. Default: all."
    )
    adhoc: Adhoc = Field(Adhoc(), description="Limits of queries outside of runs.")
    retry: Opening = Field(
        Opening(), description="When opening the connection is tried again, at the start of a run. Default: never."
    )


class Circuit(_Section):
    """``run: {circuit: …}`` — when a connection that fails is left alone."""

    failures: Whole = Field(5, ge=1, description="After how many failures in a row of a connection.")
    recovery: Duration = Field(
        timedelta(seconds=30),
        description="How long, until one attempt tries it again.",
        json_schema_extra={"default": "30s"},
    )


class Run(_Section):
    """``run:`` — limits of a run."""

    threads: Whole = Field(4, ge=1, le=256, description="How many models run at once; a connection may allow fewer.")
    fail_fast: Flag = Field(False, description="Stop beginning models after the first failure.")
    connections: dict[str, Annotated[Whole, Field(ge=1)]] = Field(
        default_factory=dict, description="The most sessions at once, by the name of a connection."
    )
    circuit: Circuit = Field(
        default_factory=Circuit, description="When a connection to a server that fails again and again is left alone."
    )


class Checks(_Section):
    """``checks:`` — defaults of data checks."""

    samples: Whole = Field(10, ge=0, description="How many failing rows are kept as a sample; 0 keeps none.")


def _level(value: object) -> object:
    return "off" if value is False else _lower(value)  # as which some read it in YAML


Weight = Annotated[Literal["off", "warn", "error"], BeforeValidator(_level)]


class Lint(_Section):
    """``lint:`` — how much the rules of ``interlace validate`` weigh: `off`, `warn` or `error`."""

    unknown_column: Weight = Field("error", description="A column is read, or named by a key, that is not there.")
    type_mismatch: Weight = Field(
        "error", description="A column's type is not what a contract says, or is compared with."
    )
    unused_model: Weight = Field("warn", description="Nothing reads a model that is made to be read.")
    missing_description: Weight = Field("warn", description="A model has no description.")
    unbounded_incremental: Weight = Field("warn", description="An incremental model's query reads all of its sources.")
    select_star_from_source: Weight = Field("warn", description="A query takes all columns of a source.")
    unstable_ordering: Weight = Field("warn", description="Which rows come first is left to the database.")


class Logging(_Section):
    """``logging:`` — what is kept of what models log."""

    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        "info", description="The least serious lines of `context.logger` that are kept in a run's log."
    )


class Plugins(_Section):
    """``plugins:`` — which plugins take part."""

    disabled: tuple[str, ...] = Field((), description="Names of plugins that are not loaded.")
    strict: Flag = Field(False, description="A plugin that fails is an error at once.")
    safe: Flag = Field(False, description="Only Interlace's own plugins are loaded.")


class Config(_Section):
    """``config.yaml`` — the configuration of a project, merged for one environment."""

    name: str | None = Field(None, min_length=1, description="The project's name. Default: the folder's name.")
    connections: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Each connection: its type, and the options of that type.",
        json_schema_extra={
            "additionalProperties": {"type": "object", "properties": {"type": {"type": "string"}}},
        },
    )
    secrets: dict[str, SecretStore] = Field(
        default_factory=dict,
        description="Stores of secrets, for ${secret:NAME:path#key}; `env` and `file` need no entry.",
    )
    default_connection: str | None = Field(
        None, description="The connection of models that name none. Default: the one called 'default', or the only one."
    )
    default_schema: str | None = Field(
        None,
        alias="schema",
        min_length=1,
        description="The schema of models that name none. Default: the connection's.",
    )
    vars: dict[str, Annotated[VariableSpec, PlainValidator(_variable), WithJsonSchema(_VARIABLE_SCHEMA)]] = Field(
        default_factory=dict, description="Variables that SQL models use as $name."
    )
    environments: Annotated[dict[str, dict[str, Any]], BeforeValidator(_environments)] = Field(default_factory=dict)
    base_environment: str = Field("prod", description="The environment that owns the plain schemas.")
    default_environment: str = Field(
        "dev", description="The environment when neither --env nor INTERLACE_ENV names one."
    )
    defer_to: str | None = Field(
        None,
        min_length=1,
        description="The environment from which models are read that are defined there as they are here, in place of "
        "building them.",
    )
    state: State = State()
    models: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Defaults of model keys, by folder under models/."
    )
    sources: dict[str, Any] | list[Any] = Field(
        default_factory=dict, description="Relations that something else writes."
    )
    run: Run = Run()
    checks: Checks = Checks()
    allow_empty: Annotated[Literal["error", "warn", "ok"], BeforeValidator(_lower)] = Field(
        "warn", description="What a replace by zero rows over a table that has rows is."
    )
    lint: Lint = Lint()
    logging: Logging = Logging()
    timezone: Annotated[str, BeforeValidator(_timezone)] = Field(
        "UTC", description="An IANA time zone: that of intervals, and what `context.timezone` gives Python models."
    )
    plugins: Plugins = Plugins()
