"""Whatever is not rebuilt after an edit would have been rebuilt equal: random projects, data and edits."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from shutil import rmtree

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlace import Project
from interlace.errors import InterlaceError

CONFIG = "name: pruning\nconnections:\n  default: {type: duckdb, path: warehouse.duckdb}\n"
KINDS = ("table", "table", "table", "view", "ephemeral")
NAMES = ("a", "b", "c", "d", "k", "n", "x", "y", "z")


@dataclass
class Query:
    """A model, as parts that edits take apart: what it selects, from where, with what."""

    name: str
    shape: str
    parents: list[str]
    items: list[tuple[str, str]]
    where: str = ""
    star: str = ""
    distinct: bool = False
    wrapped: bool = False
    odd: bool = False
    second: list[str] = field(default_factory=list)
    word: str = "UNION ALL"
    joined: str = ""
    kind: str = "table"

    def sql(self) -> str:
        head = {
            "view": "-- @materialise: view\n",
            "ephemeral": "-- @materialise: ephemeral\n",
            "merge": "-- @strategy: merge_by_key\n-- @key: k\n",
        }.get(self.kind, "")
        return head + self._laid_out(self._query())

    def _laid_out(self, query: str) -> str:
        if not self.odd:
            return query
        return query.replace(" FROM ", "\n  from -- where it comes from\n  ").replace("SELECT ", "select\n    ")

    def _query(self) -> str:
        listed = ", ".join(f"{expression} AS {name}" for name, expression in self.items)
        listed = f"{self.star}, {listed}" if self.star and listed else self.star or listed
        select = f"SELECT {'DISTINCT ' if self.distinct else ''}{listed}"
        one = self.parents[0]
        where = f" WHERE {self.where}" if self.where else ""
        match self.shape:
            case "values":
                return self.where
            case "join":
                query = f"{select} FROM {one} AS p {self.joined} {self.parents[1]} AS q ON {self.word}{where}"
            case "group":
                query = f"{select} FROM {one} AS p{where} GROUP BY {self.word}"
            case "union":
                more = ", ".join(self.second)
                query = f"{select} FROM {one} AS p{where} {self.word} SELECT {more} FROM {self.parents[1]} AS q"
            case _:
                query = f"{select} FROM {one} AS p{where}"
        if self.wrapped:
            return f"WITH w AS ({query}) SELECT * FROM w"
        return query


class Maker:
    """Makes random projects, and edits them at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.queries: dict[str, Query] = {}

    def choice(self, options):
        return self.random.choice(list(options))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # --- a project ----------------------------------------------------------------------------------------------------

    def columns(self, name: str) -> list[str]:
        """What a model offers, as far as its parts tell."""
        query = self.queries[name]
        if query.shape == "values":
            return [column for column, _ in query.items]
        star = self.columns(query.parents[0]) if query.star else []
        return list(dict.fromkeys([*star, *(column for column, _ in query.items)]))

    def project(self) -> None:
        for name in ("base", "other"):
            self.queries[name] = self.values(name)
        for number in range(self.random.randint(3, 6)):
            name = f"m{number}"
            self.queries[name] = self.query(name)
        if self.chance(0.5):
            self.queries["kept"] = self.keeping()

    def values(self, name: str) -> Query:
        columns = ["k", *self.random.sample(["a", "b", "c", "d"], 3)]
        rows = []
        for _ in range(self.random.randint(3, 8)):
            numbers = [self.choice(["0", "1", "2", "3", "NULL"]) for _ in columns]
            rows.append(f"({', '.join([self.choice(['0', '1', '2']), *numbers[1:]])})")
        text = f"SELECT * FROM (VALUES {', '.join(rows)}) AS v({', '.join(columns)})"
        return Query(name, "values", [name], [(c, c) for c in columns], where=text)

    def keeping(self) -> Query:
        parent = self.choice([n for n in self.queries if "k" in self.columns(n)])
        column = self.choice(self.columns(parent))
        items = [("k", "k"), ("m", f"max({column})"), ("n", "count(*)")]
        return Query("kept", "group", [parent], items, where="k IS NOT NULL", word="k", kind="merge")

    def query(self, name: str) -> Query:
        parents = [self.choice(list(self.queries)[-3:]), self.choice(self.queries)]
        shape = self.choice(["select", "select", "select", "join", "join", "group", "union", "scalar"])
        made = Query(name, shape, parents, [], kind=self.choice(KINDS))
        taken = self.random.sample(NAMES, self.random.randint(1, 4))
        match shape:
            case "join":
                made.joined = self.choice(["JOIN", "LEFT JOIN"])
                made.word = f"p.{self.choice(self.columns(parents[0]))} = q.{self.choice(self.columns(parents[1]))}"
                made.items = [(n, self.expression(made)) for n in taken]
            case "group":
                key = self.choice(self.columns(parents[0]))
                made.items = [("k", f"p.{key}")]
                made.items += [(n, self.aggregate(made)) for n in taken if n != "k"]
                made.word = self.choice(["ALL", "1", f"p.{key}"])
            case "union":
                made.items = [(n, self.expression(made, "p")) for n in taken]
                made.second = [self.expression(made, "q") for _ in taken]
                made.word = self.choice(["UNION ALL", "UNION ALL", "UNION"])
            case _:
                made.star = self.choice(["", "", "p.*", "*"])
                offered = self.columns(parents[0]) if made.star else []
                made.items = [(n, self.expression(made)) for n in taken if n not in offered]
                made.distinct = self.chance(0.15)
        if not made.star and not made.items:
            made.items = [("k", "1")]
        made.where = self.condition(made) if self.chance(0.3) else ""
        made.wrapped = self.chance(0.2)
        return made

    def column(self, query: Query, alias: str | None = None) -> str:
        at = 1 if (alias or (self.choice("pq") if query.shape == "join" else "p")) == "q" else 0
        column = self.choice(self.columns(query.parents[at]))
        return column if self.chance(0.3) and query.shape in {"select", "group"} else f"{'pq'[at]}.{column}"

    def expression(self, query: Query, alias: str | None = None) -> str:
        one, two = self.column(query, alias), self.column(query, alias)
        options = [one, one, one, f"{one} + {two}", f"CASE WHEN {one} > 1 THEN {two} ELSE 0 END", f"coalesce({one}, 7)"]
        if query.shape == "scalar":
            other = query.parents[1]
            inner, key = self.choice(self.columns(other)), self.choice(self.columns(other))
            options = [
                f"(SELECT max(i.{inner}) FROM {other} AS i WHERE i.{key} = {one})",
                f"(SELECT count(*) FROM {other} AS i WHERE {key} < {one})",
                f"({one} IN (SELECT {inner} FROM {other}))::INTEGER",
                one,
            ]
        elif query.shape in {"select", "join"}:
            options += [f"sum({one}) OVER (PARTITION BY {two})", f"rank() OVER (ORDER BY {one})"]
        return self.choice(options)

    def aggregate(self, query: Query) -> str:
        one = self.column(query)
        return self.choice(
            [f"sum({one})", f"max({one})", "count(*)", f"count({one})", f"count(*) FILTER (WHERE {one} > 1)"]
        )

    def condition(self, query: Query) -> str:
        one = self.column(query, None if query.shape == "join" else "p")
        return self.choice([f"{one} > 0", f"{one} IS NOT NULL", f"{one} <> 2"])

    # --- an edit ------------------------------------------------------------------------------------------------------

    def edit(self) -> tuple[str, Query]:
        """Another query for some model; the model itself is left as it is."""
        from copy import deepcopy

        read = [p for query in self.queries.values() for p in query.parents if p != query.name]
        made = deepcopy(self.queries[self.choice(read if self.chance(0.7) else self.queries)])
        if made.shape == "values":
            return made.name, self._other_values(made)
        edits = [self._add, self._add, self._add, self._change, self._change, self._drop, self._rename]
        edits += [self._condition, self._layout, self._wrap, self._move, self._star, self._kind]
        self.choice(edits)(made)
        return made.name, made

    def _other_values(self, made: Query) -> Query:
        if self.chance(0.3):
            return self.values(made.name)
        name = self.choice([n for n in NAMES if n not in dict(made.items)])
        return Query(
            made.name, "values", made.parents, [*made.items, (name, name)],
            where=f"SELECT *, {self.choice('0123')} AS {name} FROM ({made.where}) AS v",
        )  # fmt: skip

    def _item(self, query: Query) -> str:
        return (
            self.aggregate(query) if query.shape == "group" else self.expression(query, "p" if query.second else None)
        )

    def _add(self, made: Query) -> None:
        name = self.choice([n for n in NAMES if n not in dict(made.items)])
        made.items.insert(self.random.randint(0, len(made.items)), (name, self._item(made)))
        if made.second:
            made.second.append(self.expression(made, "q"))

    def _change(self, made: Query) -> None:
        at = self.random.randrange(len(made.items)) if made.items else None
        if at is not None and not (made.shape == "group" and at == 0):
            made.items[at] = (made.items[at][0], self._item(made))

    def _drop(self, made: Query) -> None:
        if len(made.items) > 1:
            at = self.random.randrange(len(made.items))
            made.items.pop(at)
            made.second[at : at + 1] = []

    def _rename(self, made: Query) -> None:
        if made.items:
            at = self.random.randrange(len(made.items))
            made.items[at] = (self.choice([n for n in NAMES if n not in dict(made.items)]), made.items[at][1])

    def _condition(self, made: Query) -> None:
        made.where = self.condition(made) if not made.where or self.chance(0.5) else ""

    def _layout(self, made: Query) -> None:
        made.odd = not made.odd

    def _wrap(self, made: Query) -> None:
        made.wrapped = not made.wrapped

    def _kind(self, made: Query) -> None:
        if made.kind in KINDS:
            made.kind = self.choice(KINDS)

    def _move(self, made: Query) -> None:
        self.random.shuffle(made.items)

    def _star(self, made: Query) -> None:
        if made.shape in {"select", "scalar"}:
            made.star = "" if made.star and made.items else "p.*"


