from __future__ import annotations

import pytest

from interlace.config.secrets import Secrets
from interlace.config.show import masked_values, settings
from interlace.contracts.options import Options
from interlace.contracts.secret import SecretProvider, unavailable
from interlace.errors import ConnectionFailure, InvalidConfig, SecretUnavailable, UnknownProvider
from interlace.redaction import Secret

ENV = "connections:\n  default: {type: postgres, user: '${secret:env:USR}', password: '${secret:env:PW}', port: 1}\n"


class Accepting(Options):
    user: str | None = None
    password: str | None = None
    port: int | None = None
    schema_: str | None = None


class Counting(SecretProvider):
    """Counts what is fetched."""

    fetched: list[tuple[str, str | None]]

    def __init__(self, *positional, **named):
        super().__init__(*positional, **named)
        self.fetched = []
        self.closed = False

    def fetch(self, path, key):
        self.fetched.append((path, key))
        if path == "missing":
            raise unavailable("it is not there", "Put it there.", transient=True)
        return Secret(f"{path}-{len(self.fetched)}")

    def close(self):
        self.closed = True


@pytest.fixture
def counted(load):
    """A configuration whose store ``mine`` counts, with a clock that a test turns."""

    def make(options: str = "password: '${secret:mine:pw}'", store: str = "type: mine, ttl: 5m"):
        loaded = load(f"secrets:\n  mine: {{{store}}}\nconnections:\n  default: {{type: x, {options}}}\n")
        now = [0.0]
        made = Secrets(loaded, clock=lambda: now[0])
        provider = Counting("mine", Options(), root=loaded.root, environ={})
        made._made["mine"] = provider
        loaded.__dict__["secrets"] = made
        return loaded, provider, now

    return make


def test_options_are_given_their_secrets_as_plain_text(load):
    loaded = load(ENV, environ={"USR": "loader", "PW": "hidden-away"})

    options = loaded.options(Accepting, "connections", "default")

    assert ("loader", "hidden-away", 1) == (options.user, options.password, options.port)
    assert str is type(options.password)


def test_a_secret_is_looked_up_in_env_files_too(load):
    loaded = load(ENV, environ={"USR": "loader"}, files={".env": "PW=from-the-file\n"})

    assert "from-the-file" == loaded.options(Accepting, "connections", "default").password


def test_nothing_is_fetched_before_options_are_asked_for(counted):
    loaded, provider, _ = counted()

    loaded.connection("default").require()
    masked_values(loaded)

    assert [] == provider.fetched


def test_one_fetch_serves_many_uses_until_its_time_is_over(counted):
    loaded, provider, now = counted("password: '${secret:mine:pw}', user: '${secret:mine:pw}'")

    loaded.options(Accepting, "connections", "default")
    now[0] = 299
    before = loaded.options(Accepting, "connections", "default")
    now[0] = 300
    after = loaded.options(Accepting, "connections", "default")

    assert ("pw-1", "pw-2") == (before.password, after.password)
    assert [("pw", None), ("pw", None)] == provider.fetched


def test_two_keys_of_one_path_are_two_secrets(counted):
    loaded, provider, _ = counted("password: '${secret:mine:pw#a}', user: '${secret:mine:pw#b}'")

    loaded.options(Accepting, "connections", "default")

    assert [("pw", "a"), ("pw", "b")] == sorted(provider.fetched)


def test_a_secret_that_cannot_be_had_says_which_and_where(counted):
    loaded, _, _ = counted("password: '${secret:mine:missing#pw}'")

    with pytest.raises(SecretUnavailable) as caught:
        loaded.options(Accepting, "connections", "default")

    assert "The secret 'missing', key 'pw' of 'mine': it is not there." == caught.value.message
    assert "config.yaml:4:" in str(caught.value)
    assert ("Put it there.", True) == (caught.value.hint, caught.value.transient)
    assert isinstance(caught.value, ConnectionFailure)


