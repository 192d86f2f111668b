"""Each task as one short session: ``nox -l`` lists them, ``nox -s NAME`` runs one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["quick"]

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13"]
SHELVES = PROJECT["tool"]["uv"]["workspace"]["members"]
MEMBERS = sorted(str(file.parent) for shelf in SHELVES for file in Path().glob(f"{shelf}/pyproject.toml"))
SOURCES = [f"{member}/src" for member in MEMBERS]

# What other environments compare Interlace with; each is installed into one of its own.
# All run on one DuckDB; a newer dbt-core fetches a part of itself from GitHub while it is built.
PEERS = {
    "dbt": ["dbt-core<1.12", "dbt-duckdb", "duckdb==1.5.5"],
    "sqlmesh": ["sqlmesh", "duckdb==1.5.5"],
    "dlt": ["dlt[duckdb]", "duckdb==1.5.5"],
}

# Where Linux keeps files in memory, and how much of it tests may take: they leave about a gigabyte behind.
MEMORY = Path("/dev/shm")  # noqa: S108  a folder of its own is made in it
ROOM = 4 * 1024**3

# Names stay names: pip refuses an editable part beside the `name @ file://` of the same part (docs/decisions/0001).
INSTALL = {"INTERLACE_RELEASE": "1", "UV_COMPILE_BYTECODE": "1"}


def install(session: nox.Session, *groups: str, options: tuple[str, ...] = ()) -> None:
    """Install every distribution of this repository, editable, and the given dependency groups."""
    # An empty value counts as unset: start times are measured with the bytecode that users have.
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    parts = [word for folder in (".", *MEMBERS) for word in ("--editable", folder)]
    if "test" in groups and (os.environ.get("CI") or shutil.which("mariadb_config")):
        groups += ("mysql",)  # made from source: where that cannot be, CI fails and others do without
    tools = nox.project.dependency_groups(PROJECT, *groups)
    session.install("--constraint", "constraints.txt", *options, *parts, *tools, env=INSTALL)


@contextmanager
def in_memory() -> Iterator[dict[str, str]]:
    """An environment whose temporary files are in memory where there is room: databases wait for disks, again and again."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="nox", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield {"TMPDIR": folder}


