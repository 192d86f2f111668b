"""What a function of a project reaches: the source that decides what it computes.

Followed by name, in the syntax tree: the functions, classes and constants of its module that it mentions, what those
mention, and the same in the other modules of the project that they import.  Where names cannot be followed
(``import *`` of a changed module, ``globals()``, ``eval``, a module passed as a value) the whole module counts.
Statements of a module that have an effect beside binding names always count.  Formatting, comments and docstrings
never do.  Of installed packages the version counts.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from interlace.model.context import Package
from interlace.model.fingerprint import digest
from interlace.model.python_imports import is_project_module

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Reach", "Reached", "imports_of"]

_DYNAMIC: Final = frozenset({"globals", "locals", "vars", "eval", "exec", "__import__"})
_MODEL: Final = frozenset({"interlace.model", "interlace.model.decorator.model"})
_SKIPPED_FIELDS: Final = frozenset({"ctx", "type_comment", "kind", "type_ignores"})
_DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Reached:
    """What a function reaches.

    Attributes:
        digest: of the source and of the versions of the packages.
        files: the project's files that were looked at, its own included.
        packages: the installed packages.
    """

    digest: str
    files: tuple[Path, ...]
    packages: tuple[Package, ...]


@dataclass(slots=True)
class _Module:
    path: Path
    dotted: tuple[str, ...]
    is_package: bool
    tree: ast.Module
    bindings: dict[str, list[ast.stmt]] = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)


class Reach:
    """Follows names through the modules of one project; each file is parsed once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._modules: dict[Path, _Module] = {}
        self._encoded: dict[int, str] = {}
        self._packages: dict[str, Package | None] = {}
        self._project: dict[str, bool] = {}

    def add(self, path: Path, tree: ast.Module) -> None:
        """Take a file that was parsed already."""
        self._modules[path] = _index(self._root, path, tree)

    def of(self, path: Path, function: str) -> Reached:
        """What a function, or whatever is bound to that name in the file, reaches."""
        walk = _Walk(self, self.module(path))
        walk.start(function)
        packages = tuple(p for name in sorted(walk.packages) if (p := self.package(name)) is not None)
        versions = [f"{p.name}=={p.version}" for p in packages]
        return Reached(digest(*sorted(walk.units), *versions), tuple(sorted(walk.files)), packages)

    def module(self, path: Path) -> _Module:
        """The module in a file, parsed."""
        if path not in self._modules:
            self.add(path, ast.parse(path.read_bytes(), str(path)))
        return self._modules[path]

    def encoded(self, node: ast.stmt) -> str:
        """A digest of a statement."""
        if id(node) not in self._encoded:
            self._encoded[id(node)] = _digest_of(_encode(node))
        return self._encoded[id(node)]

    def find(self, dotted: str) -> tuple[Path | None, list[str]]:
        """The file of the longest part of a dotted name that is a module of the project, and the rest."""
        parts = dotted.split(".")
        if parts[0] not in self._project:
            self._project[parts[0]] = is_project_module(self._root, parts[0])
        if not self._project[parts[0]]:
            return None, parts
        for length in range(len(parts), 0, -1):
            base = self._root.joinpath(*parts[:length])
            for candidate in (base / "__init__.py", base.with_name(f"{base.name}.py")):
                if candidate.is_file():
                    return candidate, parts[length:]
        return None, []

    def package(self, top: str) -> Package | None:
        """The installed package that gives a top-level module; None for the standard library and our own."""
        if top not in self._packages:
            self._packages[top] = None if _is_ours(top) else _installed(top)
        return self._packages[top]


