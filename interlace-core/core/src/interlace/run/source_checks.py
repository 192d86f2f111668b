"""The checks of sources: asked of what something else wrote, when somebody wants to know."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.contracts.check import Check
from interlace.model.values import split_name
from interlace.run.audit import audit

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation
    from interlace.contracts.state import CheckRecord
    from interlace.model.definition import Source
    from interlace.run.view import View

__all__ = ["check_source"]


def check_source(view: View, source: Source) -> list[CheckRecord]:
    """Run the checks of one source.

    Raises:
        QueryFailed: the relation is not there, or a check cannot be asked.
        InvalidModel: a check names a column that the relation has not.
    """
    relation = view.relation(source.name)
    assert relation is not None  # noqa: S101  a source is a relation
    session = view.connection(source).session()

    def resolve(name: str) -> Relation:
        found = view.reads(view.loaded.graph.resolve(split_name(name)))
        assert found is not None  # noqa: S101  the graph was checked when the project was loaded
        return found

    try:
        found = audit(
            session,
            relation,
            session.columns(relation),
            source.checks,
            view.loaded.plugins.registry(Check),
            resolve=resolve,
            now=datetime.now(UTC),
            samples=view.loaded.config.config.checks.samples,
            masked=frozenset(c.name for c in source.columns if "pii" in c.tags),
            model=source.name,
            variables=view.variables,
            root=view.loaded.root,
        )
    finally:
        session.close()
    return list(found.checks)
