"""``interlace rollback``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from interlace.cli.confirm import confirm
from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import Output, joined, plural, print_json
from interlace.errors import UsageError

__all__ = ["command"]

RunArg = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="The promotion, or how its id begins. Default: the last one.")
]
ToOption = Annotated[str | None, typer.Option("--to", metavar="RUN", help="The same as the argument.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def command(
    context: typer.Context,
    run: RunArg = None,
    before: ToOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    yes: YesOption = False,
    json_: JsonOption = False,
) -> int:
    """Put back what a promotion replaced. What it promoted is dropped."""
    from shlex import join

    if run is not None and before is not None:
        raise UsageError("The promotion is given twice, as an argument and with --to.")
    words = join(["interlace", *context.find_root().obj])
    with load_project(project, env) as loaded:
        question = f"Put back what a promotion replaced in {loaded.environment}, and drop what it promoted?"
        if not confirm(question, yes=yes):
            return 1
        done = loaded.rollback(run or before, command=words)
        environment = loaded.environment
    if json_:
        print_json(
            {
                "run": done.run,
                "promotion": done.promotion,
                "environment": environment,
                "restored": list(done.restored),
                "removed": list(done.removed),
                "notices": list(done.notices),
            }
        )
        return 0
    said = [*done.notices, f"Rolled back what {done.promotion} promoted to {environment}, as run {done.run}."]
    if done.restored:
        said.append(f"As before: {', '.join(done.restored)}.")
    if done.removed:
        said.append(f"Gone, for it was new: {', '.join(done.removed)}.")
    said.append(
        f"The project has the newer definition of {plural(len(done.restored) + len(done.removed), 'model')}: the next run builds it."
    )
    Output(sys.stdout).write(joined(said))
    return 0