def pytest(session: nox.Session, marks: str, *arguments: str, env: dict[str, str] | None = None) -> None:
    """Run pytest on every core over the tests that the expression ``marks`` selects."""
    # A worker that has nothing left takes over half of what another has: long tests end together.
    many = ("-n", "logical", "--dist", "worksteal")
    session.run("pytest", "-m", marks, *many, *arguments, *session.posargs, env=env)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests but benchmarks, soak tests and the building of packages."""
    install(session, "test")
    with in_memory() as environment:
        pytest(session, "not soak and not packaging", env=environment)


@nox.session(python=PYTHONS)
def matrix(session: nox.Session) -> None:
    """The same tests on every supported Python."""
    install(session, "test")
    with in_memory() as environment:
        pytest(session, "not soak and not packaging", env=environment)


@nox.session
def quick(session: nox.Session) -> None:
    """What must be green at each commit, in under two minutes."""
    install(session, "lint", "layers", "types", "test")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-cache")
    session.run("mypy")
    with in_memory() as environment:
        pytest(session, "not soak and not packaging and not slow", env=environment)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and the fragments of the change log."""
    session.install("--constraint", "constraints.txt", *nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("towncrier", "build", "--draft", "--version", PROJECT["project"]["version"])


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict, over all sources."""
    install(session, "types", "test")
    session.run("mypy", *session.posargs)


@nox.session
def layers(session: nox.Session) -> None:
    """Who may import whom."""
    parts = [word for folder in MEMBERS for word in ("--editable", folder)]
    session.install("--no-deps", *parts, env=INSTALL)
    session.install("--constraint", "constraints.txt", *nox.project.dependency_groups(PROJECT, "layers"))
    session.run("lint-imports", "--no-cache")


@nox.session
def docs(session: nox.Session) -> None:
    """Links, generated pages, and the examples in docstrings; the stories of the pages are among the tests."""
    install(session, "docs")
    # Alembic and `interlace init` run these folders, nobody imports them.
    apart = ["--ignore-glob=*/migrations/*", "--ignore-glob=*/templates/*"]
    pytest(session, "not soak and not slow", "tests/docs", "--doctest-modules", *apart, *SOURCES)


@nox.session
def packaging(session: nox.Session) -> None:
    """Build every wheel, install them in an empty environment, run the example there."""
    install(session, "test")
    # By file, because the environments of a file are made once.
    pytest(session, "packaging", "--dist", "loadfile")


@nox.session
def conformance(session: nox.Session) -> None:
    """Each connector by each capability, live: writes docs/reference/connectors.md; `-- -k NAME` runs one."""
    install(session, "test", "spark")
    suites = [str(file) for member in MEMBERS for file in Path(member).glob("tests/test_conformance*.py")]
    report = ["-p", "interlace.testing.conformance.report", "--conformance-report", "docs/generator/conformance.json"]
    session.run("pytest", "-m", "", *report, *suites, *session.posargs)
    session.run("python", "docs/generate.py")


@nox.session
def soak(session: nox.Session) -> None:
    """What takes minutes: the kill loops, Spark, and loads compared with their model by many random streams."""
    install(session, "test", "spark")
    session.run("pytest", "-m", "soak", *session.posargs)
    many = ["-k", "properties", "-n", "logical"]
    session.run("pytest", "tests/integration/loads", *many, env={"INTERLACE_EXAMPLES": "500"})


@nox.session
def bench(session: nox.Session) -> None:
    """The table of benchmarks beside bare DuckDB; fails when a goal is missed."""
    install(session, "test")
    session.run("python", "tests/benchmarks/run.py", *session.posargs)


@nox.session
def compare(session: nox.Session) -> None:
    """The same table with dbt, SQLMesh and dlt, each in an environment of its own; `-- --full` takes half an hour."""
    install(session, "test")
    peers = Path(session.virtualenv.location) / "peers"
    for name, requirements in PEERS.items():
        python = peers / name / "bin" / "python"
        if not python.with_name(name).exists():
            session.run("uv", "venv", "--quiet", "--clear", str(peers / name))
            # One that cannot be installed is a row of the table that says so.
            options = ["--quiet", "--python", str(python)]
            session.run("uv", "pip", "install", *options, *requirements, env=INSTALL, success_codes=[0, 1, 2])
    session.run("python", "tests/benchmarks/compare.py", "--peers", str(peers), *session.posargs)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build what is published, into dist/: all versions pinned, no path of the checkout."""
    session.install("uv")
    for folder in (".", *MEMBERS):
        session.run("uv", "build", "--quiet", "--out-dir", "dist", folder, env={"INTERLACE_RELEASE": "1"})


@nox.session
def lock(session: nox.Session) -> None:
    """Write constraints.txt anew: every version that the tests run with, and no package host."""
    session.install("uv")
    own = [word for name in PROJECT["tool"]["uv"]["sources"] for word in ("--no-emit-package", name)]
    files = [f"{folder}/pyproject.toml" for folder in (".", *MEMBERS)]
    flags = ["--universal", "--python-version", PYTHONS[0], "--all-extras", "--group", "dev", "--upgrade"]
    silent = ["--no-header", "--no-annotate", "--no-emit-package", "interlace", "--quiet"]
    session.run("uv", "pip", "compile", *files, *flags, *silent, *own, "--output-file", "constraints.txt")


@nox.session
def fix(session: nox.Session) -> None:
    """Format, and mend what ruff can mend."""
    session.install("--constraint", "constraints.txt", *nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check", "--fix", *session.posargs)
    session.run("ruff", "format", *session.posargs)
