"""``interlace init``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interlace.cli.options import JsonOption
from interlace.cli.render import echo, print_json

__all__ = ["Template", "command"]


class Template(StrEnum):
    """What a new project begins with."""

    minimal = "minimal"
    shop = "shop"
    ingest = "ingest"


FolderArg = Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; it may exist when it is empty.")]
TemplateOption = Annotated[Template, typer.Option("--template", "-t", help="What the project begins with.")]
OverwriteOption = Annotated[bool, typer.Option("--force", "-f", help="Write into a folder that is not empty.")]


def command(
    directory: FolderArg,
    template: TemplateOption = Template.minimal,
    force: OverwriteOption = False,
    json_: JsonOption = False,
) -> None:
    """Make a new project that runs at once."""
    from interlace.config.starter import create

    files = create(directory, template.value, force=force)
    if json_:
        print_json({"folder": str(directory), "template": template.value, "files": [str(file) for file in files]})
        return
    echo(f"Made {directory} with {len(files)} files, from the template {template.value}.")
    echo("Next:")
    for line in _next(directory):
        echo(f"  {line}")


def _next(directory: Path) -> list[str]:
    import shlex

    step = [] if directory.resolve() == Path.cwd() else [f"cd {shlex.quote(str(directory))}"]
    return [*step, "interlace run"]
