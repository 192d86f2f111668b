"""``interlace validate``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import load_project
from interlace.cli.options import (
    EnvOption,
    ExcludeOption,
    JsonOption,
    ProjectOption,
    SelectArg,
    SelectOption,
    VarOption,
)
from interlace.cli.render import Output, plural, print_json
from interlace.errors import InvalidProject, ProjectNotFound, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.run.findings import Finding
    from interlace.run.validate import Validated

__all__ = ["command", "finding_lines", "findings_data"]

StrictOption = Annotated[bool, typer.Option("--strict", help="A warning counts as an error.")]


def command(
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    strict: StrictOption = False,
    var: VarOption = None,
    json_: JsonOption = False,
) -> int:
    """Look at the project without its data: definitions, columns and types through the graph, and lint.

    Exits with 1 when something is wrong, with 0 when there are only warnings.
    """
    chosen, left_out = [*(models or ()), *(select or ())], list(exclude or ())
    environment, found = _validated(project, env, var, chosen, left_out)
    if json_:
        print_json({"environment": environment, **findings_data(found)})
    else:
        _show(found)
    return int(found.failed(strict=strict))


def _validated(
    project: Path | None, env: str | None, var: Sequence[str] | None, select: list[str], exclude: list[str]
) -> tuple[str | None, Validated]:
    from interlace.errors import ConfigurationError
    from interlace.run.findings import of_error
    from interlace.run.validate import Validated

    try:
        loaded = load_project(project, env, var)
    except (ProjectNotFound, UsageError):
        raise
    except InvalidProject as error:
        return env, Validated(0, tuple(of_error(e) for e in error.errors))
    except ConfigurationError as error:
        return env, Validated(0, (of_error(error),))
    with loaded:
        return loaded.environment, loaded.validate(select, exclude)


def _show(found: Validated) -> None:
    out = Output(sys.stdout)
    for finding in found.findings:
        out.write("\n".join(finding_lines(finding, out)) + "\n")
    out.line(_last_line(found))


def finding_lines(finding: Finding, out: Output) -> list[str]:
    """One finding: its place, its level and its rule; the line of the file; what to do."""
    where = finding.where
    place = f"{where}: " if where is not None else ""
    word = f"{'error' if finding.level == 'error' else 'warning'}[{finding.rule}]"
    lines = [f"{place}{out.style(word, 'red' if finding.level == 'error' else 'yellow')} {finding.message}"]
    if where is not None and where.excerpt:
        lines.append(f"    {where.excerpt}")
        lines += [f"    {' ' * (where.column - 1)}^"] if where.column else []
    return [*lines, f"    {finding.hint}"] if finding.hint else lines


def _last_line(found: Validated) -> str:
    errors = sum(f.level == "error" for f in found.findings)
    warnings = len(found.findings) - errors
    looked = f"{plural(found.models, 'model')} looked at" if found.models else "The project cannot be loaded"
    if not found.findings:
        return f"{looked}: all is well."
    return f"{looked}: {plural(errors, 'error')}, {plural(warnings, 'warning')}."


def findings_data(found: Validated) -> dict[str, Any]:
    """What was found: ``models, errors, warnings, findings``."""
    errors = sum(f.level == "error" for f in found.findings)
    return {
        "models": found.models,
        "errors": errors,
        "warnings": len(found.findings) - errors,
        "findings": [_finding_data(f) for f in found.findings],
    }


def _finding_data(finding: Finding) -> dict[str, Any]:
    where = finding.where
    return {
        "rule": finding.rule,
        "level": finding.level,
        "model": finding.model,
        "message": finding.message,
        "file": None if where is None else str(where.path),
        "line": None if where is None else where.line,
        "column": None if where is None else where.column,
        "hint": finding.hint,
    }
