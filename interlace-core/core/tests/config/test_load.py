from __future__ import annotations

from datetime import date, timedelta

import pytest

from interlace.config import load_config
from interlace.contracts.options import Options
from interlace.errors import InvalidConfig, InvalidProject, UsageError


def _errors(load, *args, **kwargs) -> str:
    with pytest.raises(InvalidProject) as caught:
        load(*args, **kwargs)
    return str(caught.value)


# --- what is read ---------------------------------------------------------------------------------------------------


def test_a_small_configuration_takes_the_defaults(load):
    loaded = load()

    config = loaded.config
    assert ("project", "dev", "default") == (loaded.name, loaded.environment, loaded.default_connection)
    assert (4, False, 10, "warn", "UTC", "sqlite") == (
        config.run.threads,
        config.run.fail_fast,
        config.checks.samples,
        config.allow_empty,
        config.timezone,
        config.state.type,
    )


def test_everything_that_may_be_said_is_read(load):
    config = load("""
        name: my shop
        connections:
          lake: {type: duckdb, path: lake.duckdb}
          other: {type: duckdb, path: other.duckdb}
        default_connection: lake
        schema: core
        vars: {since: 2024-01-01, limits: [1, 2], who: {type: text}}
        environments: [dev, prod]
        state: {type: sqlite, path: .interlace/state.db, retention: {events: 30d}}
        models: {staging: {materialise: view}}
        sources: {raw: {connection: other}}
        run: {threads: 8, fail_fast: true, connections: {lake: 2}}
        checks: {samples: 0}
        allow_empty: error
        logging: {level: DEBUG}
        timezone: Europe/Berlin
        plugins: {disabled: [acme], strict: true, safe: false}
    """).config

    assert "my shop" == config.name
    assert date(2024, 1, 1) == config.vars["since"].default
    assert {"path": ".interlace/state.db"} == config.state.options
    assert {"events": timedelta(days=30)} == config.state.retention
    assert {"lake": 2} == config.run.connections
    assert ("debug", ("acme",), "core") == (
        config.logging.level,
        config.plugins.disabled,
        config.default_schema,
    )


def test_an_empty_section_means_its_defaults(load):
    assert 4 == load("run:\nlogging:\n  level:\n").config.run.threads


def test_the_only_connection_is_the_default_one(load):
    assert "lake" == load("connections: {lake: {type: duckdb}}").default_connection


# --- layers ---------------------------------------------------------------------------------------------------------


def test_each_layer_beats_the_one_before(load):
    config = """
        run: {threads: 1, fail_fast: false}
        environments:
          dev: {run: {threads: 2}}
          prod:
    """
    files = {"config.dev.yaml": "run: {threads: 3}\n"}

    assert 2 == load(config).config.run.threads
    assert 3 == load(config, files=files).config.run.threads
    assert 4 == load(config, files=files, environ={"INTERLACE_RUN__THREADS": "4"}).config.run.threads
    overridden = load(config, files=files, environ={"INTERLACE_RUN__THREADS": "4"}, overrides={"run.threads": 5})
    assert 5 == overridden.config.run.threads


def test_each_value_knows_where_it_came_from(load):
    loaded = load(
        "run: {threads: 1}\nlogging: {level: info}\n",
        files={"config.dev.yaml": "logging:\n  level: error\n", ".env": "\n# a\nINTERLACE_TIMEZONE=Europe/Rome\n"},
        environ={"INTERLACE_CHECKS__SAMPLES": "3"},
    )

    assert {
        "connections.default.type": "config.yaml:2",
        "connections.default.path": "config.yaml:2",
        "run.threads": "config.yaml:3",
        "logging.level": "config.dev.yaml:2",
        "timezone": "INTERLACE_TIMEZONE in .env:3",
        "checks.samples": "INTERLACE_CHECKS__SAMPLES",
    } == {key: str(origin) for key, origin in loaded.origins.items()}


