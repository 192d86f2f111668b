from __future__ import annotations

import pytest

from interlace.config.references import Reference, WithSecrets
from interlace.errors import InvalidConfig, InvalidProject
from interlace.redaction import Secret

WAREHOUSE = "connections:\n  default: {type: postgres, %s}\n"


def problem(load, config: str, **options) -> str:
    with pytest.raises(InvalidProject) as caught:
        load(config, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("inside", "reference"),
    [
        ("env:PASSWORD", Reference("env", "PASSWORD")),
        ("vault:apps/db#password", Reference("vault", "apps/db", "password")),
        ("aws:arn:aws:secretsmanager:eu:1:secret:x", Reference("aws", "arn:aws:secretsmanager:eu:1:secret:x")),
        ("file:/run/a#b#c", Reference("file", "/run/a#b", "c")),
    ],
)
def test_a_reference_is_a_store_a_path_and_perhaps_a_key(inside, reference):
    assert reference == Reference.parse(inside)
    assert inside == str(reference)


@pytest.mark.parametrize("inside", ["vault", "vault:", ":x", "vault:x#", "vault:#x", ""])
def test_a_reference_without_one_of_its_parts_is_refused(inside):
    with pytest.raises(ValueError, match="is no reference to a secret"):
        Reference.parse(inside)


def test_a_value_with_a_secret_shows_the_reference_and_not_more(load):
    loaded = load(
        WAREHOUSE % "url: 'postgresql://u:${secret:env:PW}@${HOST}/w'", environ={"HOST": "db", "PW": "hidden"}
    )

    assert "postgresql://u:${secret:env:PW}@db/w" == loaded.connections["default"].options["url"]
    assert "hidden" not in repr(loaded)


def test_the_path_of_a_reference_may_hold_variables_and_the_environment(load):
    loaded = load(WAREHOUSE % "password: '${secret:env:${TEAM}_{env}_PW}'", "prod", environ={"TEAM": "A"})

    assert (Reference("env", "A_prod_PW"),) == loaded.connections["default"].options["password"].references


def test_the_environment_in_the_path_of_a_secret_does_not_keep_environments_apart(load):
    loaded = load("environments: [dev, prod]\n" + WAREHOUSE % "url: '${secret:env:{env}_URL}'", "dev")

    assert "dev__" == loaded.prefix()


def test_a_default_may_be_a_secret(load):
    loaded = load(WAREHOUSE % "password: '${PW:-${secret:env:OTHER}}'", environ={})

    assert (Reference("env", "OTHER"),) == loaded.connections["default"].options["password"].references


def test_two_dollars_make_a_reference_plain_text(load):
    loaded = load(WAREHOUSE % "password: '$${secret:env:PW}'")

    assert "${secret:env:PW}" == loaded.connections["default"].options["password"]
    assert str is type(loaded.connections["default"].options["password"])


def test_a_secret_in_the_user_part_of_a_url_is_encoded():
    text = WithSecrets(["postgresql://u:", Reference("env", "PW"), "@db/w"])

    assert "postgresql://u:p%40ss%2F%3A@db/w" == text.filled(lambda _: Secret("p@ss/:")).reveal()


@pytest.mark.parametrize(
    "parts", [["postgresql://u@db/", Reference("env", "DB")], [Reference("env", "URL")], ["a=", Reference("env", "A")]]
)
def test_a_secret_elsewhere_is_put_in_as_it_is(parts):
    assert WithSecrets(parts).filled(lambda _: Secret("p@ss/:")).reveal().endswith("p@ss/:")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("timezone: '${secret:env:X}'\n", "can stand only under connections:, secrets:, state:"),
        ("vars: {x: '${secret:env:X}'}\n", "can stand only under"),
        ("state: {type: '${secret:env:X}'}\n", "needed before any is fetched"),
        ("state: {type: sqlite, path: '${secret:env:X}'}\n", "needed before any is fetched"),
        ("state: {type: sqlite, url: '${secret:valt:X}'}\nsecrets: {vault: {type: vault}}\n", "Did you mean 'vault'"),
    ],
)
def test_a_secret_where_it_cannot_be_is_refused_with_its_place(load, config, said):
    message = problem(load, config)

    assert said in message
    assert "config.yaml:" in message


@pytest.mark.parametrize(
    "option", ["schema: '${secret:env:X}'", "password: '${secret:nope:X}'", "password: '${secret:x}'"]
)
def test_a_wrong_reference_of_a_connection_matters_once_it_is_used(load, option):
    loaded = load(WAREHOUSE % option)

    with pytest.raises(InvalidConfig, match="secret"):
        loaded.connection("default").require()


def test_a_secret_may_stand_deep_in_an_option(load):
    loaded = load("connections:\n  default: {type: duckdb, path: a, attach: {crm: {path: '${secret:env:X}'}}}\n")

    assert loaded.uses_secrets("connections", "default")
    assert loaded.connection("default").require()


def test_a_variable_of_env_files_holds_no_secret(load):
    assert "only in config.yaml" in problem(load, files={".env": "A=${secret:env:B}\n"}, config="")