class _Walk:
    """One walk from one function."""

    def __init__(self, reach: Reach, module: _Module) -> None:
        self.units: set[str] = set()
        self.files: set[Path] = set()
        self.packages: set[str] = set()
        self._reach = reach
        self._module = module
        self._seen: set[tuple[Path, int | str]] = set()
        self._todo: list[tuple[_Module, ast.stmt]] = []

    def start(self, function: str) -> None:
        self._touch(self._module)
        for statement in self._module.bindings.get(function, ()):
            self._seen.add((self._module.path, id(statement)))
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                bare = _without_model(statement, self._module.imports)
                self.units.add(_digest_of(_encode(bare)))
                self._names(self._module, bare)
            else:
                self.units.add(self._reach.encoded(statement))
                self._names(self._module, statement)
        while self._todo:
            module, statement = self._todo.pop()
            self.units.add(self._reach.encoded(statement))
            self._names(module, statement)

    def _touch(self, module: _Module) -> None:
        if module.path in self.files:
            return
        self.files.add(module.path)
        for statement in module.effects:
            self._visit(module, statement)
        folder = module.path.parent if not module.is_package else module.path.parent.parent
        root = self._reach._root  # noqa: SLF001  one concern in two classes
        while folder != root and root in folder.parents:
            if (folder / "__init__.py").is_file():
                self._touch(self._reach.module(folder / "__init__.py"))
            folder = folder.parent

    def _visit(self, module: _Module, statement: ast.stmt) -> None:
        if (module.path, id(statement)) not in self._seen:
            self._seen.add((module.path, id(statement)))
            self._todo.append((module, statement))

    def _whole(self, module: _Module) -> None:
        if (module.path, "*") in self._seen:
            return
        self._seen.add((module.path, "*"))
        self._touch(module)
        for statements in module.bindings.values():
            for statement in statements:
                self._visit(module, statement)
        for target in (*module.imports.values(), *module.stars):
            self._import(target)

    def _names(self, module: _Module, node: ast.AST) -> None:
        local = _nested_imports(node, module)
        for target in local.values():
            self._import(target, only_touch=True)
        for chain in _chains(node):
            name, rest = chain[0], chain[1:]
            if name in _DYNAMIC:
                self._whole(module)
            if name in local:
                self._import(".".join((local[name], *rest)))
            else:
                self._bound(module, name, rest)

    def _bound(self, module: _Module, name: str, rest: tuple[str, ...]) -> bool:
        found = name in module.bindings or name in module.imports
        for statement in module.bindings.get(name, ()):
            self._visit(module, statement)
        if name in module.imports:
            self._import(".".join((module.imports[name], *rest)))
        if not found:
            for star in module.stars:
                path, _ = self._reach.find(star)
                if path is None:
                    self.packages.add(star.partition(".")[0])
                elif (path, f"star {name}") not in self._seen:
                    self._seen.add((path, f"star {name}"))
                    self._touch(self._reach.module(path))
                    found = self._bound(self._reach.module(path), name, rest) or found
        return found

    def _import(self, dotted: str, *, only_touch: bool = False) -> None:
        path, rest = self._reach.find(dotted)
        if path is None:
            if rest:
                self.packages.add(dotted.partition(".")[0])
            return
        module = self._reach.module(path)
        self._touch(module)
        if only_touch:
            return
        if (path, ".".join(rest)) in self._seen:
            return
        self._seen.add((path, ".".join(rest)))
        if not rest or not self._bound(module, rest[0], tuple(rest[1:])):
            self._whole(module)


