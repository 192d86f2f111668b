"""A project without files, and a way to run command lines and catch what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from interlace.config import ConnectionSpec
from interlace.config.origin import DEFAULT
from interlace.contracts.relation import Column, Relation
from interlace.contracts.state import CheckRecord, ModelState, StateSnapshot
from interlace.errors import ChecksFailed
from interlace.model.definition import CheckUse, Fingerprint, Model, Source, SqlBody, StrategyUse
from interlace.plan.steps import Plan, Reason, Step, Upstream
from interlace.run.result import Failed, NotRun, RunResult, Succeeded
from interlace.telemetry.events import ModelFinished, ModelStarted, RunFinished, RunStarted

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def _model(name: str, **keys: Any) -> Model:
    return Model(
        name,
        SqlBody("SELECT 1", 1),
        Fingerprint("d", "c", "m"),
        f"models/{name}.sql",
        strategy=StrategyUse("replace"),
        **keys,
    )


class FakeGraph:
    def __init__(self) -> None:
        orders = _model("orders", description="One row per order", checks=(CheckUse("unique", {"columns": ["id"]}),))
        nodes = [
            Source("raw_orders", "config.yaml", 3),
            orders,
            _model("customers"),
            _model("daily totals", owner="ann"),
        ]
        self.nodes = {n.name: n for n in nodes}
        self.edges = {"orders": ["raw_orders"], "daily totals": ["orders", "customers"]}

    def order(self) -> list[str]:
        return list(self.nodes)

    def parents(self, name: str) -> list[str]:
        return self.edges.get(name, [])

    def children(self, name: str) -> list[str]:
        return [child for child, parents in self.edges.items() if name in parents]


class FakeStore:
    def __init__(self, states: dict[str, ModelState]) -> None:
        self.states = states

    def snapshot(self, environment: str) -> StateSnapshot:
        return StateSnapshot(environment, 1, self.states)

    def runs(self, environment: str | None = None, *, limit: int = 20, **_: Any) -> list[Any]:
        return []

    def circuits(self) -> list[Any]:
        return []

    def file(self) -> Path | None:
        return Path(".interlace/state.db")

    def close(self) -> None:
        pass


@dataclass
class FakeProject:
    root: Path
    calls: list[tuple[str, Any]] = field(default_factory=list)
    name: str = "demo"
    environment: str = "dev"
    failing: bool = False
    nothing: bool = False
    raises: BaseException | None = None

    def __post_init__(self) -> None:
        self.graph = FakeGraph()
        self.config = SimpleNamespace(
            config=SimpleNamespace(connections={"default": object()}, timezone="UTC"),
            connection=lambda name: ConnectionSpec(name or "default", "duckdb", {}, isolated=True, origin=DEFAULT),
            uses_secrets=lambda *path: False,
        )
        orders = ModelState(
            "orders",
            data_version="1",
            relation="dev__main.orders",
            kind="table",
            columns=(Column("id", "BIGINT"), Column("amount", "DECIMAL(18,3)")),
            published_at=NOW,
            rows=1234,
            seconds=0.5,
            status="succeeded",
            attempted_at=NOW,
            run="r1",
        )
        self.store = FakeStore({"orders": orders})

    def side_table(self, _name: str) -> None:
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.append(("close", None))

    def asked_range(self, since: Any = None, until: Any = None, window: Any = None, scope: str = "all") -> Any:
        return (since, until, window) if since or until or window else None

    def plan(self, select: Any = (), exclude: Any = (), *, force: bool = False, **_: Any) -> Plan:
        self.calls.append(("plan", (list(select), list(exclude), force)))
        where = {"default": "data/dev.duckdb"}
        if self.nothing:
            return Plan("p0", "dev", where, (), (Upstream("orders", (Reason("up_to_date", "nothing changed"),)),))
        steps = (
            Step("customers", "build", (Reason("new", "it is new"),), "dev__main.customers"),
            Step("daily totals", "build", (Reason("parent", "customers runs"),), tentative=True, seconds=2.0),
        )
        done = (Upstream("orders", (Reason("up_to_date", "nothing changed"),)),)
        return Plan("0123456789abcdef", "dev", where, steps, done, ("dev__main.gone",), ("view chain is 20 deep",))

    def run(
        self, select: Any = (), exclude: Any = (), *, on_event: Any = None, command: str = "", **options: Any
    ) -> RunResult:
        # Options that most tests do not give are kept where they are given.
        usual = ("force", "threads", "fail_fast")
        kept = {name: value for name, value in options.items() if name in usual or value}
        self.calls.append(("run", (list(select), list(exclude), kept)))
        if self.raises is not None:
            raise self.raises
        plan = self.plan(select, exclude)
        if self.nothing:
            return RunResult("", "dev", "nothing", {}, plan, NOW, 0.01)
        emit = on_event or (lambda event: None)
        emit(RunStarted("r2", NOW, "dev", 2, plan.where))
        emit(ModelStarted("r2", NOW, "customers", "a1", "new"))
        outcomes: dict[str, Any]
        if self.failing:
            check = CheckRecord("unique_id", "unique", "error", False, "2 rows share id", 2, [{"id": 1, "n": None}])
            error = ChecksFailed("unique_id: 2 rows share id\nNothing was published.", model="customers")
            emit(ModelFinished("r2", NOW, "customers", "a1", "failed", "build", 0.2, message=str(error)))
            emit(ModelFinished("r2", NOW, "daily totals", "a2", "blocked", "build", 0, message="customers failed"))
            outcomes = {
                "customers": Failed("customers", "build", 0.2, error, [check]),
                "daily totals": NotRun("daily totals", "blocked", "customers failed"),
            }
        else:
            emit(
                ModelFinished(
                    "r2", NOW, "customers", "a1", "succeeded", "build", 0.12, 1234, {"inserted": 1234}, ["small"]
                )
            )
            emit(
                ModelFinished("r2", NOW, "daily totals", "a2", "skipped", "build", 0, message="no parent's rows moved")
            )
            outcomes = {
                "customers": Succeeded("customers", "build", 0.12, 1234, {"inserted": 1234}),
                "daily totals": NotRun("daily totals", "skipped", "no parent's rows moved"),
            }
        status = "failed" if self.failing else "succeeded"
        emit(RunFinished("r2", NOW, status, {}, 0.3))
        return RunResult("r2", "dev", status, outcomes, plan, NOW, 0.3)

    def cancel(self) -> None:
        self.calls.append(("cancel", None))

    def nothing_to_do(self, arguments: Any, output: str) -> None:
        self.calls.append(("answer", (tuple(arguments), output)))

    def relation(self, name: str) -> Relation | None:
        return Relation(name, "dev__main")

    def compiled(self, name: str) -> str:
        return f"SELECT '{name}'"

    def query(self, sql: str, *, connection: str | None = None, limit: int = 100) -> Any:
        self.calls.append(("query", (sql, connection, limit)))
        columns = (Column("id", "BIGINT"), Column("name", "VARCHAR"))
        return columns, [(1, "Ann"), (23, None)][:limit]

    def connection(self, name: str | None = None) -> Any:
        return SimpleNamespace(where=lambda: "data/dev.duckdb")


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    from interlace.cli.app import run as run_line

    def line(*words: str) -> Ended:
        code = run_line(list(words))
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return line


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeProject:
    """The project that every command loads; its `calls` begin with how it was loaded."""
    from interlace.run.project import Project

    fake = FakeProject(tmp_path)

    def load(path: Path, *, env: str | None = None, vars: Any = None, **_: Any) -> FakeProject:  # noqa: A002
        fake.calls.append(("load", (Path(path), env, vars)))
        return fake

    monkeypatch.setattr(Project, "load", load)
    monkeypatch.setattr("interlace.cli.context._enter", lambda _: None)
    return fake