# --- doing it ---------------------------------------------------------------------------------------------------------


def write(root: Path, queries) -> None:
    (root / "models").mkdir(parents=True, exist_ok=True)
    (root / "config.yaml").write_text(CONFIG)
    for query in queries:
        (root / "models" / f"{query.name}.sql").write_text(query.sql())


def run(root: Path, *select: str):
    """How a run ended; None where a model failed."""
    with Project.load(root, environ={}) as project:
        result = project.run(select, threads=1)
    return result if result.status in {"succeeded", "nothing"} else None


def contents(root: Path, queries) -> dict[str, tuple[list[str], Counter]]:
    """The columns and the rows of each model that has a relation."""
    found = {}
    with duckdb.connect(str(root / "warehouse.duckdb"), read_only=True) as connection:
        for query in (q for q in queries if q.kind != "ephemeral"):
            rows = connection.execute(f"SELECT * FROM {query.name}")
            names = [c[0] for c in rows.description]
            order = sorted(range(len(names)), key=names.__getitem__)
            found[query.name] = (sorted(names), Counter(tuple(row[i] for i in order) for row in rows.fetchall()))
    return found


def agree(kept: Query, found, fresh) -> bool:
    """Whether a table is what a fresh build gives; one that keeps rows has those, and may have more columns and rows."""
    if kept.kind != "merge":
        return found == fresh
    at = [found[0].index(name) for name in fresh[0]]
    return not fresh[1] - Counter({tuple(row[i] for i in at): 1 for row in found[1]})