def imports_of(tree: ast.Module) -> dict[str, str]:
    """What the imported names of a module stand for, in full: ``{"pd": "pandas", "DataFrame": "pandas.DataFrame"}``."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update(_targets(node, ()))
    return found


def _index(root: Path, path: Path, tree: ast.Module) -> _Module:
    parts = path.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    module = _Module(path, parts[:-1] if is_package else parts, is_package, tree)
    for position, statement in enumerate(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            _index_import(module, statement)
        elif position == 0 and _is_docstring(statement):
            continue
        elif not _is_main_guard(statement):
            _index_statement(module, statement)
    return module


def _index_import(module: _Module, statement: ast.Import | ast.ImportFrom) -> None:
    package = module.dotted if module.is_package else module.dotted[:-1]
    if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
        module.stars.append(_base(statement, package))
        return
    module.imports.update(_targets(statement, package))


def _index_statement(module: _Module, statement: ast.stmt) -> None:
    for node in ast.walk(statement) if not isinstance(statement, _DOCUMENTED) else ():
        if isinstance(node, ast.Import | ast.ImportFrom):
            _index_import(module, node)
    names = list(_bound_names(statement))
    for name in names:
        module.bindings.setdefault(name, []).append(statement)
    if not names and not _only_imports(statement):
        module.effects.append(statement)


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node.id
        elif isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        else:
            todo.extend(ast.iter_child_nodes(node))


def _only_imports(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.If | ast.Try):
        return isinstance(statement, ast.Pass)
    return all(isinstance(s, ast.Import | ast.ImportFrom | ast.Pass) for s in statement.body)


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_main_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "__name__ == '__main__'"


def _base(statement: ast.ImportFrom, package: tuple[str, ...]) -> str:
    if not statement.level:
        return statement.module or ""
    above = package[: len(package) - (statement.level - 1)]
    return ".".join((*above, *(statement.module.split(".") if statement.module else ())))


def _targets(statement: ast.Import | ast.ImportFrom, package: tuple[str, ...]) -> dict[str, str]:
    if isinstance(statement, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: alias.name if alias.asname else alias.name.partition(".")[0]
            for alias in statement.names
        }
    base = _base(statement, package)
    return {alias.asname or alias.name: f"{base}.{alias.name}" for alias in statement.names if alias.name != "*"}


def _nested_imports(node: ast.AST, module: _Module) -> dict[str, str]:
    package = module.dotted if module.is_package else module.dotted[:-1]
    found: dict[str, str] = {}
    for child in ast.walk(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            found.update(_targets(child, package))
    return found


def _chains(node: ast.AST) -> Iterator[tuple[str, ...]]:
    """The names that are mentioned, each with the attributes that follow: ``helpers.clean`` is one."""
    todo: list[ast.AST] = [node]
    while todo:
        current = todo.pop()
        if isinstance(current, ast.Name):
            yield (current.id,)
        elif isinstance(current, ast.Attribute):
            attributes: list[str] = []
            base: ast.expr = current
            while isinstance(base, ast.Attribute):
                attributes.append(base.attr)
                base = base.value
            if isinstance(base, ast.Name):
                yield (base.id, *reversed(attributes))
            else:
                todo.append(base)
        else:
            todo.extend(ast.iter_child_nodes(current))


def _without_model(
    function: ast.FunctionDef | ast.AsyncFunctionDef, imports: dict[str, str]
) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """The function without its ``@model`` (its keys are fingerprinted as keys) and without its name."""
    kept = [d for d in function.decorator_list if not _is_model(d, imports)]
    fields: dict[str, Any] = {name: getattr(function, name, None) for name in function._fields}
    return type(function)(**{**fields, "name": "", "decorator_list": kept})


def _is_model(decorator: ast.expr, imports: dict[str, str]) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    top, dot, rest = ast.unparse(called).partition(".")
    return imports.get(top, top) + dot + rest in _MODEL


def _encode(node: object) -> str:
    """A text of a tree that is the same on every Python: no positions, no empty fields, no docstrings."""
    if isinstance(node, ast.Constant):
        return f"{type(node.value).__name__} {node.value!r}"
    if isinstance(node, ast.AST):
        parts = [type(node).__name__]
        for name in node._fields:
            value = getattr(node, name, None)
            if name in _SKIPPED_FIELDS or value is None or value == []:
                continue
            if name == "body" and isinstance(node, _DOCUMENTED) and _is_docstring(value[0]):
                value = value[1:]
            parts.append(f"{name}={_encode(value)}")
        return f"({' '.join(parts)})"
    if isinstance(node, list):
        return f"[{','.join(_encode(item) for item in node)}]"
    return repr(node)


def _digest_of(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _is_ours(top: str) -> bool:
    return top in sys.stdlib_module_names or top == "interlace" or top.startswith(("interlace_", "_interlace"))


def _installed(top: str) -> Package | None:
    from importlib import metadata

    try:
        found = metadata.distribution(top)
    except (metadata.PackageNotFoundError, ValueError):
        names = metadata.packages_distributions().get(top)
        if not names:
            return None
        found = metadata.distribution(min(names))
    # Private, but stable since 3.8; without it the package is only looked at when the file itself changes.
    path = getattr(found, "_path", None)
    return Package(found.metadata["Name"], found.version, None if path is None else str(path))
