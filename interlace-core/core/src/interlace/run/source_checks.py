"""The checks of what something else wrote: of sources, and of models where another environment built them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.contracts.check import Check
from interlace.model.values import split_name
from interlace.run.audit import audit
from interlace.run.check_words import on_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.relation import Relation
    from interlace.contracts.state import CheckRecord
    from interlace.model.definition import CheckUse, Model, Source
    from interlace.run.view import View

__all__ = ["check_read", "check_source"]


def check_source(view: View, source: Source) -> list[CheckRecord]:
    """Run the checks of one source.

    Raises:
        QueryFailed: the relation is not there, or a check cannot be asked.
        InvalidModel: a check names a column that the relation has not.
    """
    return _checked(view, source, source.checks)


def check_read(view: View, model: Model) -> list[CheckRecord]:
    """Run the checks of one model where it is read, and record nothing; those of a batch say nothing of a table.

    Raises:
        QueryFailed: the relation is not there, or a check cannot be asked.
        InvalidModel: a check names a column that the relation has not.
        ModelFailed: a Python check raised something else than ``AssertionError``.
    """
    return _checked(view, model, [use for use in model.checks if not on_batch(use)])


def _checked(view: View, node: Source | Model, uses: Sequence[CheckUse]) -> list[CheckRecord]:
    relation = view.reads(node.name)
    assert relation is not None  # noqa: S101  a source is a relation, and so is a model that has checks
    session = view.connection(node).session()

    def resolve(name: str) -> Relation:
        found = view.reads(view.loaded.graph.resolve(split_name(name)))
        assert found is not None  # noqa: S101  the graph was checked when the project was loaded
        return found

    try:
        found = audit(
            session,
            relation,
            session.columns(relation),
            uses,
            view.loaded.plugins.registry(Check),
            resolve=resolve,
            now=datetime.now(UTC),
            samples=view.loaded.config.config.checks.samples,
            masked=frozenset(c.name for c in node.columns if "pii" in c.tags),
            model=node.name,
            variables=view.variables,
            root=view.loaded.root,
        )
    finally:
        session.close()
    return list(found.checks)
