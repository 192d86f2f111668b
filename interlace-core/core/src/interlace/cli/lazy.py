"""Groups of commands: options before and after the command's name alike, and commands imported when they are used."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.table import COMMANDS
from interlace.errors import UsageError, did_you_mean

__all__ = ["LazyGroup", "SharedGroup", "load_command", "plain_flags", "shared_parameters"]

SHARED: Final = ("project", "env", "json_")


class _HandedDown(dict[str, Any]):
    """Defaults for whichever command comes next: typer asks for them by the command's name."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002  every command gets the same
        return dict(self)


class SharedGroup(TyperGroup):
    """A group that takes ``--project``, ``--env`` and ``--json`` and hands them to the command that follows."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        present = {p.name for p in self.params}
        self.params.extend(p for p in shared_parameters() if p.name not in present)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the group's own options, and keep the shared ones for the command."""
        rest = super().parse_args(ctx, args)
        given = {name: ctx.params.pop(name, None) for name in SHARED}
        ctx.default_map = _HandedDown({name: value for name, value in given.items() if value})
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, and refuse what it could not honour.

        Raises:
            UsageError: there is no such command; or ``--json`` was given and it has no JSON.
        """
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None:
            if name.startswith("-"):
                return super().resolve_command(ctx, args)
            near = did_you_mean(name, self.list_commands(ctx))
            raise UsageError(
                f"There is no command {f'{ctx.command_path} {name}'!r}. {near}".rstrip(),
                hint=f"'{ctx.command_path} --help' lists them.",
            )
        takes_json = isinstance(command, TyperGroup) or any(p.name == "json_" for p in command.params)
        if ctx.default_map and "json_" in ctx.default_map and not takes_json:
            raise UsageError(f"'{ctx.command_path} {name}' has no --json.")
        return name, command, args[1:]


class LazyGroup(SharedGroup):
    """The root: its commands are those of the table, and after them those of plugins."""

    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names of all commands; asks the plugins."""
        from interlace.cli.extensions import plugin_commands

        return [*COMMANDS, *(name for name in plugin_commands() if name not in COMMANDS)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """A command by its name, imported; while commands are only listed, a stand-in with its line of help."""
        if self._listing:
            return _stand_in(cmd_name)
        if cmd_name in COMMANDS:
            return load_command(cmd_name)
        from interlace.cli.extensions import plugin_commands

        offered = plugin_commands().get(cmd_name)
        return None if offered is None else as_command(offered.load(), cmd_name, offered.summary)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help without importing a command."""
        with self._only_listing():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Complete the command's name without importing a command."""
        with self._only_listing():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _only_listing(self) -> Iterator[None]:
        self._listing = True
        try:
            yield
        finally:
            self._listing = False


def _stand_in(name: str) -> TyperCommand:
    from interlace.cli.extensions import plugin_commands

    if name in COMMANDS:
        return TyperCommand(name, help=COMMANDS[name].summary)
    return TyperCommand(name, help=plugin_commands()[name].summary)


def load_command(name: str) -> Any:
    """Import a built-in command and give what typer made of it."""
    entry = COMMANDS[name]
    return as_command(getattr(import_module(entry.module), entry.attribute), name, entry.summary)


def as_command(target: Any, name: str, summary: str) -> Any:
    """What typer runs, of a function with typer's annotations or of a ``typer.Typer``."""
    if isinstance(target, typer.Typer):
        app = target
        app._add_completion = False  # noqa: SLF001  only the root offers it
        if not (isinstance(app.info.cls, type) and issubclass(app.info.cls, TyperGroup)):
            app.info.cls = SharedGroup
        if app.info.name is None or not isinstance(app.info.name, str):
            app.info.name = name
    else:
        app = typer.Typer(add_completion=False)
        app.command(name)(target)
    made = typer.main.get_command(app)
    made.name = name
    made.help = made.help or summary
    return plain_flags(made)


def plain_flags(command: Any) -> Any:
    """The same command, whose help does not say of each flag that it is a ``<bool>``."""
    for parameter in command.params:
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    for sub in getattr(command, "commands", {}).values():
        plain_flags(sub)
    return command


_shared: list[Any] = []


def shared_parameters() -> list[Any]:
    """The shared options as typer's parameters, a copy of each."""
    if not _shared:
        app = typer.Typer(add_completion=False)
        app.command()(_options)
        _shared.extend(typer.main.get_command(app).params)
    return [copy.copy(p) for p in _shared]


def _options(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Never called: typer reads its parameters."""
