"""Looking into a project: its relations, its data, how they differ.  Builds nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from interlace.errors import UsageError
from interlace.model.definition import Source
from interlace.run.loaded_project import LoadedProject

if TYPE_CHECKING:
    from interlace.contracts.relation import Column, Relation
    from interlace.contracts.state import CheckRecord
    from interlace.lineage.models import ModelLineage
    from interlace.run.difference_between import Compare, Difference
    from interlace.run.impact import Impact
    from interlace.run.profile import Profile
    from interlace.run.validate import Validated

__all__ = ["ReadingProject"]


class ReadingProject(LoadedProject):
    """What is asked of a project."""

    def select(self, select: Sequence[str] = (), exclude: Sequence[str] = ()) -> frozenset[str]:
        """The names of models and sources that a selection means; all without one.

        Raises:
            UsageError: a selector matches nothing.
        """
        from interlace.run.selection import selected_names

        return selected_names(self._view, self.store.snapshot(self.environment), select, exclude)

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of the data of each model that has a relation, as it is defined now; parents first."""
        ordered = (n for n in self.graph.order() if n in self._view.relations)
        return {name: self._view.fingerprints[name] for name in ordered}

    def relation(self, name: str) -> Relation | None:
        """Where a model or source is read from in this environment; None where it has no relation.

        Raises:
            InvalidGraph: there is no such node.
        """
        self._defer()
        return self._view.reads(self._name(name))

    def compiled(self, name: str) -> str:
        """The SQL of a SQL model as this environment runs it.

        Raises:
            InvalidGraph: there is no such node.
            UsageError: the model is no SQL model.
        """
        from interlace.run.adhoc import compiled

        self._defer()
        return compiled(self._view, self._name(name))

    def query(
        self, sql: str, *, connection: str | None = None, limit: int = 100
    ) -> tuple[tuple[Column, ...], list[tuple[Any, ...]]]:
        """Run a query in which names of models stand for their relations.  It is one SELECT: nothing is written.

        Returns:
            the columns and at most `limit` rows.

        Raises:
            InvalidSql: it does not parse, or is no query.
            QueryFailed: the database refused it.
        """
        from interlace.run.adhoc import query

        self._defer()
        with self._read():
            return query(self._view, sql, connection, limit)

    def side_table(self, word: str) -> tuple[Relation, str] | None:
        """What a load or a check keeps beside a model's own table, such as ``orders__rejects``, and its connection.

        None where no model could have it.

        Raises:
            UsageError: the model has none of this name; says the nearest.
        """
        from interlace.run.adhoc import side_table

        with self._read():
            return side_table(self._view, word)

    def check_source(self, name: str) -> list[CheckRecord]:
        """Run the checks of one source, now.

        Raises:
            UsageError: it is no source.
            QueryFailed: its relation is not there.
        """
        from interlace.run.source_checks import check_source

        node = self.graph.nodes[self._name(name)]
        if not isinstance(node, Source):
            raise UsageError(f"{node.name} is a {node.kind} model, no source")
        self._defer()
        with self._read():
            return check_source(self._view, node)

    def lineage(self) -> ModelLineage:
        """What the columns of models are made of, with the columns that this environment's state has of them.

        Opens no database.  Use it as a context manager, so that what was found is kept in ``.interlace``.
        """
        from interlace.run.lineage import model_lineage

        return model_lineage(self._view, self.store)

    def ask_columns(self, names: Collection[str]) -> dict[str, str]:
        """Ask the databases for the columns of sources, and of models that are read from another environment.

        They are kept beside the state, for who follows columns: `lineage` asks no database.

        Args:
            names: of models: what they read is asked; other nodes are asked themselves.

        Returns:
            why something could not be asked, by name.
        """
        from interlace.run.asked_columns import AskedColumns, ask_columns
        from interlace.run.expressions import expressions_of

        self._defer()
        nodes = {n for name in names for n in (name, *self.graph.parents(name))}
        with self._read():
            found, failed = ask_columns(self._view, nodes)
        AskedColumns(expressions_of(self.store, self.root).parent, self._view).keep(found)
        return failed

    def impact(self, column: str, *, depth: int | None = None) -> Impact:
        """What depends on a column, or on any column and the rows of a model: in other models, checks, exports and keys.

        Opens no database.

        Args:
            column: ``model``, ``model.column`` or either with the schema in front.
            depth: over at most so many models.

        Raises:
            UsageError: there is no such node or column.
        """
        from interlace.run.impact import impact_of

        with self.lineage() as models:
            return impact_of(self._view, models, column, depth)

    def metadata(
        self, select: Sequence[str] = (), exclude: Sequence[str] = (), *, lineage: bool = True
    ) -> dict[str, Any]:
        """All that is known of models, seeds and sources, as plain JSON: what ``interlace docs export`` writes.

        Opens no database.

        Args:
            select: selectors; empty means everything.
            exclude: selectors of what is left out.
            lineage: whether what columns are made of is part of it.

        Raises:
            UsageError: a selector matches nothing.
        """
        from interlace.run.metadata import project_metadata

        names = self.select(select, exclude)
        self._defer()
        with self.lineage() if lineage else nullcontext() as models:
            return project_metadata(self._view, self.store, names, models, datetime.now(UTC))

    def validate(self, select: Sequence[str] = (), exclude: Sequence[str] = ()) -> Validated:
        """Look at the project without its data: what a plan would refuse, columns and types through the graph, lint.

        Opens no database.

        Raises:
            UsageError: a selector matches nothing.
        """
        from interlace.run.asked_columns import AskedColumns
        from interlace.run.expressions import expressions_of
        from interlace.run.validate import validate

        asked = AskedColumns(expressions_of(self.store, self.root).parent, self._view)
        states = self.store.snapshot(self.environment).models
        return validate(self._view, self.select(select, exclude), states, asked.of)

    def profile(self, name: str, columns: Sequence[str] = ()) -> Profile:
        """What the data of a model, seed or source looks like, as it is published in this environment.

        Raises:
            UsageError: it has no relation, or no such column.
            QueryFailed: its relation is not there.
        """
        from interlace.run.profile import profile

        self._defer()
        node = self.graph.nodes[self._name(name)]
        relation = self._view.reads(node.name)
        if relation is None:
            raise UsageError(f"{node.name} has no relation")
        with self._read(), closing(self._view.connection(node).session()) as session:
            return profile(session, relation, columns, frozenset(c.name for c in node.columns if "pii" in c.tags))

    def difference(self, name: str, other: ReadingProject, asked: Compare | None = None) -> Difference:
        """How a model, seed or source differs from what another environment of this project publishes.

        Args:
            name: of the model, seed or source.
            other: the project in the other environment; rows that only it has count as removed.
            asked: which columns and rows are compared, and how; by default all, by the model's key.

        Raises:
            UsageError: it is not built in one of them; there is no such column; its rows cannot be told by the key.
            QueryFailed: a database refused.
        """
        from interlace.run.difference_between import Compare, between

        self._defer()
        other._defer()
        with self._read(), other._read():
            return between(other._view, self._view, self._name(name), asked or Compare())
