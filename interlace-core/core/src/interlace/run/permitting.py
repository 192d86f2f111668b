"""What models may write, by the policies of their connections: judged when they are planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import InterlaceError, InvalidModel, InvalidProject, Location, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.config.loaded import ConnectionSpec
    from interlace.model.definition import Model
    from interlace.run.view import View

__all__ = ["refuse_forbidden_writes"]


def refuse_forbidden_writes(view: View, names: Iterable[str]) -> None:
    """Refuse models that would write through a connection that only reads, or to a schema that is not allowed.

    A model on a connection that is shared is another environment's, and read here.  A model with ``strategy: none``, which something else writes, and one that stands in its readers' queries write nothing.

    Raises:
        InvalidModel: one; InvalidProject: several.
    """
    from interlace.run.sharing import shared_models

    errors: list[InterlaceError] = []
    for name in sorted((set(names) & set(view.models)) - shared_models(view)):
        model = view.models[name]
        errors += _exports(view, model)
        spec = view.loaded.config.connection(model.connection)
        if name in view.inlined or (model.strategy is not None and model.strategy.name == "none"):
            continue
        wrong = _through_reading(model, spec) or _to_another_schema(view, model, spec)
        if wrong is not None:
            errors.append(wrong)
    if errors:
        raise errors[0] if len(errors) == 1 else InvalidProject(errors)


def _through_reading(model: Model, spec: ConnectionSpec) -> InvalidModel | None:
    if spec.policy.access == "readwrite":
        return None
    return InvalidModel(
        f"{model.name} would write through the connection {spec.name!r}, which is 'access: read'",
        where=Location(model.file, model.line),
        hint="Give the model another connection; or 'strategy: none', where something else writes its relation.",
        model=model.name,
    )


def _exports(view: View, model: Model) -> list[InterlaceError]:
    known, base = view.loaded.config.connections, view.loaded.config.config.base_environment
    named = dict.fromkeys(str(use.options.get("connection")) for use in model.export)
    errors: list[InterlaceError] = []
    for name in named:
        if name not in known or known[name].policy.access != "read":
            continue
        why, hint = "is 'access: read'", "Export to another place, or give the connection 'access: readwrite'."
        if known[name].policy.shared and view.environment != base:
            why = f"is shared, and written by {base} alone"
            hint = (
                f"Let the connection lead to another place in {view.environment}, by an overlay of the configuration."
            )
        said = f"{model.name} would export through the connection {name!r}, which {why}"
        errors.append(InvalidModel(said, where=Location(model.file, model.line), hint=hint, model=model.name))
    return errors


def _to_another_schema(view: View, model: Model, spec: ConnectionSpec) -> InvalidModel | None:
    allowed = spec.policy.allowed_schemas
    if allowed is None or view.relation(model.name) is None:
        return None
    schema = model.schema or view.namespace(spec.name).default_schema
    if schema.casefold() in {one.casefold() for one in allowed}:
        return None
    near = did_you_mean(schema, allowed, label="Allowed")
    return InvalidModel(
        f"{model.name} would write to the schema {schema!r}, which the connection {spec.name!r} does not allow",
        where=Location(model.file, model.line),
        hint=near or f"'allowed_schemas' of the connection {spec.name!r} is empty.",
        model=model.name,
    )