def test_an_overlay_of_another_environment_does_nothing(load):
    files = {"config.prod.yaml": "run: {threads: 9}\n"}

    assert [4, 9] == [load("", env, files=files).config.run.threads for env in ("dev", "prod")]


def test_null_in_an_overlay_brings_the_default_back(load):
    assert 4 == load("run: {threads: 9}\n", files={"config.dev.yaml": "run: {threads: null}\n"}).config.run.threads


def test_an_overlay_cannot_declare_environments(load):
    assert "config.dev.yaml:1:1: 'environments' can stand only in config.yaml itself." in _errors(
        load, files={"config.dev.yaml": "environments: [a]\n"}
    )


def test_an_overlay_that_ends_in_yml_is_named(load):
    assert "Rename it to config.prod.yaml" in _errors(load, files={"config.prod.yml": "run: {}\n"})


# --- variables ------------------------------------------------------------------------------------------------------


def test_the_environment_of_the_process_beats_env_files_and_the_nearer_file_beats_the_wider(load):
    config = "connections: {default: {type: duckdb, path: '${A}-${B}-${C}-{env}'}}"
    files = {".env": "A=1\nB=1\nC=1\n", ".env.dev": "B=2\nC=2\n"}

    loaded = load(config, files=files, environ={"C": "3"})

    assert "1-2-3-dev" == loaded.connections["default"].options["path"]


def test_env_files_know_quotes_exports_comments_and_variables(load):
    env = """
        export HOST=db   # a comment
        QUOTED="a b # c"
        LITERAL='${HOST}'
        URL=${HOST}:${PORT:-5432}
    """
    config = "connections: {default: {type: x, a: '${HOST}', b: '${QUOTED}', c: '${LITERAL}', d: '${URL}'}}"

    assert {"a": "db", "b": "a b # c", "c": "${HOST}", "d": "db:5432"} == load(config, files={".env": env}).connections[
        "default"
    ].options


def test_a_broken_line_of_an_env_file_names_its_line_and_hides_what_may_be_secret(load):
    said = _errors(load, files={".env": "A=1\n\nPASSWORD 'hunter2\n"})

    assert ".env:3: is no NAME=value." in said


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_of_an_env_file_are_counted_with_either_line_end(project, end):
    root = project()
    (root / ".env").write_bytes(end.join(["", "# a", "", "A=1", "", "B=${NOPE}", ""]).encode())

    with pytest.raises(InvalidProject, match=r"\.env:6: uses the variable NOPE"):
        load_config(root, environ={})


def test_an_unset_variable_names_file_line_and_key(load):
    said = _errors(load, "name: ${NOPE}\n")

    assert "config.yaml:3:7: name uses the variable NOPE, which is not set." in said
    assert "${NOPE:-default}" in said


def test_an_unset_variable_of_a_connection_is_an_error_only_for_who_uses_it(load):
    loaded = load("connections:\n  default: {type: duckdb}\n  wh: {type: postgres, password: '${PGPASSWORD}'}\n")

    assert {} == loaded.connection().require()
    with pytest.raises(InvalidConfig, match=r"config.yaml:3:34: connections.wh.password uses the variable PGPASSWORD"):
        loaded.connection("wh").require()


def test_numbers_and_flags_may_come_from_variables(load):
    config = load("run: {threads: '${N}', fail_fast: '${F}'}\n", environ={"N": "7", "F": "true"}).config

    assert (7, True) == (config.run.threads, config.run.fail_fast)


def test_the_environment_is_filled_into_connections_state_and_schemas_only(load):
    loaded = load("""
        connections: {default: {type: duckdb, path: 'x/{env}'}}
        state: {path: 'state-{env}.db'}
        schema: 'a_{env}'
        name: '{env}'
        models: {m: {schema: '{env}', description: '{env}'}}
    """)

    assert ("{env}", "a_dev", "state-dev.db", {"schema": "dev", "description": "{env}"}) == (
        loaded.config.name,
        loaded.config.default_schema,
        loaded.config.state.options["path"],
        loaded.config.models["m"],
    )


