"""``interlace ci``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interlace.cli.commands.run import WaitForOption, WaitOption, waiting_of
from interlace.cli.context import parse_vars, start
from interlace.cli.options import (
    ExcludeOption,
    JsonOption,
    ProjectOption,
    QuietOption,
    SelectArg,
    SelectOption,
    VarOption,
)
from interlace.errors import UsageError

if TYPE_CHECKING:
    from interlace.cli.ci_report import Report
    from interlace.cli.render import Output

__all__ = ["command"]

AgainstOption = Annotated[
    str, typer.Option("--against", metavar="ENV", help="The environment that it is compared with, such as prod.")
]
NameOption = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="What the environment is called. Default: ci_ and the pull request or the commit.",
    ),
]
KeepOption = Annotated[bool, typer.Option("--keep", help="Leave the environment, to look at it.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the Markdown to this file.")
]
SampleOption = Annotated[
    int | None,
    typer.Option(
        "--sample",
        "-n",
        metavar="N",
        min=0,
        help="Show so many rows of each sort; 0 shows none. Default: 5.",
        show_default=False,
    ),
]
StrictOption = Annotated[bool, typer.Option("--fail-on-diff", help="Exit with 1 when the data of a model differs.")]


def command(
    context: typer.Context,
    against: AgainstOption,
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    name: NameOption = None,
    keep: KeepOption = False,
    output: OutputOption = None,
    sample: SampleOption = None,
    fail_on_diff: StrictOption = False,
    wait: WaitOption = False,
    wait_for: WaitForOption = None,
    project: ProjectOption = None,
    var: VarOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Build what changed in an environment that is dropped again, test, check and compare it; print Markdown.

    Exits with 0 when all is well or nothing changed, with 1 when something failed: the project, a unit test, a model, a check.
    """
    from shlex import join

    from interlace.cli.ci_session import Asked, perform
    from interlace.cli.render import Output

    asked = Asked(
        start=start(project),
        against=against,
        select=[*(models or ()), *(select or ())],
        exclude=list(exclude or ()),
        variables=parse_vars(var) or None,
        name=name,
        keep=keep,
        sample=sample,
        strict=fail_on_diff,
        waiting=waiting_of(wait=wait, limit=wait_for),
        command=join(["interlace", *context.find_root().obj]),
    )
    file = _file(output)
    progress = Output(sys.stderr)
    report = perform(asked, progress, quiet=quiet)
    _tell(report, file, progress, as_json=json_, quiet=quiet)
    return report.exit_code


def _file(output: Path | None) -> Path | None:
    """Where the report goes, whichever folder the project is in.

    Raises:
        UsageError: it cannot be written.
    """
    if output is None:
        return None
    file = output.absolute()
    if file.is_dir() or not file.parent.is_dir():
        raise UsageError(f"--output {output}: no file can be written there.")
    return file


def _tell(report: Report, file: Path | None, progress: Output, *, as_json: bool, quiet: bool) -> None:
    from interlace.cli.ci_markdown import markdown
    from interlace.cli.render import Output, json_text
    from interlace.redaction import redacted

    text = markdown(report)
    out = Output(sys.stdout)
    if file is not None:
        file.write_text(text, encoding="utf-8")
    if as_json:
        from interlace.cli.ci_data import report_data

        out.line(redacted(json_text(report_data(report), ascii_only=not out.unicode)))
    elif file is None:
        out.write(text)
    elif not quiet or report.exit_code:
        progress.line(f"{text.partition(chr(10))[0].lstrip('# ')}. Written to {file}.")
