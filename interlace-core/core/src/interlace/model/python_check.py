"""From a function under ``@check`` to what is known of it without importing it again."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from interlace.errors import InvalidModel, Location
from interlace.model.annotations import parameters_of
from interlace.model.check_decorator import check_declaration_of
from interlace.model.declared_check import DeclaredCheck
from interlace.model.reach import imports_of

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from interlace.errors import InterlaceError
    from interlace.model.context import LoadingContext

__all__ = ["functions_of", "python_check"]


def functions_of(
    module: ModuleType, declaration_of: Callable[[object], Any]
) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions of a module that a decorator of Interlace stands on; those that it imported belong elsewhere."""
    seen: set[int] = set()
    for name, value in vars(module).items():
        declaration = declaration_of(value)
        if declaration is None or id(value) in seen:
            continue
        seen.add(id(value))
        if declaration.file == module.__file__ or getattr(value, "__module__", None) == module.__name__:
            yield name, value


def python_check(
    attribute: str,
    function: Callable[..., Any],
    tree: ast.Module,
    digest: str,
    context: LoadingContext,
    errors: list[InterlaceError],
) -> DeclaredCheck:
    """What ``@check`` declared.

    Args:
        attribute: the function's name in its module.
        function: under ``@check``.
        tree: of its file.
        digest: of the function and of what it reaches.
        context: of the file.
        errors: takes what is wrong.
    """
    declaration = check_declaration_of(function)
    assert declaration is not None  # noqa: S101  the caller looked
    where = Location(context.file, declaration.line)
    parameters, takes_context = parameters_of(function, imports_of(tree), where, errors)
    if len(parameters) != 1 or takes_context is not None:
        message = f"the check {attribute!r} takes one parameter, the rows that it checks"
        errors.append(InvalidModel(message, where=where))
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        message = f"the check {attribute!r} yields; it returns whether all is well, a number, or the rows that fail"
        errors.append(InvalidModel(message, where=where))
    options: dict[str, object] = {
        "name": attribute,
        **declaration.options,
        "function": f"{context.file}:{attribute}",
        "line": declaration.line,
        "parameter": parameters[0].name if parameters else "",
        "wants": parameters[0].wants if parameters else "",
    }
    errors += _wrong(options, where)
    return DeclaredCheck(declaration.model, "python", options, context.file, declaration.line, digest)


def _wrong(options: dict[str, object], where: Location) -> list[InvalidModel]:
    from pydantic import ValidationError

    from interlace.contracts.check import CheckOptions

    own = {word: value for word, value in options.items() if word in CheckOptions.model_fields}
    try:
        CheckOptions.model_validate(own)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return [InvalidModel(f"@check: {said}", where=where)]
    return []
