"""All models of an environment at one moment, each decoded when it is first looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from interlace.contracts.state import ModelState, StateSnapshot
from interlace.model.definition import Fingerprint
from interlace.state.codec import columns_of, moment, optional_json, since_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.relation import Column
    from interlace.state.database import Row

__all__ = ["StoredModels", "snapshot_of"]


def snapshot_of(environment: str, rows: Sequence[Row]) -> StateSnapshot:
    """The rows of `statements.SNAPSHOT`; an environment without models has one row, whose name is NULL."""
    revision = rows[0][0] if rows else 0
    return StateSnapshot(environment, revision, StoredModels({row[1]: row for row in rows if row[1] is not None}))


class StoredModels(Mapping[str, ModelState]):
    """Models by name; equal to a plain dict of the same.

    Args:
        rows: of `statements.SNAPSHOT`, by the model's name.
    """

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._rows = rows
        self._models: dict[str, ModelState] = {}
        # Many models have the same columns; most of the time goes into making those.
        self._columns: dict[str | None, tuple[Column, ...] | None] = {}

    def __getitem__(self, name: str) -> ModelState:
        found = self._models.get(name)
        if found is None:
            found = self._models[name] = self._model_of(self._rows[name])
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"StoredModels({', '.join(self._rows)})"

    def _model_of(self, row: Row) -> ModelState:
        (_, name, data, checks, metadata, data_version, parents, inputs, relation, kind, columns, published, n, seconds,
         exports, status, attempted, run, error, checks_failed, since) = row  # fmt: skip
        if columns not in self._columns:
            self._columns[columns] = columns_of(columns)
        # By position, which is faster than by name.
        return ModelState(
            name,
            None if data is None else Fingerprint(data, checks, metadata),
            data_version,
            optional_json(parents, {}),
            optional_json(inputs, {}),
            relation,
            kind,
            self._columns[columns],
            None if published is None else moment(published),
            n,
            seconds,
            optional_json(exports, {}),
            status,
            None if attempted is None else moment(attempted),
            run,
            error,
            checks_failed == 1,
            {} if since is None else since_of(since),
        )
