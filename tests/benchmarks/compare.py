"""The same table with other tools: ``python tests/benchmarks/compare.py --peers FOLDER [--only NAME …] [--full]``.

FOLDER holds one virtual environment for each tool, by its name; a tool that is not there is a row that says so.
Each measurement is taken once: the peers take minutes, and the differences are factors.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from bench import Bench
from measure import Cost, Refused, interlace, spend
from peers import PEERS, QUIET
from projects import DATABASE, small_tables
from python_models import DICTS
from run import cache, compile_everything
from table import grid
from tpch import TABLES, queries

__all__ = ["main"]

Measured = dict[str, "float | str"]
"""CPU seconds by tool, or why there are none."""

INTERLACE, BARE = "interlace", "bare DuckDB"
MODELS, ROWS = 200, 100_000
FULL_MODELS, FULL_ROWS = 1_000, 1_000_000


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print."""
    asked = _parser().parse_args(words)
    compile_everything()
    with tempfile.TemporaryDirectory(prefix="interlace-compare-") as folder:
        bench = Bench(Path(folder), cache(), 1, quick=not asked.full)
        names = asked.only or list(PEERS)
        table = dict(_table(bench, asked.peers, names, full=asked.full))
    columns = (BARE, INTERLACE, *names)
    print("CPU seconds of whole processes, user and system, each measured once")
    print(grid(("what", *columns), [(what, *(_cell(found.get(c)) for c in columns)) for what, found in table.items()]))
    return 0


def _table(bench: Bench, folder: Path, names: Sequence[str], *, full: bool) -> Iterator[tuple[str, Measured]]:
    present = {n: p for n in names if (p := folder / n / "bin" / PEERS[n].program).exists()}
    missing: Measured = {n: "not installed" for n in names if n not in present}
    count, rows = (FULL_MODELS, FULL_ROWS) if full else (MODELS, ROWS)
    yield "--version", {**missing, **_versions(bench, present)}
    builders = {n: p for n, p in present.items() if PEERS[n].run}
    first, again, leaf = _small(bench, builders, count)
    yield f"first run of {count:,} small tables", {**missing, **first}
    yield "again, nothing changed", {**missing, **again}
    yield "one leaf changed", {**missing, **leaf}
    yield "22 TPC-H queries at scale 1", {**missing, **_tpch(bench, builders)}
    yield f"{rows:,} dicts to a table", {**missing, **_dicts(bench, present, rows)}


def _versions(bench: Bench, present: dict[str, Path]) -> Measured:
    commands = {BARE: [sys.executable, "-c", "pass"], INTERLACE: interlace("--version")}
    commands |= {n: [str(program), "--version"] for n, program in present.items()}
    return {n: _cpu(partial(spend, words, bench.folder, QUIET)) for n, words in commands.items()}


def _small(bench: Bench, builders: dict[str, Path], count: int) -> tuple[Measured, Measured, Measured]:
    """First run, again, one leaf."""
    tables = small_tables(count)
    leaf = list(tables)[-1]
    edited = f"{tables[leaf]} WHERE a.id >= -1"
    root = bench.project("interlace", tables)
    first: Measured = {
        BARE: _cpu(bench.bare(root, "statements", "bare.sql", DATABASE)),
        INTERLACE: _cpu(bench.cold(root, "run")),
    }
    again: Measured = {INTERLACE: _cpu(bench.warm(root, "run"))}
    (root / "models" / f"{leaf}.sql").write_text(edited + "\n", encoding="utf-8")
    changed: Measured = {INTERLACE: _cpu(bench.warm(root, "run"))}
    for name, program in builders.items():
        peer = PEERS[name]
        theirs = peer.project(bench.folder / name, tables)
        act = partial(_peer, program, theirs)
        first[name] = _cpu(partial(act, peer.run))
        again[name] = _cpu(partial(act, peer.run))
        (theirs / "models" / f"{leaf}.sql").write_text(peer.query(leaf, edited, tables) + "\n", encoding="utf-8")
        changed[name] = _cpu(partial(act, tuple(word.format(name=leaf) for word in peer.leaf)))
    return first, again, changed


def _tpch(bench: Bench, builders: dict[str, Path]) -> Measured:
    scale = 1
    file = bench.data(f"tpch-{scale}.duckdb", "make_tpch", scale)
    tables = queries(bench)
    more = "sources:\n" + "".join(f"  {name}: {{relation: main.{name}}}\n" for name in TABLES)
    root = bench.project("tpch", tables, more)
    found: Measured = {
        BARE: _cpu(bench.bare(root, "statements", "bare.sql", DATABASE, data=file)),
        INTERLACE: _cpu(bench.cold(root, "run", data=file)),
    }
    for name, program in builders.items():
        theirs = PEERS[name].project(bench.folder / f"tpch-{name}", tables)
        PEERS[name].forget(theirs, file)
        found[name] = _cpu(partial(_peer, program, theirs, PEERS[name].run))
    return found


def _dicts(bench: Bench, present: dict[str, Path], count: int) -> Measured:
    root = bench.project("dicts", {})
    (root / "models" / "rows.py").write_text(DICTS.format(count=count), encoding="utf-8")
    found: Measured = {
        BARE: _cpu(bench.bare(root, "dicts", count, DATABASE)),
        INTERLACE: _cpu(bench.cold(root, "run")),
    }
    if "dlt" in present:
        theirs = PEERS["dlt"].project(bench.folder / "dlt", {})
        python = present["dlt"].with_name("python")
        found["dlt"] = _cpu(lambda: spend([str(python), "pipeline.py", str(count)], theirs, QUIET))
    return found


def _peer(program: Path, folder: Path, words: Sequence[str]) -> Cost:
    return spend([str(program), *words], folder, QUIET)


def _cpu(measure: Callable[[], Cost]) -> float | str:
    try:
        return measure().cpu
    except Refused as error:
        print(error, file=sys.stderr)
        return "failed"


def _cell(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.2f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure Interlace beside other tools.")
    parser.add_argument("--peers", type=Path, required=True, metavar="FOLDER", help="their virtual environments")
    parser.add_argument("--only", nargs="+", choices=PEERS, metavar="NAME", help=", ".join(PEERS))
    parser.add_argument("--full", action="store_true", help=f"{FULL_MODELS:,} models and {FULL_ROWS:,} rows")
    return parser


if __name__ == "__main__":
    sys.exit(main())
