"""What a Python model is given when it asks for ``context``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.files import FileConnection
    from interlace.contracts.relation import Relation
    from interlace.run.taking import Arrived, Taking

__all__ = ["Context", "Interval"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open range of time, ``start <= t < end``, in the project's time zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Context:
    """The run that a model is part of.

    Attributes:
        run: the run's id.
        attempt: the attempt's id.
        model: the model's name.
        environment: the environment's name.
        execution_time: the moment that this load counts as, in UTC.
        interval: what the model is to compute; None where it is not incremental.
        cursor: of a model that is incremental by key, the greatest value seen less its lookback; None at first.
        variables: the project's ``vars``.
        timezone: the project's time zone.
        relation: the relation that the model will be published as; None where it has none.
        logger: logs to the run's log, with run and model.
    """

    run: str
    attempt: str
    model: str
    environment: str
    execution_time: datetime
    interval: Interval | None
    variables: Mapping[str, object]
    timezone: ZoneInfo
    relation: Relation | None
    logger: logging.LoggerAdapter[Any]
    _open: Callable[[], Session] = field(repr=False)
    cursor: object = None
    _files: Callable[[str], FileConnection] | None = field(default=None, repr=False)
    _taking: Taking | None = field(default=None, repr=False)

    @property
    def connection(self) -> Session:
        """A session of its own on the model's connection, closed when the attempt ends."""
        return self._open()

    @property
    def arrivals(self) -> tuple[Arrived, ...]:
        """The files that the model takes in, oldest first: each has ``path``, ``size``, ``modified``, ``open()``, ``rows()``.

        Raises:
            UsageError: the model takes in none.
        """
        from interlace.errors import UsageError

        if self._taking is None:
            raise UsageError(
                f"{self.model} takes in no files", hint='Write files={"connection": …, "path": …} in @model.'
            )
        return self._taking.arrivals()

    def files(self, connection: str) -> FileConnection:
        """A connection of the project that has files: list, read and write them; it is closed when the run ends.

        Raises:
            InvalidConfig: the project has no connection of this name, or its options are wrong.
            UsageError: it has tables.
        """
        from interlace.errors import UsageError

        if self._files is None:
            raise UsageError("there are no connections to files here")
        return self._files(connection)
