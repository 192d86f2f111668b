"""Decisions that a plugin may take in place of the default.

The implementations are asked in order and the first answer that is not None counts; None leaves the decision to the
next one, and to Interlace's default in the end.  An answer of another type than the specification's is a failure of
the plugin, and the next one is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import hookspec

if TYPE_CHECKING:
    from interlace.model.definition import Model


@hookspec(firstresult=True)
def interlace_resolve_connection(model: Model, names: tuple[str, ...]) -> str | None:
    """Choose the connection of a model that names none.

    Args:
        model: as it was loaded; `Model.connection` is None.
        names: the connections of the project, in the order of ``config.yaml``.

    Returns:
        one of `names`, or None for the project's default.
    """


@hookspec(firstresult=True)
def interlace_choose_strategy(model: Model) -> str | None:
    """Choose the strategy of a model that names none and whose materialisation takes one.

    Returns:
        the name of a strategy, or None for the default (``replace``).
    """
