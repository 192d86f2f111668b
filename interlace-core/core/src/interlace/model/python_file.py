"""Loads ``.py`` files: each function under ``@model`` is a model."""

from __future__ import annotations

import ast
import inspect
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from interlace.contracts.model_loader import ModelLoader
from interlace.errors import InterlaceError, InvalidModel, Location
from interlace.model.annotations import parameters_of
from interlace.model.check_decorator import check_declaration_of
from interlace.model.context import LoadedFile, Package
from interlace.model.declared import raise_all
from interlace.model.decorator import Declaration, declaration_of
from interlace.model.definition import PythonBody
from interlace.model.python_check import functions_of, python_check
from interlace.model.python_imports import forget_changed, import_file, public_text
from interlace.model.reach import Reach, imports_of
from interlace.model.row_annotation import columns_by_annotation
from interlace.model.sidecar import check_sidecar_names
from interlace.model.text_file import decode

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from interlace.model.context import LoadingContext
    from interlace.model.declared_check import DeclaredCheck
    from interlace.model.definition import Model

__all__ = ["PythonLoader", "load_check", "load_function", "own_frames"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def load_function(root: Path, body: PythonBody) -> Callable[..., Any]:
    """The function of a Python model, its file imported when it is not yet.

    Args:
        root: the project's folder.

    Raises:
        InvalidModel: the file cannot be imported, or has no such function any more.
    """
    function = _attribute(root.resolve(), body.file, body.function)
    if declaration_of(function) is None:
        raise InvalidModel(f"the file has no model {body.function!r} any more", where=Location(body.file))
    return cast("Callable[..., Any]", function)


def load_check(root: Path, file: str, name: str) -> Callable[..., Any]:
    """The function of a Python check; as `load_function`."""
    function = _attribute(root.resolve(), file, name)
    if check_declaration_of(function) is None:
        raise InvalidModel(f"the file has no check {name!r} any more", where=Location(file))
    return cast("Callable[..., Any]", function)


def _attribute(root: Path, file: str, name: str) -> Any:
    return getattr(_import(root, root / file, file), name, None)


def own_frames(root: Path, error: BaseException) -> list[traceback.FrameSummary]:
    """The frames of a traceback that stand in the project's files, outermost first; file names relative to the root."""
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(root):
            relative = path.relative_to(root).as_posix()
            frames.append(traceback.FrameSummary(relative, frame.lineno, frame.name, line=frame.line))
    return frames


@dataclass(frozen=True, slots=True)
class _Found:
    """A model's function, and its ``def`` where the file has one."""

    attribute: str
    function: Callable[..., Any]
    declaration: Declaration
    node: Function | None
    line: int


class PythonLoader(ModelLoader):
    """Loads Python models; one loader serves one load of a project."""

    def __init__(self) -> None:
        self._reach: Reach | None = None

    def load(self, path: Path, content: bytes, context: LoadingContext) -> LoadedFile:
        """Import one Python file and take its models; see `ModelLoader.load`."""
        text = decode(content, context.file)
        tree = _parse(text, context)
        if "model" not in text and "check" not in text and not _has_decorators(tree):
            raise_all(check_sidecar_names(context, ()))
            return LoadedFile()
        if self._reach is None:
            forget_changed(context.root)
            self._reach = Reach(context.root)
        self._reach.add(path, tree)
        module = _import(context.root, path, context.file)
        found = _models(module, tree, context)
        errors: list[InterlaceError] = list(_defined_twice(tree, context.file, found))
        names = [str(f.declaration.keys.get("name", f.attribute)) for f in found]
        errors.extend(check_sidecar_names(context, names))
        models: list[Model] = []
        reads: set[Path] = set()
        packages: dict[str, Package] = {}
        for one, name in zip(found, names, strict=True):
            reached = self._reach.of(path, one.attribute)
            reads.update(reached.files)
            packages.update({package.name: package for package in reached.packages})
            try:
                models.append(_model(one, name, tree, reached.digest, context, alone=len(found) == 1))
            except InterlaceError as error:
                errors.append(error)
        checks: list[DeclaredCheck] = []
        for attribute, function in functions_of(module, check_declaration_of):
            reached = self._reach.of(path, attribute)
            reads.update(reached.files)
            packages.update({package.name: package for package in reached.packages})
            checks.append(python_check(attribute, function, tree, reached.digest, context, errors))
        raise_all(errors)
        return LoadedFile(tuple(models), (), tuple(sorted(reads - {path})), tuple(packages.values()), tuple(checks))


def _model(found: _Found, name: str, tree: ast.Module, digest: str, context: LoadingContext, *, alone: bool) -> Model:
    where = Location(context.file, found.line)
    declared = context.declared(name, alone=alone)
    lines = _keyword_lines(found)
    for word, value in found.declaration.keys.items():
        declared.add(word, value, Location(context.file, lines.get(word, found.line)))
    documentation = inspect.getdoc(found.function)
    if documentation and "description" not in declared.keys:
        declared.add("description", documentation, where)
    if "columns" not in declared.keys:
        columns = columns_by_annotation(found.function, lambda: context.dialect(declared))
        if columns:
            declared.add("columns", columns, where)
    parameters, takes_context = parameters_of(found.function, imports_of(tree), where, declared.errors)
    body = PythonBody(context.file, found.attribute, found.line, _kind(found.function), parameters, takes_context)
    return context.model(declared, body, name=name, line=found.line, digest=digest, typed=True)


def _parse(text: str, context: LoadingContext) -> ast.Module:
    try:
        return ast.parse(text, context.file)
    except SyntaxError as error:
        raise _syntax_error(error, context.file) from None
    except (RecursionError, ValueError) as error:
        raise InvalidModel(f"the file cannot be parsed: {error}", where=Location(context.file)) from None


def _syntax_error(error: SyntaxError, file: str) -> InvalidModel:
    line = (error.text or "").rstrip("\n")
    stripped = line.lstrip()
    column = max(1, (error.offset or 1) - (len(line) - len(stripped)))
    where = Location(file, error.lineno, column if stripped else None, stripped or None)
    return InvalidModel(f"syntax error: {error.msg}", where=where)


def _import(root: Path, path: Path, file: str) -> ModuleType:
    try:
        return import_file(root, path)
    except InterlaceError:
        raise
    except (Exception, SystemExit) as error:
        raise _import_failed(root, file, error) from error


def _import_failed(root: Path, file: str, error: BaseException) -> InvalidModel:
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(root):
        return _syntax_error(error, Path(error.filename).relative_to(root).as_posix())
    frames = own_frames(root, error)
    own = next((frame for frame in frames if frame.filename == file), None)
    said = public_text(root, str(error))
    message = f"importing it raised {type(error).__name__}{': ' if said else ''}{said}"
    where = Location(file, own.lineno if own else None, None, own.line if own else None)
    deeper = [f"{f.filename}:{f.lineno}, in {f.name}" for f in frames if f is not own]
    return InvalidModel(message, where=where, hint="Raised in " + "; ".join(deeper) if deeper else None)


def _models(module: ModuleType, tree: ast.Module, context: LoadingContext) -> list[_Found]:
    nodes = {node.name: node for node in tree.body if isinstance(node, Function)}
    found: dict[int, _Found] = {}
    for attribute, value in vars(module).items():
        declaration = declaration_of(value)
        if declaration is None or id(value) in found:
            continue
        # What was imported from another file is a model of that file.
        if declaration.file != module.__file__ and getattr(value, "__module__", None) != module.__name__:
            continue
        if not inspect.isfunction(inspect.unwrap(value)):
            raise InvalidModel(f"@model stands on {attribute!r}, which is no function", where=Location(context.file))
        node = nodes.get(attribute)
        line = node.lineno if node else declaration.line
        found[id(value)] = _Found(attribute, value, declaration, node, line)
    return sorted(found.values(), key=lambda f: f.line)


def _defined_twice(tree: ast.Module, file: str, found: list[_Found]) -> list[InvalidModel]:
    """Python keeps the last of two functions with one name: the first would vanish without a word."""
    names = {f.attribute for f in found}
    first: dict[str, int] = {}
    errors = []
    for node in tree.body:
        if isinstance(node, Function) and node.name in names and node.decorator_list:
            if node.name in first:
                message = f"the function {node.name!r} is defined twice, first on line {first[node.name]}"
                errors.append(InvalidModel(message, where=Location(file, node.lineno)))
            first[node.name] = node.lineno
    return errors


def _keyword_lines(found: _Found) -> dict[str, int]:
    calls = [d for d in found.node.decorator_list if isinstance(d, ast.Call)] if found.node else []
    return {k.arg: k.value.lineno for call in calls for k in call.keywords if k.arg is not None}


def _kind(function: Callable[..., Any]) -> Literal["function", "async", "generator", "async_generator"]:
    if inspect.isasyncgenfunction(function):
        return "async_generator"
    if inspect.iscoroutinefunction(function):
        return "async"
    return "generator" if inspect.isgeneratorfunction(function) else "function"


def _has_decorators(tree: ast.Module) -> bool:
    return any(getattr(node, "decorator_list", None) for node in tree.body)
