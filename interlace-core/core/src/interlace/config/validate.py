"""Errors of pydantic as sentences about a place in a file."""

from __future__ import annotations

from datetime import date, datetime
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from interlace.config.masking import is_secret, masked
from interlace.config.origin import Entry, Origin, Path, dotted, find, flatten, plain
from interlace.config.references import WithSecrets
from interlace.errors import InvalidConfig, did_you_mean
from interlace.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

__all__ = ["described", "explain", "given", "known_keys", "validated"]

M = TypeVar("M", bound=BaseModel)

_SHOWN = 80
_ALLOWED = {
    "bool": "must be true or false",
    "date": "must be a date such as 2024-01-31",
    "datetime": "must be a time such as 2024-01-31T12:00:00",
    "decimal": "must be a number",
    "dict": "must be a mapping of keys to values",
    "float": "must be a number",
    "frozen_set": "must be a list",
    "int": "must be a whole number",
    "is_instance": "has the wrong type",
    "list": "must be a list",
    "model": "must be a mapping of keys to values",
    "set": "must be a list",
    "string": "must be text",
    "tuple": "must be a list",
}


def validated(
    model: type[M], entry: Entry, path: Path = (), *, drop: Sequence[str] = ()
) -> tuple[M | None, list[InvalidConfig]]:
    """Validate a tree.

    Args:
        path: where the tree stands in the configuration, for messages.
        drop: keys of the tree that the model does not see, such as the ``type`` of a connection.

    Returns:
        the value, or None and every error that was found.
    """
    data = {key: _revealed(plain(child)) for key, child in entry.mapping.items() if key not in drop}
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, explain(error, model, entry, path)


def explain(error: ValidationError, model: type[BaseModel], entry: Entry, path: Path = ()) -> list[InvalidConfig]:
    """One error per place; where the branches of a union all failed, what they allow is joined."""
    later = _secret_places(entry)
    places: dict[Path, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        unknown = detail["type"] == "extra_forbidden"
        reached = detail["loc"] if unknown or detail["type"] == "missing" else find(entry, detail["loc"])[1]
        if tuple(reached) not in later and (reached or not later):
            places.setdefault(tuple(reached), []).append(detail)
    return [_error(at, details, model, entry, path) for at, details in places.items()]


def _revealed(value: object) -> object:
    """The value with its secrets, as a plugin's own model takes it."""
    match value:
        case dict():
            return {key: _revealed(child) for key, child in value.items()}
        case list():
            return [_revealed(child) for child in value]
        case Secret():
            return value.reveal()
        case _:
            return value


def _secret_places(entry: Entry) -> set[Path]:
    """Where secrets stand that are not fetched yet: what they are is unknown, and so is what depends on all keys."""
    return {path for path, child in flatten(entry) if isinstance(child.value, WithSecrets)}


def _error(at: Path, details: list[ErrorDetails], model: type[BaseModel], entry: Entry, path: Path) -> InvalidConfig:
    detail = details[0]
    if detail["type"] == "extra_forbidden":
        return _unknown_key(at, model, entry, path)
    if detail["type"] == "missing":
        above, reached = find(entry, at[:-1])
        return described((*path, *at), "is missing", above.key_origin if reached or path else above.origin)
    here, _ = find(entry, at)
    said = " or ".join(dict.fromkeys(_sentence(one) for one in details)).replace(" or must be", " or")
    hint = None
    if detail["type"] == "string_type" and not isinstance(here.value, (dict, list, type(None))):
        hint = "Quote it to make it text."
    if detail["type"] == "literal_error" and isinstance(here.value, str):
        hint = did_you_mean(here.value, _expected(detail)) or None
    sentence = said if _custom(detail) else f"{said}, not {given((*path, *at), here.value)}"
    return described((*path, *at), sentence, here.origin, hint)


def _custom(detail: ErrorDetails) -> bool:
    return detail["type"] in ("interlace", "value_error") and ("unknown" in detail["msg"] or ". " in detail["msg"])


def _unknown_key(at: Path, model: type[BaseModel], entry: Entry, path: Path) -> InvalidConfig:
    here, _ = find(entry, at)
    known = known_keys(model, at[:-1])
    near = did_you_mean(str(at[-1]), known, label="Allowed")
    above = dotted((*path, *at[:-1]))
    where = f" under {above!r}" if above else ""
    return InvalidConfig(
        f"unknown key {at[-1]!r}{where}.", where=_location((*path, *at), here.key_origin), hint=near or None
    )


def described(path: Path, sentence: str, origin: Origin, hint: str | None = None) -> InvalidConfig:
    """An error about the value at a path, such as ``run.threads must be a whole number, not 'many'``."""
    stop = "" if sentence.endswith(("?", ".")) else "."
    return InvalidConfig(f"{dotted(path)} {sentence}{stop}", where=_location(path, origin), hint=hint)


def _location(path: Path, origin: Origin) -> Any:
    return origin.location(excerpt=not is_secret(path))


def given(path: Path, value: object) -> str:
    """A value for a message, short and without secrets."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return str(value).lower()
        case date() | datetime():
            return f"the date {value}" if not isinstance(value, datetime) else f"the time {value}"
    shown = masked(path, value)
    text = repr(shown) if isinstance(shown, str) else str(shown)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}…'"


def _sentence(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "interlace":
            return str(context["message"])
        case "value_error" | "assertion_error":
            return str(context.get("error", detail["msg"])).rstrip(".")
        case "literal_error" | "enum":
            return f"must be one of {', '.join(_expected(detail))}"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "greater_than":
            return f"must be more than {context['gt']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "less_than":
            return f"must be less than {context['lt']}"
        case "string_too_short" | "too_short":
            return "must not be empty"
    for word in ("_type", "_parsing", "_from_float", "_parsing_size"):
        if kind.endswith(word) and kind.removesuffix(word) in _ALLOWED:
            return _ALLOWED[kind.removesuffix(word)]
    if kind in ("mapping_type", "model_attributes_type"):
        return _ALLOWED["dict"]
    message = detail["msg"].rstrip(".")
    return message[0].lower() + message[1:]


def _expected(detail: ErrorDetails) -> list[str]:
    text = str(detail.get("ctx", {}).get("expected", ""))
    return [part.strip().strip("'") for part in text.replace(" or ", ", ").split(",") if part.strip()]


def known_keys(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that users may write in the section at a path."""
    current: Any = model
    for part in path:
        inner = _model_in(current)
        if inner is not None:
            field = next((f for name, f in inner.model_fields.items() if part in (name, f.alias)), None)
            current = field.annotation if field else None
        else:
            arguments = get_args(_bare(current))
            current = arguments[-1] if arguments else None
    inner = _model_in(current)
    return sorted(f.alias or name for name, f in inner.model_fields.items()) if inner else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    bare = _bare(annotation)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return bare
    if get_origin(bare) in (Union, UnionType):
        return next((found for argument in get_args(bare) if (found := _model_in(argument))), None)
    return None


def _bare(annotation: Any) -> Any:
    return _bare(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation
