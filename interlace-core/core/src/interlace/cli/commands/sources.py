"""``interlace sources``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import age, echo, plural, print_json, print_table, when
from interlace.errors import UsageError
from interlace.model.definition import Model, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.cli.freshness import Freshness
    from interlace.cli.source_file import Imported
    from interlace.run.project import Project

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

RelationsArg = Annotated[
    list[str],
    typer.Argument(metavar="RELATION", help="schema.relation, a relation of the default schema, or a schema."),
]
ConnectionOption = Annotated[str | None, typer.Option("--connection", "-c", metavar="NAME", help="Where they live.")]
FileOption = Annotated[Path, typer.Option("--file", metavar="FILE", help="Where to write, in the project.")]
NamesArg = Annotated[
    list[str] | None,
    typer.Argument(metavar="SOURCE", help="Sources; all that promise freshness without.", show_default=False),
]
CheckedArg = Annotated[
    list[str] | None,
    typer.Argument(metavar="SOURCE", help="Sources; all that have checks without.", show_default=False),
]


@app.command("list")
def list_sources(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """List the sources, where they live and who reads them."""
    with load_project(project, env) as loaded:
        sources = _sources(loaded)
        if json_:
            from interlace.cli.facts import node_data

            print_json([node_data(loaded, s) for s in sources])
            return
        rows = [
            (
                s.name,
                s.connection or loaded.config.default_connection,
                ".".join(s.relation) or s.name,
                "" if s.freshness is None else age(s.freshness),
                ", ".join(sorted(loaded.graph.children(s.name))),
            )
            for s in sources
        ]
        print_table(["source", "connection", "relation", "max age", "read by"], rows)


@app.command("import")
def import_sources(
    relations: RelationsArg,
    connection: ConnectionOption = None,
    file: FileOption = Path("models/sources.yaml"),
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """Declare relations of a connection as sources, with their columns. Nothing that is written is changed."""
    from interlace.cli.importing import found_relations, to_import

    with load_project(project, env) as loaded:
        path = _source_file(loaded, file)
        session = loaded.connection(connection).session()
        try:
            found = found_relations(session, relations)
        finally:
            session.close()
        models = [n.name for n in loaded.graph.nodes.values() if isinstance(n, Model)]
        published = [str(r) for r in map(loaded.relation, models) if r is not None]
        new, left = to_import(found, connection=connection, published=published, declared=loaded.graph.nodes)
        if new:
            _append(path, new)
        if json_:
            skipped = [{"relation": r, "reason": why} for r, why in left]
            print_json({"file": str(file), "imported": [s.name for s in new], "skipped": skipped})
            return
        for relation, why in left:
            echo(f"· {relation} is left out: {why}")
        echo(f"{plural(len(new), 'source')} written to {file}" if new else "Nothing new to import.")


@app.command("freshness")
def freshness(
    names: NamesArg = None, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False
) -> int:
    """Compare the newest row of each source with the age it promises. Exits with 1 when one is too old."""
    from interlace.cli.freshness import freshness_of

    with load_project(project, env) as loaded:
        now = datetime.now(UTC)
        found = [freshness_of(loaded, source, now) for source in _promising(loaded, names or ())]
        if json_:
            print_json([_freshness_data(f) for f in found])
        else:
            _print_freshness(found)
        return 1 if any(f.status != "fresh" for f in found) else 0


@app.command()
def check(
    names: CheckedArg = None, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False
) -> int:
    """Run the checks of sources. Exits with 1 when one of severity error fails."""
    from interlace.cli.data import check_data

    with load_project(project, env) as loaded:
        chosen = [n.name for n in _named(loaded, names or ())] or [s.name for s in _sources(loaded) if s.checks]
        found = [(name, record) for name in chosen for record in loaded.check_source(name)]
        if json_:
            print_json([{"source": name, **check_data(record)} for name, record in found])
        else:
            rows = [(n, r.name, "passed" if r.passed else r.severity, r.message) for n, r in found]
            print_table(["source", "check", "result", "what was found"], rows)
        return 1 if any(not r.passed and r.severity == "error" for _, r in found) else 0


def _named(project: Project, words: Sequence[str]) -> list[Source]:
    from interlace.cli.lookup import node_named

    found = [node_named(project, word) for word in words]
    for node in found:
        if not isinstance(node, Source):
            raise UsageError(f"{node.name!r} is a {node.kind} model, no source.")
    return [node for node in found if isinstance(node, Source)]


def _sources(project: Project) -> list[Source]:
    return sorted((n for n in project.graph.nodes.values() if isinstance(n, Source)), key=lambda s: s.name)


def _promising(project: Project, words: Sequence[str]) -> list[Source]:
    """The sources to check: those that are named, or all that promise freshness.

    Raises:
        UsageError: a name is no source, or the source promises nothing.
    """
    from interlace.cli.lookup import node_named

    if not words:
        return [s for s in _sources(project) if s.freshness is not None]
    chosen = []
    for word in words:
        node = node_named(project, word)
        if not isinstance(node, Source):
            raise UsageError(f"{node.name!r} is a {node.kind} model, no source.")
        if node.freshness is None:
            raise UsageError(
                f"The source {node.name!r} promises no freshness ({node.file}:{node.line}).",
                hint="Give it freshness: {column: <a time column>, max_age: 1d}",
            )
        chosen.append(node)
    return chosen


def _source_file(project: Project, file: Path) -> Path:
    path = (project.root / file).resolve()
    if path.name != "sources.yaml" or not path.is_relative_to((project.root / "models").resolve()):
        raise UsageError(f"--file {file}: sources are read from files called sources.yaml under models/.")
    return path


def _append(path: Path, new: Sequence[Imported]) -> None:
    from interlace.cli.source_file import with_sources

    text = path.read_text(encoding="utf-8") if path.exists() else ""
    changed = with_sources(text, new)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(changed, encoding="utf-8")


def _freshness_data(found: Freshness) -> dict[str, object]:
    return {
        "source": found.source,
        "status": found.status,
        "latest": found.latest,
        "age": found.age,
        "max_age": found.allowed,
        "message": found.message,
    }


def _print_freshness(found: Sequence[Freshness]) -> None:
    if not found:
        echo("No source promises freshness.")
        return
    rows = [
        (
            f.source,
            f.status,
            "" if f.age is None else age(f.age),
            age(f.allowed),
            when(f.latest) if f.latest else f.message,
        )
        for f in found
    ]
    print_table(["source", "status", "age", "max age", "newest"], rows)