def test_the_error_keeps_nothing_of_what_led_to_it(counted):
    loaded, _, _ = counted("password: '${secret:mine:missing}'")

    with pytest.raises(SecretUnavailable) as caught:
        loaded.options(Accepting, "connections", "default")

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_closing_closes_the_stores_that_were_asked(counted):
    loaded, provider, _ = counted()
    loaded.options(Accepting, "connections", "default")

    loaded.close()

    assert provider.closed


def test_a_wrong_option_is_said_without_the_secret(load):
    loaded = load("connections:\n  default: {type: x, port: '${secret:env:PORT}'}\n", environ={"PORT": "no-number"})

    with pytest.raises(InvalidConfig) as caught:
        loaded.options(Accepting, "connections", "default")

    assert "connections.default.port must be a whole number, not '***'." == caught.value.message
    assert "no-number" not in str(caught.value)


def test_a_store_may_have_its_own_secrets_in_another(load):
    config = (
        "secrets:\n  inner: {type: file, folder: '${secret:env:FOLDER}'}\n"
        "connections:\n  default: {type: x, password: '${secret:inner:pw.txt}'}\n"
    )
    loaded = load(config, environ={"FOLDER": "keys"})
    file = loaded.root / "keys" / "pw.txt"
    file.parent.mkdir()
    file.write_text("hidden-away\n")
    file.chmod(0o600)

    assert "hidden-away" == loaded.options(Accepting, "connections", "default").password


def test_stores_that_need_one_another_are_refused(load):
    loaded = load(
        "secrets:\n  a: {type: file, folder: '${secret:b:x}'}\n  b: {type: file, folder: '${secret:a:x}'}\n"
        "connections:\n  default: {type: x, password: '${secret:a:x}'}\n"
    )

    with pytest.raises(SecretUnavailable, match="need one another: a → b → a"):
        loaded.options(Accepting, "connections", "default")


def test_a_variable_that_a_store_lacks_matters_once_the_store_is_asked(load):
    config = (
        "secrets:\n  other: {type: file, folder: '${NOPE}'}\n"
        "connections:\n  default: {type: x, password: '${secret:other:x}'}\n  plain: {type: x}\n"
    )
    loaded = load(config + "default_connection: plain\n")

    loaded.options(Accepting, "connections", "plain")
    with pytest.raises(InvalidConfig, match="NOPE, which is not set"):
        loaded.options(Accepting, "connections", "default")


def test_a_type_that_is_not_installed_says_what_to_install_and_where_it_is_named(load):
    loaded = load("secrets:\n  v: {type: vualt}\nconnections:\n  default: {type: x, password: '${secret:v:x}'}\n")

    with pytest.raises(UnknownProvider, match="No secret store 'vualt'") as caught:
        loaded.options(Accepting, "connections", "default")

    assert "config.yaml:2:" in str(caught.value)


def test_what_is_shown_of_the_configuration_is_masked(load):
    config = (
        "secrets:\n  v: {type: vault, token: plain-token}\n"
        "connections:\n  default: {type: x, password: '${secret:env:PW}', url: 'pg://u:${secret:env:PW}@h', dsn: '${secret:env:D}'}\n"
    )
    loaded = load(config, environ={"PW": "hidden-away"})

    shown = {one.key: one.value for one in settings(loaded)}

    assert "***" == shown["secrets.v.token"]
    assert ("***", "pg://***@h", "${secret:env:D}") == tuple(
        shown[f"connections.default.{key}"] for key in ("password", "url", "dsn")
    )
    assert "hidden-away" not in repr(masked_values(loaded))
    assert "plain-token" not in repr(masked_values(loaded))


def test_the_time_to_live_must_be_a_duration(load):
    with pytest.raises(Exception, match=r"secrets\.v\.ttl"):
        load("secrets:\n  v: {type: vault, ttl: soon}\n")


def test_many_threads_share_one_fetch(counted):
    from concurrent.futures import ThreadPoolExecutor

    loaded, provider, _ = counted()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: loaded.options(Accepting, "connections", "default").password, range(32)))

    assert ({"pw-1"}, 1) == (set(found), len(provider.fetched))