# --- INTERLACE_* ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("INTERLACE_CONNECTIONS__DEFAULT__PATH", "y", ("connections", "default", "path")),
        ("INTERLACE_SCHEMA", "y", ("schema",)),
        ("INTERLACE_STATE__PATH", "y", ("state", "path")),
        ("INTERLACE_MODELS", '{"m": "y"}', ("models", "m")),
        ("INTERLACE_PLUGINS__DISABLED", '["y"]', ("plugins", "disabled", 0)),
    ],
)
def test_any_key_can_be_set_by_a_variable(load, name, value, path):
    config = "connections: {Default: {type: duckdb, path: x}, other: {type: duckdb}}\ndefault_connection: other\n"
    loaded = None
    if name == "INTERLACE_MODELS":
        value = '{"m": {"owner": "y"}}'
        path = ("models", "m", "owner")

    loaded = load(config, environ={name: value})

    path = tuple("Default" if part == "default" else part for part in path)
    assert name == str(loaded.origin(*path))


def test_a_variable_keeps_a_password_as_it_is(load):
    loaded = load(environ={"INTERLACE_CONNECTIONS__DEFAULT__PASSWORD": "a${b}$${c"})

    assert "a${b}$${c" == loaded.connections["default"].options["password"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "INTERLACE_RUM__THREADS",
            "3",
            "INTERLACE_RUM__THREADS: is no key of the configuration.\nDid you mean 'INTERLACE_RUN__THREADS'?",
        ),
        (
            "INTERLACE_RUN__THREDS",
            "3",
            "INTERLACE_RUN__THREDS: unknown key 'threds' under 'run'.\nDid you mean 'threads'?",
        ),
        ("INTERLACE_RUN__THREADS", "x", "INTERLACE_RUN__THREADS: run.threads must be a whole number, not 'x'."),
        ("INTERLACE_RUN", "{", "INTERLACE_RUN: holds no valid JSON"),
        ("INTERLACE_VARS__A", "x", "INTERLACE_VARS__A: vars.a.default"),
    ],
)
def test_a_wrong_variable_is_an_error_that_names_it(load, name, value, said):
    text = _errors(load, "vars: {a: 1}\n", environ={name: value})

    assert said.replace(".default", "") in text.replace(".default", "")


def test_the_project_and_the_environment_are_no_keys(load):
    loaded = load(environ={"INTERLACE_ENV": "prod", "INTERLACE_PROJECT": "x"})

    assert "prod" == loaded.environment


# --- environments ---------------------------------------------------------------------------------------------------


def test_the_sections_and_the_overlays_declare_environments(load):
    loaded = load("environments: {ci: {}}\n", files={"config.staging.yaml": "run: {}\n"})

    assert (True, {"ci", "staging", "dev", "prod"}) == (loaded.declared, set(loaded.environments))


def test_an_unknown_environment_is_refused_where_environments_are_declared(load):
    with pytest.raises(UsageError, match="no environment 'stagin'"):
        load("environments: [staging]\n", "stagin")


def test_a_project_without_declarations_takes_any_environment_that_has_a_place_of_its_own(load):
    loaded = load("", "try-1")

    assert ("data/try-1.duckdb", "", False) == (
        loaded.connection().options["path"],
        loaded.prefix(),
        loaded.declared,
    )


def test_a_project_without_declarations_has_one_environment_where_nothing_keeps_two_apart(load):
    with pytest.raises(UsageError, match="would write to the same tables"):
        load("connections: {default: {type: duckdb, path: x.duckdb}}", "prod")


def test_where_no_place_is_told_apart_the_others_write_to_prefixed_schemas(load):
    config = "connections: {default: {type: duckdb, path: x.duckdb}}\nenvironments: [dev, prod]\nschema: core\n"

    assert [("dev__", "core"), ("", "core")] == [
        (loaded.prefix(), loaded.default_schema()) for loaded in (load(config, "dev"), load(config, "prod"))
    ]


