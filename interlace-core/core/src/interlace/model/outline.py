"""What a graph asks of a model, and the rest of it, which a project of ten thousand models restores when it is asked for."""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from interlace.errors import StateError
from interlace.model.compact import compact_model, restore_model
from interlace.model.definition import Model, PythonBody, SqlBody
from interlace.model.values import split_name

if TYPE_CHECKING:
    from interlace.model.definition import Node, Source

__all__ = ["Nodes", "Outline", "Use", "compact_outline", "outline_of", "whole"]

Use = tuple[tuple[str, ...], bool, "int | None"]
"""A name that a model gives: its parts, whether the model reads it, and the offset in its query where it stands."""


class Outline(NamedTuple):
    """A model as far as a graph has to know it.

    Attributes:
        kind: as `Model.kind`.
        data: as `Fingerprint.data`.
        declares: whether the model says what its columns are made of.
        uses: the names that it gives, in their order.
        rest: the model itself, or what the cache has of it.
    """

    name: str
    kind: Literal["sql", "python", "seed"]
    enabled: bool
    schema: str | None
    connection: str | None
    materialise: str
    data: str
    declares: bool
    uses: tuple[Use, ...]
    rest: Model | bytes

    def model(self) -> Model:
        """The whole model.

        Raises:
            StateError: what the cache has of it cannot be read.
        """
        if isinstance(self.rest, Model):
            return self.rest
        try:
            return restore_model(marshal.loads(self.rest))  # noqa: S302  our own file, in the project's own folder
        except (ValueError, EOFError, TypeError, IndexError) as error:
            message = f"what .interlace/models.cache has of {self.name!r} cannot be read"
            raise StateError(message, hint="Delete the file: it is written anew.", model=self.name) from error


def outline_of(model: Model) -> Outline:
    """The outline of a model that is there."""
    return Outline(
        model.name,
        model.kind,
        model.enabled,
        model.schema,
        model.connection,
        model.materialise,
        model.fingerprint.data,
        bool(model.lineage),
        tuple(_uses(model)),
        model,
    )


def compact_outline(model: Model) -> tuple[Any, ...]:
    """A model as plain data that `Outline` is made of.

    Raises:
        ValueError: something in it is no plain data.
    """
    return (*outline_of(model)[:-1], marshal.dumps(compact_model(model)))


def whole(node: Outline | Source) -> Node:
    """A node with all that is known of it."""
    return node.model() if isinstance(node, Outline) else node


def _uses(model: Model) -> Iterator[Use]:
    body = model.body
    if isinstance(body, SqlBody):
        for reference in body.references:
            yield reference.parts, True, reference.start
    elif isinstance(body, PythonBody):
        for parameter in body.parameters:
            yield parameter.reference, True, None
    for name in model.dependencies:
        yield split_name(name), False, None


class Nodes(Mapping[str, "Node"]):
    """Nodes by name; a model that the cache has is restored when it is asked for, and once."""

    __slots__ = ("_given", "_whole")

    def __init__(self, given: Mapping[str, Outline | Source]) -> None:
        self._given = given
        self._whole: dict[str, Node] = {}

    def __getitem__(self, name: str) -> Node:
        found = self._whole.get(name)
        if found is None:
            # Of two threads that ask at once, both are given what came first.
            found = self._whole.setdefault(name, whole(self._given[name]))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def __contains__(self, name: object) -> bool:
        return name in self._given

    def __repr__(self) -> str:
        return f"Nodes({', '.join(self._given)})"

    def outline(self, name: str) -> Outline | None:
        """What is known of a model without restoring it; None for a source."""
        found = self._given[name]
        return found if isinstance(found, Outline) else None
