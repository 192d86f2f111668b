"""The reference of all built-in commands as Markdown, made from the commands themselves."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["reference"]

_INTRODUCTION = """\
# Command line

`interlace COMMAND [OPTIONS] [ARGUMENTS]`: options may stand before and after arguments; `--project`, `--env` and
`--json` also before the command's name. Every command works in any folder of the project. With `--json` a command
prints one JSON document to stdout and nothing else; an error is then an object `{"error": {"code", "message", "where",
"hint", "model"}}`.

| exit code | means |
|---|---|
| 0 | success |
| 1 | a model, a check or an export failed, or a system could not be reached |
| 2 | wrong usage or configuration: nothing ran |
| 130 | cancelled by Ctrl-C |

`NO_COLOR` turns colours off; they are never written to anything but a terminal. `INTERLACE_PROJECT` and `INTERLACE_ENV`
stand in for `--project` and `--env`. `INTERLACE_DEBUG=1` prints the traceback of a defect.
"""


def reference() -> str:
    """The page, ending in a newline; the same text whatever the terminal."""
    from interlace.cli.app import command_tree
    from interlace.cli.lazy import load_command
    from interlace.cli.table import COMMANDS

    parts = [_INTRODUCTION, "## interlace\n", *_parameters(command_tree())]
    for name in COMMANDS:
        parts += _command(f"interlace {name}", load_command(name), "##")
    return "\n".join(parts).rstrip() + "\n"


def _command(path: str, command: Any, level: str) -> Iterator[str]:
    subcommands: dict[str, Any] = getattr(command, "commands", {})
    yield f"{level} {path}\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    yield f"`{path} {_usage(command)}`\n"
    yield from _parameters(command)
    for name, sub in subcommands.items():
        yield from _command(f"{path} {name}", sub, f"{level}#")


def _usage(command: Any) -> str:
    arguments = [_argument(p) for p in command.params if p.param_type_name == "argument"]
    words = ["COMMAND"] if getattr(command, "commands", None) else arguments
    return " ".join(["[OPTIONS]", *words])


def _argument(parameter: Any) -> str:
    word = (parameter.metavar or parameter.name).upper()
    many = "..." if parameter.nargs == -1 else ""
    return f"{word}{many}" if parameter.required else f"[{word}]{many}"


def _parameters(command: Any) -> Iterator[str]:
    shown = [p for p in command.params if not getattr(p, "hidden", False)]
    if not shown:
        return
    yield "| | |\n|---|---|"
    for parameter in shown:
        yield f"| {_name(parameter)} | {_cell(_help(parameter))} |"
    yield ""


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_argument(parameter)}`"
    names = [f"`{o}`" for o in sorted(parameter.opts, key=lambda o: (not o.startswith("--"), o))]
    names += [f"`{o}`" for o in parameter.secondary_opts]
    value = "" if parameter.is_flag or parameter.count else f" {_metavar(parameter)}"
    return f"{', '.join(names)} {_cell(value)}".rstrip()


def _metavar(parameter: Any) -> str:
    choices = parameter.type_descriptor.choices
    if choices:
        return "|".join(str(getattr(c, "value", c)) for c in choices)
    return str(parameter.metavar or parameter.name.upper())


def _help(parameter: Any) -> str:
    text = (getattr(parameter, "help", None) or "").strip()
    default = parameter.default
    plain = default is not None and not callable(default) and default is not False and default not in ((), [])
    if plain and parameter.show_default is not False and not parameter.required:
        text += f" Default: {getattr(default, 'value', default)}."
    return f"{text} Repeatable.".strip() if getattr(parameter, "multiple", False) and "Repeatable" not in text else text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") if text.strip() else ""