def test_the_base_environment_can_be_another(load):
    config = "connections: {default: {type: duckdb, path: x}}\nenvironments: [dev, live]\nbase_environment: live\n"

    assert ["", "dev__"] == [load(config, env).prefix() for env in ("live", "dev")]


@pytest.mark.parametrize("key", ["path", "database", "schema", "url"])
def test_the_environment_in_a_place_keeps_names_plain(load, key):
    config = f"connections: {{default: {{type: x, {key}: 'a_{{env}}'}}}}\nenvironments: [dev, prod]\n"

    assert "" == load(config, "dev").prefix()


def test_the_environment_in_another_option_does_not(load):
    config = "connections: {default: {type: x, path: p, label: 'a_{env}'}}\nenvironments: [dev, prod]\n"

    assert "dev__" == load(config, "dev").prefix()


def test_two_environments_that_lead_to_one_place_are_refused(load):
    config = "connections: {default: {type: duckdb, path: 'a/{env}/../x.duckdb'}}\nenvironments: [dev, prod]\n"

    said = _errors(load, config)

    assert "The environments 'dev' and 'prod' would write to the same place: connection 'default'" in said


def test_a_plain_schema_that_another_environment_gets_by_its_prefix_is_refused(load):
    config = """
        connections: {default: {type: duckdb, path: x.duckdb}}
        environments:
          prod: {schema: dev__core}
          dev: {schema: core}
    """

    assert "would write to the same place" in _errors(load, config)


def test_environments_that_differ_by_case_are_refused(load):
    assert "'dev' and 'Dev' differ only by case" in _errors(load, "environments: [dev, Dev]\n")


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("run: {threds: 8}\n", "config.yaml:3:7: unknown key 'threds' under 'run'."),
        ("run: {threads: many}\n", "config.yaml:3:16: run.threads must be a whole number, not 'many'."),
        ("run: {threads: true}\n", "run.threads must be a whole number, not true."),
        ("run: {threads: 0}\n", "run.threads must be at least 1, not 0."),
        ("run: {fail_fast: 1}\n", "run.fail_fast must be true or false, not 1."),
        ("run: 3\n", "run must be a mapping of keys to values, not 3."),
        ("run: {connections: {defult: 2}}\n", "run.connections.defult limits no connection"),
        ("name: 3\n", "name must be text, not 3."),
        ("name: ''\n", "name must not be empty"),
        ("logging: {level: infos}\n", "Did you mean 'info'?"),
        ("allow_empty: maybe\n", "allow_empty must be one of error, warn, ok, not 'maybe'."),
        ("timezone: Europe/Berln\n", "Did you mean 'Europe/Berlin'?"),
        ("state: {retention: {events: long}}\n", "state.retention.events must be a duration"),
        ("plugins: {disabled: acme}\n", "plugins.disabled must be a list, not 'acme'."),
        ("models: [a]\n", "models must be a mapping of keys to values, not a list."),
        ("sources: 3\n", "sources must be a mapping of keys to values or a list, not 3."),
        ("environments: 3\n", "environments must be a list of names, or a mapping"),
        ("vars: {start: 1}\n", "The variable's name 'start' is taken"),
        ("vars: {a: {typ: int}}\n", "vars.a has an unknown key 'typ'"),
        ("default_connection: lake\n", "names 'lake', which is no connection"),
        ("base_environment: a/b\n", "base_environment must be letters"),
        ("connections: {default: {path: x}}\n", "connections.default.type is missing"),
        ("connections: {default: {type: 3}}\n", "connections.default.type must be text"),
        ("connections: {default: duckdb}\n", "connections.default must be a mapping of keys to values, not 'duckdb'."),
        ("connections: {a: {type: x}, b: {type: x}}\n", "There are several connections (a, b)"),
        ("connections: {}\n", "The project has no connections."),
        ("", None),
    ],
)
def test_what_is_wrong_is_said_with_its_place(load, config, said):
    if said is None:
        load(config)
        return
    assert said in _errors(load, config)


