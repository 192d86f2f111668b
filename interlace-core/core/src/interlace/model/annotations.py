"""What the parameters of a Python model ask for, without importing pandas or polars."""

from __future__ import annotations

import ast
import inspect
import typing
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from interlace.errors import InvalidModel, Location, did_you_mean
from interlace.model.decorator import Ref
from interlace.model.definition import Parameter
from interlace.model.values import Unacceptable, split_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interlace.errors import InterlaceError

__all__ = ["parameters_of"]

Wants = Literal[
    "ibis.Table",
    "pyarrow.Table",
    "pyarrow.RecordBatchReader",
    "pandas.DataFrame",
    "polars.DataFrame",
    "polars.LazyFrame",
]
_ALLOWED: Final[tuple[str, ...]] = get_args(Wants)


def parameters_of(
    function: Callable[..., Any], imports: Mapping[str, str], where: Location, errors: list[InterlaceError]
) -> tuple[tuple[Parameter, ...], str | None]:
    """The dependencies among a function's parameters, and the name of the one that takes the context.

    Args:
        function: the model's function.
        imports: what the names that its file imports stand for: ``{"pd": "pandas"}``.
        where: the ``def``, for messages.
        errors: takes what is wrong.
    """
    found: list[Parameter] = []
    context: str | None = None
    for parameter in inspect.signature(function).parameters.values():
        if problem := _problem(parameter):
            errors.append(InvalidModel(problem, where=where))
        elif parameter.name == "context":
            context = parameter.name
        elif parameter.default is inspect.Parameter.empty:
            try:
                found.append(_parameter(parameter, function, imports))
            except Unacceptable as error:
                errors.append(InvalidModel(f"the parameter {parameter.name!r} {error}", where=where))
    return tuple(found), context


def _problem(parameter: inspect.Parameter) -> str | None:
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL | inspect.Parameter.VAR_KEYWORD:
            return f"a model names each input: {str(parameter).partition(':')[0]!r} names none"
        case inspect.Parameter.POSITIONAL_ONLY:
            return f"the parameter {parameter.name!r} is positional only, but inputs are given by name: remove the '/'"
    return None


def _parameter(parameter: inspect.Parameter, function: Callable[..., Any], imports: Mapping[str, str]) -> Parameter:
    annotation = parameter.annotation
    if annotation is inspect.Parameter.empty:
        return Parameter(parameter.name, (parameter.name,))
    if isinstance(annotation, str):
        asked, refs = _of_text(annotation, function, imports)
    else:
        asked, refs = _of_object(annotation)
    if len(refs) > 1:
        raise Unacceptable("has more than one ref()")
    reference = split_name(refs[0].name) if refs else (parameter.name,)
    return Parameter(parameter.name, reference, _wants(asked))


def _wants(asked: str) -> Wants:
    top, _, rest = asked.partition(".")
    wanted = f"{top}.{rest.rpartition('.')[2]}"
    if wanted not in _ALLOWED:
        near = did_you_mean(wanted, _ALLOWED)
        raise Unacceptable(f"asks for {asked!r}; an input can be {', '.join(_ALLOWED)}. {near}".rstrip())
    return typing.cast("Wants", wanted)


def _of_object(annotation: Any) -> tuple[str, list[Ref]]:
    if typing.get_origin(annotation) is typing.Annotated:
        asked, *more = get_args(annotation)
        return _of_object(asked)[0], [item for item in more if isinstance(item, Ref)]
    if isinstance(annotation, typing.ForwardRef):
        return annotation.__forward_arg__, []
    if isinstance(annotation, type):
        return f"{annotation.__module__}.{annotation.__qualname__}", []
    return str(annotation), []


def _of_text(annotation: str, function: Callable[..., Any], imports: Mapping[str, str]) -> tuple[str, list[Ref]]:
    try:
        tree = ast.parse(annotation, mode="eval").body
    except SyntaxError:
        raise Unacceptable(f"has an annotation that cannot be read: {annotation!r}") from None
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return _of_text(tree.value, function, imports)
    if isinstance(tree, ast.Subscript) and _dotted(tree.value).rpartition(".")[2] == "Annotated":
        items = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        return _resolved(_dotted(items[0]), imports), _refs(items[1:], function)
    return _resolved(_dotted(tree), imports), []


def _refs(items: list[ast.expr], function: Callable[..., Any]) -> list[Ref]:
    module_globals = getattr(inspect.unwrap(function), "__globals__", {})
    found = []
    for item in items:
        value = eval(compile(ast.Expression(item), "<annotation>", "eval"), module_globals)  # noqa: S307  the user's own code
        if isinstance(value, Ref):
            found.append(value)
    return found


def _dotted(tree: ast.expr) -> str:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return tree.value
    return ast.unparse(tree)


def _resolved(dotted: str, imports: Mapping[str, str]) -> str:
    top, dot, rest = dotted.partition(".")
    return imports.get(top, top) + dot + rest
