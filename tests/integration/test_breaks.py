"""Random projects and random edits: a plan that names a broken reader is right, and one that names none runs."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from interlace import Project
from interlace.run import breaks

CONFIG = "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n"
NAMES = ["a", "b", "c", "d"]


@dataclass(frozen=True)
class Query:
    """A model: of the first, its columns; of the others, what they read and how.

    Attributes:
        parent: the number of the model that it reads; None for constants.
        columns: that it names.
        star: whether it takes all that its parent gives.
    """

    parent: int | None
    columns: tuple[str, ...]
    star: bool
    shape: str
    materialise: str

    def text(self) -> str:
        head = f"-- @materialise: {self.materialise}\n" if self.parent is not None else ""
        if self.parent is None:
            return "SELECT " + ", ".join(f"{i} AS {c}" for i, c in enumerate(self.columns))
        said = "*" if self.star else ", ".join(f"p.{c}" for c in self.columns)
        source = f"m{self.parent}"
        match self.shape:
            case "where":
                return f"{head}SELECT {said} FROM {source} AS p WHERE {self.columns[0]} >= 0"
            case "cte":
                return f"{head}WITH p AS (SELECT * FROM {source}) SELECT {said} FROM p"
            case "join":
                return (
                    f"{head}SELECT {said} FROM {source} AS p JOIN m0 AS o ON o.{self.columns[0]} = p.{self.columns[0]}"
                )
            case _:
                return f"{head}SELECT {said} FROM {source} AS p"


@st.composite
def projects(draw) -> list[Query]:
    made = [Query(None, ("a", "b", "c"), star=False, shape="", materialise="table")]
    given = [set(made[0].columns)]
    for number in range(1, draw(st.integers(2, 4))):
        parent = draw(st.integers(0, number - 1))
        offered = sorted(given[parent] & given[0]) or sorted(given[parent])
        columns = tuple(draw(st.lists(st.sampled_from(offered), min_size=1, max_size=3, unique=True)))
        star = draw(st.booleans())
        shape = draw(st.sampled_from(["plain", "where", "cte", "join"] if given[parent] & given[0] else ["plain"]))
        if shape == "join" and star:
            shape = "where"
        materialise = draw(st.sampled_from(["table", "view", "ephemeral"]))
        made.append(Query(parent, columns, star, shape, materialise))
        given.append(given[parent] if star else set(columns))
    return made


@st.composite
def edits(draw) -> tuple[list[Query], int, Query]:
    """A project, which of its models is edited, and what it becomes."""
    before = draw(projects())
    published = [i for i, q in enumerate(before) if q.materialise != "ephemeral"]
    which = draw(st.sampled_from(published))
    columns = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)))
    return before, which, replace(before[which], columns=columns, star=False)


def write(root: Path, queries: list[Query]) -> None:
    for number, query in enumerate(queries):
        (root / "models" / f"m{number}.sql").write_text(query.text() + "\n")


@pytest.mark.slow
@settings(settings.get_profile("loads"), max_examples=int(os.environ.get("INTERLACE_EXAMPLES") or 6))
@given(edit=edits())
def test_who_is_named_fails_and_where_nobody_is_named_nobody_does(edit):
    before, which, after = edit
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = Path(folder)
        (root / "models").mkdir()
        (root / "config.yaml").write_text(CONFIG)
        write(root, before)
        with Project.load(root) as project:
            assert "succeeded" == project.run().status
        write(root, [*before[:which], after, *before[which + 1 :]])
        with Project.load(root) as project:
            named = [b.text for b in project.plan().breaks if b.stops]
        patch.setattr(breaks, "refuse_broken", lambda plan: None)
        with Project.load(root) as project:
            result = project.run()
        failed = {f.model: str(f.error) for f in result.failed}

        event("breaks" if named else "breaks nobody")
        assert bool(named) == bool(failed), (named, failed)
