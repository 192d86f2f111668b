"""The page of ``config.yaml``: the keys as its JSON schema has them, and the options of connections and of the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator import docstrings
from generator.markdown import GENERATED, code, joined, table
from generator.options import options_table, resolved, spelt_default, spelt_type
from generator.plugins import offered
from interlace.config.environ import RESERVED
from interlace.config.json_schema import json_schema
from interlace.config.schema import Policy
from interlace.config.vars import TYPES
from interlace.contracts.connection import Connection
from interlace.contracts.secret import SecretProvider
from interlace.contracts.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["page"]

_SECTIONS = ("run", "checks", "lint", "logging", "plugins")
_INTRODUCTION = """\
# Configuration

`config.yaml` lies in the project's folder, beside `models/`. Unknown keys are errors that name the nearest right one.
`interlace config show` prints every value and where it came from, `interlace config schema` the JSON schema of this
page for editors, `interlace config validate` everything that is wrong.

## Where values come from

The later one wins; mappings are merged key by key, lists and single values are replaced, and a value of null takes
what was there away, so that the default holds again.

1. the defaults below
2. `config.yaml`
3. the environment's entry under `environments:` in `config.yaml`
4. `config.{env}.yaml`, beside it
5. variables that begin with `INTERLACE_`: `INTERLACE_RUN__THREADS=8` is `run: {threads: 8}`, two underscores for each
   level

The variables are those of the process, then those of `.env.{env}`, then those of `.env` in the project's folder.

## Inside values

`${VAR}` is a variable of the environment; when it is not set that is an error. `${VAR:-default}` has a default, which
also stands in for an empty one. `$${` is a literal `${`. `{env}` in a connection, in `state` and in `schema` is the
name of the environment. A connection that nothing selected uses may hold a variable that is not set.
`${secret:NAME:path#key}` in a connection, in `state` and in `secrets` is a value of a [store of secrets](#secrets), fetched
when the connection is opened.

A duration is text such as `30s`, `10m`, `1h30m` or `7d`, or a number of seconds.
"""
_POLICY = """\
These keys every connection takes, whatever its type: [what a connection lets a project do](../how-to/policies.md).
"""
_SECRETS = """\
## secrets

Stores of secrets, by the names that references say: [Keep secrets out of files](../how-to/secrets.md). `env` and `file` are
there without an entry.
"""
_VARIABLES = """\
## vars

Each entry is a value, a list of values, or `{type, default, description}`; one without a default must be given with
`--var NAME=VALUE`. A SQL model writes `$name`, a Python model reads `context.variables["name"]`.
"""
_STATE = """\
## state

Where Interlace keeps what it knows: see [the state](state.md).
"""
_RESERVED = """\
## Variables that are not keys

These begin with `INTERLACE_` and set no key:
"""
_MEANINGS = {
    "INTERLACE_DEBUG": "`1` prints the traceback of a defect",
    "INTERLACE_ENV": "the environment, where `--env` is not given",
    "INTERLACE_PROJECT": "the project's folder, where `--project` is not given",
    "INTERLACE_RELEASE": "how Interlace's own distributions are built",
}


def page() -> str:
    """The page."""
    schema = json_schema()
    return joined(
        GENERATED,
        _INTRODUCTION,
        "## Keys",
        _table(schema["properties"], schema, linked=(*_SECTIONS, "connections", "secrets", "state", "vars")),
        *_connections(),
        *_secrets(schema),
        *_variables(),
        *_state(schema),
        *(part for name in _SECTIONS for part in _section(name, schema)),
        _RESERVED,
        table(("variable", ""), [(code(name), _MEANINGS[name]) for name in sorted(RESERVED)]),
    )


def _table(properties: Mapping[str, Any], schema: Mapping[str, Any], linked: tuple[str, ...] = ()) -> str:
    rows = []
    for word, field in properties.items():
        inner = resolved(field, schema)
        name = f"[`{word}`](#{word})" if word in linked else code(word)
        rows.append((name, spelt_type(field, schema), spelt_default(inner), _description(inner)))
    return table(("key", "takes", "default", ""), rows)


def _description(field: Mapping[str, Any]) -> str:
    text = str(field.get("description", "")).replace("``", "`")
    _, dash, rest = text.partition(" — ")
    return rest[:1].upper() + rest[1:] if dash else text


def _connections() -> Iterator[str]:
    yield "## connections"
    yield "Each entry has a name, which models use, a `type`, and the options of that type."
    yield _POLICY
    policy = Policy.model_json_schema(by_alias=True)
    yield _table(policy["properties"], policy)
    yield "### adhoc"
    yield _table(policy["$defs"]["Adhoc"]["properties"], policy)
    yield "### retry"
    yield _table(policy["$defs"]["Opening"]["properties"], policy)
    for provider, cls in offered(Connection):
        yield f"### {provider.name}"
        yield docstrings.read(cls).text
        yield options_table(cls.Config)


def _secrets(schema: Mapping[str, Any]) -> Iterator[str]:
    yield _SECRETS
    yield _table(schema["$defs"]["SecretStore"]["properties"], schema)
    for provider, cls in offered(SecretProvider):
        yield f"### secrets: {provider.name}"
        yield docstrings.read(cls).text
        yield options_table(cls.Config) or "It takes no options."


def _variables() -> Iterator[str]:
    yield _VARIABLES
    yield f"Types: {', '.join(code(name) for name in TYPES)}, and lists of them such as `list[text]`."


def _state(schema: Mapping[str, Any]) -> Iterator[str]:
    yield _STATE
    yield _table(schema["$defs"]["State"]["properties"], schema)
    for provider, cls in offered(StateStore):
        yield f"### state: {provider.name}"
        yield options_table(cls.Config)


def _section(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    properties = resolved(schema["properties"][name], schema)["properties"]
    yield f"## {name}"
    yield _table(properties, schema)
    for word, field in properties.items():
        inner = resolved(field, schema)
        if "properties" in inner:
            yield f"### {name}.{word}"
            yield _table(inner["properties"], schema)
