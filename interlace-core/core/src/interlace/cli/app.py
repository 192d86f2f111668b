"""The command line: from words to an exit code.

Errors become text here and nowhere else: a command raises, and returns nothing or its exit code.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from interlace.cli.lazy import LazyGroup, plain_flags
from interlace.errors import InterlaceError, UsageError

__all__ = ["command_tree", "run"]

app = typer.Typer(
    name="interlace",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Interlace: Python and SQL models as one graph, planned, run, checked and published.",
)


def _print_version(value: bool) -> None:
    if value:
        from interlace import __version__
        from interlace.cli.render import echo

        echo(f"interlace {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Interlace: Python and SQL models as one graph, planned, run, checked and published."""


def command_tree() -> Any:
    """The root command as typer runs it."""
    return plain_flags(typer.main.get_command(app))


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        argv: the words after the program's name; those of the process by default.

    Returns:
        the exit code: 0 success, 1 something failed, 2 wrong usage or configuration, 130 cancelled.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _invoke(words)
    except InterlaceError as error:
        from interlace.cli.failure import report

        return report(error, as_json=_wants_json(words))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return _without_reader()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except Exception as error:  # noqa: BLE001  the last line of defence
        from interlace.cli.failure import report_defect

        return report_defect(error, as_json=_wants_json(words))


def _invoke(words: list[str]) -> int:
    try:
        code = command_tree().main(words, prog_name="interlace", standalone_mode=False, obj=tuple(words))
    except typer.Abort:
        return 1
    except _UsageProblem as problem:
        return _show_usage_problem(problem, words)
    return code if isinstance(code, int) else 0


_UsageProblem: type[Any] = typer.BadParameter.__mro__[2]  # typer's root of all that is wrong with a command line


def _show_usage_problem(problem: Any, words: list[str]) -> int:
    if type(problem).__name__ == "NoArgsIsHelpError":
        problem.show(sys.stdout)
        return 2
    problem.message = problem.message.removeprefix("Value error, ")  # pydantic's, by which typer reads values
    if _wants_json(words):
        from interlace.cli.failure import report

        return report(UsageError(problem.format_message()), as_json=True)
    problem.show()
    return int(problem.exit_code)


def _wants_json(words: Sequence[str]) -> bool:
    before_dashes = words[: words.index("--")] if "--" in words else words
    return "--json" in before_dashes


def _without_reader() -> int:
    """Whoever read our output went away: say nothing more, not even when the interpreter flushes."""
    from interlace.cli.render import discard

    discard(sys.stdout)
    return 1
