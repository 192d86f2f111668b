"""``interlace list``."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from interlace.cli.context import load_project
from interlace.cli.facts import node_data
from interlace.cli.options import EnvOption, ExcludeOption, JsonOption, ProjectOption, SelectArg, SelectOption
from interlace.cli.render import Output, joined, print_json
from interlace.cli.selection import selected_names

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ListFormat", "command"]


class ListFormat(StrEnum):
    """How ``list`` prints."""

    names = "names"
    json = "json"
    tree = "tree"


FormatOption = Annotated[ListFormat, typer.Option("--format", help="One name per line, JSON, or the graph as a tree.")]


def command(
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    format_: FormatOption = ListFormat.names,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> None:
    """List models, seeds and sources, parents first."""
    with load_project(project, env) as loaded:
        names = selected_names(loaded, [*(models or ()), *(select or ())], list(exclude or ()))
        match ListFormat.json if json_ else format_:
            case ListFormat.names:
                _write(names)
            case ListFormat.json:
                print_json([node_data(loaded, loaded.graph.nodes[name]) for name in names])
            case ListFormat.tree:
                from interlace.graph.draw import draw_tree

                _write([draw_tree(loaded.graph, names)] if names else [])


def _write(lines: Iterable[str]) -> None:
    Output(sys.stdout).write(joined(lines))
