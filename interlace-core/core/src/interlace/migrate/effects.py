"""What a migration did to the relations of models: the state follows, and their readers run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from interlace.contracts.connection import Marker
from interlace.contracts.relation import Relation
from interlace.contracts.state import AttemptRecord
from interlace.model.definition import Model
from interlace.run.intent import encode, key
from interlace.state.ids import new_id

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.state import ModelState, StateStore
    from interlace.migrate.compiling import Compiled
    from interlace.migrate.migration import Migration
    from interlace.run.view import View

__all__ = ["Effects"]

_ROWS: Final = frozenset({"write", "empty", "remake"})
_How = Literal["rows", "columns", "perhaps"]


class Effects:
    """What one migration did.

    What it wrote counts as the model's data: the model itself is not built again for it, whoever reads it is.  A model
    whose relation is gone was never built.
    """

    def __init__(self, view: View, store: StateStore, run: str, migration: Migration) -> None:
        self._view = view
        self._store = store
        self._run = run
        self._migration = migration
        self._records: list[AttemptRecord] = []
        self._gone: list[str] = []

    def note(self, session: Session, ran: Sequence[Compiled]) -> None:
        """Look what became of the models' relations, inside the open transaction, and leave a marker for each."""
        known = self._store.snapshot(self._view.environment).models
        touched = self._touched(ran)
        seen = session.catalogue(sorted({self._view.relations[m].schema for m in touched}, key=str))
        for model, how in touched.items():
            state = known.get(model)
            if state is None or state.fingerprint is None or state.relation is None:
                continue
            relation = self._view.relations[model]
            if relation not in seen:
                self._gone.append(model)
                continue
            if how == "perhaps" and seen[relation].columns == state.columns:
                continue
            rows = how == "rows"
            record = self._record(session, model, state, relation, rows=rows)
            self._store.save_answer(key(record.id), encode(self._view.environment, record))
            session.mark(Marker(str(relation), record.id, self._run))
            self._records.append(record)

    def record(self, session: Session) -> None:
        """Bring the state up to what was committed."""
        environment = self._view.environment
        if self._records:
            self._store.record(environment, self._records)
            session.forget_markers([r.id for r in self._records])
        if self._gone:
            self._store.forget_models(environment, self._gone)

    def _touched(self, ran: Sequence[Compiled]) -> dict[str, _How]:
        """The models whose relations were touched; any of them, perhaps, by what cannot be looked into."""
        places = {_key(r): n for n, r in self._view.relations.items() if self._is_here(self._view.models[n])}
        found: dict[str, _How] = dict.fromkeys(places.values(), "perhaps") if any(s.opaque for s in ran) else {}
        for touch in (t for s in ran for t in s.touches if t.act.change != "dress"):
            relation, act = touch.named.relation, touch.act
            new = [Relation(act.to, relation.schema)] if act.change == "rename" and act.to else []
            for one in (relation, *new):
                if (model := places.get(_key(one))) is not None and found.get(model) != "rows":
                    found[model] = "rows" if act.change in _ROWS else "columns"
        return found

    def _is_here(self, model: Model) -> bool:
        return self._view.connection_name(model) == self._migration.connection

    def _record(
        self, session: Session, model: str, state: ModelState, relation: Relation, *, rows: bool
    ) -> AttemptRecord:
        now, attempt = datetime.now(UTC), new_id()
        columns = session.columns(relation)
        after = replace(
            state,
            data_version=attempt,
            columns=columns,
            rows=None if rows else state.rows,
            published_at=now,
            attempted_at=now,
            run=self._run,
        )
        return AttemptRecord(
            id=attempt,
            run=self._run,
            model=model,
            status="succeeded",
            reason=f"changed by the migration {self._migration.name}",
            started_at=now,
            finished_at=now,
            state=after,
            schema_changed=columns != state.columns,
        )


def _key(relation: Relation) -> tuple[str, str]:
    return (relation.schema or "").casefold(), relation.name.casefold()