def trial(root: Path, seed: int, tally: Counter[str]) -> None:
    """Make a project, edit it one to four times, and compare with a fresh build each time that all was run.

    `tally` counts edits, models that ran, and models that were spared because of columns.
    """
    maker = Maker(seed)
    maker.project()
    fresh_roots = (root / f"fresh{number}" for number in count())
    write(root / "own", maker.queries.values())
    if run(root / "own") is None:
        tally["unfit projects"] += 1
        return
    pending: list[str] = []
    for _ in range(maker.random.randint(1, 4)):
        name, query = maker.edit()
        before = maker.queries[name]
        fresh = next(fresh_roots)
        maker.queries[name] = query
        try:
            write(fresh, maker.queries.values())
            fits = run(fresh) is not None
        except InterlaceError:  # such as two columns of one name
            fits = False
        if not fits:
            tally["unfit edits"] += 1
            maker.queries[name] = before
            continue
        write(root / "own", maker.queries.values())
        tally["edits"] += 1
        pending.append(name)
        only = (name,) if maker.chance(0.25) else ()
        result = run(root / "own", *only)
        assert result is not None, (seed, name)
        tally["ran"] += len(result.outcomes)
        tally["spared"] += sum(u.reasons[0].code == "columns" for u in result.plan.up_to_date)
        tally["known edits"] += any(s.change and s.change.columns is not None for s in result.plan.steps)
        if only:
            continue
        expected = contents(fresh, maker.queries.values())
        for model, found in contents(root / "own", maker.queries.values()).items():
            assert agree(maker.queries[model], found, expected[model]), (seed, model, pending)
        tally["compared"] += 1


@pytest.mark.slow
def test_what_is_spared_would_have_been_rebuilt_equal(tmp_path):
    tally: Counter[str] = Counter()

    @settings(settings.get_profile("loads"))
    @given(seed=st.integers(0, 2**48))
    def tried(seed):
        trial(tmp_path / "tried", seed, tally)
        rmtree(tmp_path / "tried")

    tried()
    assert tally["edits"] >= tally["compared"] > 0 < tally["spared"], tally
