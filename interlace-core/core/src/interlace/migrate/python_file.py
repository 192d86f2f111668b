"""Python files: ``up(session)``, and ``down(session)`` that takes it back."""

from __future__ import annotations

import ast
import sys
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

from interlace.errors import InvalidMigration, Location
from interlace.migrate.migration import Functions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import CodeType

    from interlace.migrate.migration import Direction
    from interlace.migrate.session import MigrationSession

__all__ = ["load_function", "read_functions"]


def read_functions(text: str, file: str) -> Functions:
    """What a file defines; it is not imported.

    Raises:
        InvalidMigration: it does not parse, has no ``up``, or one of the two takes something else than a session.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise InvalidMigration(f"it is no Python: {error.msg}", where=Location(file, error.lineno)) from None
    lines: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef) and node.name in {"up", "down"}:
            raise InvalidMigration(f"{node.name} must not be async", where=Location(file, node.lineno))
        if isinstance(node, ast.FunctionDef) and node.name in {"up", "down"}:
            if len(node.args.posonlyargs) + len(node.args.args) != 1 or node.args.kwonlyargs:
                raise InvalidMigration(
                    f"{node.name} takes one argument, the session", where=Location(file, node.lineno)
                )
            lines[node.name] = node.lineno
    if "up" not in lines:
        raise InvalidMigration("it has no function up(session)", where=Location(file))
    return Functions(lines["up"], lines.get("down"))


def load_function(root: Path, file: str, direction: Direction) -> Callable[[MigrationSession], object]:
    """Import a file, as it is now, and give one of its functions.

    Raises:
        Exception: whatever the file raises.
    """
    from importlib.util import module_from_spec, spec_from_loader

    name = f"_interlace_migration_{(root / file).stem}"
    spec = spec_from_loader(name, _AsItIs(name, str(root / file)))
    if spec is None or spec.loader is None:
        raise InvalidMigration("it cannot be imported", where=Location(file))
    module = module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for the names in their annotations
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    function: Callable[[MigrationSession], object] = getattr(module, direction)
    return function


class _AsItIs(SourceFileLoader):
    """Compiles a file each time and keeps nothing beside it: what two edits within a second leave is never an old one."""

    def get_code(self, fullname: str) -> CodeType | None:
        """Its code."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code