def test_all_errors_are_reported_together_in_the_order_of_the_file(load):
    with pytest.raises(InvalidProject) as caught:
        load("nme: 1\nrun: {threads: x}\nname: ${NOPE}\n")

    assert [3, 4, 5] == [error.where.line for error in caught.value.errors]


def test_a_wrong_secret_is_not_shown(load):
    loaded = load("connections: {default: {type: x, password: [hunter2]}}")

    class Config(Options):
        password: str

    with pytest.raises(InvalidConfig) as caught:
        loaded.options(Config, "connections", "default")
    assert "hunter2" not in str(caught.value)
    assert "config.yaml:1:44: connections.default.password must be text, not a list." in str(caught.value)


def test_an_empty_file_says_what_it_needs(load, project):
    root = project()
    (root / "config.yaml").write_text("# nothing yet\n")

    with pytest.raises(InvalidProject, match=r"config.yaml: is empty"):
        load_config(root, environ={})


# --- options of plugins ---------------------------------------------------------------------------------------------


class Server(Options):
    host: str
    port: int = 5432


def test_a_plugin_validates_its_options_with_their_place(load):
    loaded = load("connections: {default: {type: x, host: db}}")

    assert Server(host="db") == loaded.options(Server, "connections", "default")


def test_an_unknown_option_names_file_line_and_the_nearest(load):
    loaded = load("connections:\n  default:\n    type: x\n    host: db\n    prot: 1\n")

    with pytest.raises(
        InvalidConfig, match=r"config.yaml:5:5: unknown key 'prot' under 'connections.default'"
    ) as caught:
        loaded.options(Server, "connections", "default")
    assert "Did you mean 'port'?" in str(caught.value)


def test_a_missing_option_names_the_connection(load):
    loaded = load("connections:\n  default: {type: x}\n")

    with pytest.raises(InvalidConfig, match=r"config.yaml:2:3: connections.default.host is missing"):
        loaded.options(Server, "connections", "default")


def test_options_that_nobody_wrote_are_the_defaults(load):
    class State(Options):
        path: str = "state.db"

    assert State() == load().options(State, "state")


def test_an_unknown_connection_names_the_nearest(load):
    with pytest.raises(InvalidConfig, match="no connection 'defualt'") as caught:
        load().connection("defualt")
    assert "Did you mean 'default'?" in str(caught.value)


# --- what it depends on ---------------------------------------------------------------------------------------------


def test_everything_that_was_looked_at_is_observed(load, tmp_path):
    loaded = load(
        "environments: {ci: {}}\nname: ${NAME:-x}\n",
        files={"config.prod.yaml": "run: {threads: 2}\n", ".env": "A=1\n"},
        environ={"INTERLACE_CHECKS__SAMPLES": "3"},
    )

    observed = loaded.observed
    names = {path.name for path in observed.read}
    assert {"config.yaml", "config.prod.yaml", ".env"} == names
    assert {".env.dev", "config.dev.yaml", "config.ci.yaml"} == {path.name for path in observed.absent}
    assert {"INTERLACE_ENV": None, "NAME": None, "INTERLACE_CHECKS__SAMPLES": "3"} == dict(observed.variables)
    assert ("INTERLACE_",) == observed.prefixes
    assert "config.*.yaml" in observed.globs


@pytest.mark.parametrize(
    ("options", "alone"),
    [("path: p, schema: 'a_{env}'", True), ("path: 'p_{env}', schema: 'a_{env}'", False), ("path: p", False)],
)
def test_a_connection_that_only_its_schema_keeps_apart_is_known(load, options, alone):
    assert (
        alone
        == load(f"connections: {{default: {{type: x, {options}}}}}\nenvironments: [dev, prod]\n")
        .connection()
        .schema_only
    )
