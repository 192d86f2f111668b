"""From what is due of a model to the loads that a run does, each with its interval or its cursor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from interlace.contracts.strategy import Strategy
from interlace.run.task import Portion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.contracts.load import Interval
    from interlace.model.definition import Model
    from interlace.plan.incremental import Asked
    from interlace.plan.planner import Facts
    from interlace.run.task import Task
    from interlace.run.view import View

__all__ = ["cloned_portion", "history_models", "keeping_models", "portions_of", "refreshed_models", "written_models"]

ENDLESS: Final = 9990
"""The year in which a range ends that says no end."""


def history_models(view: View, selected: Iterable[str]) -> frozenset[str]:
    """The incremental models whose strategy keeps a history: their intervals are loaded one by one."""
    return frozenset(
        n for n in selected if (m := view.models.get(n)) and m.incremental is not None and _strategy(view, m).history
    )


def keeping_models(view: View, selected: Iterable[str]) -> frozenset[str]:
    """The models whose tables keep rows that a load does not give again."""
    return frozenset(n for n in selected if (m := view.models.get(n)) is not None and _keeps_rows(view, m))


def written_models(view: View) -> frozenset[str]:
    """The models whose relations Interlace writes: all but those of ``strategy: none``."""
    return frozenset(n for n, m in view.models.items() if m.strategy is None or _strategy(view, m).writes)


def refreshed_models(view: View, selected: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The models that ``--full-refresh`` makes anew, and what to say of those that it may not touch (ruling 10).

    A table that is replaced as a whole is as fresh as any run makes it.
    """
    keeping = [m for n in sorted(selected) if (m := view.models.get(n)) is not None and _keeps_rows(view, m)]
    allowed = {m.name: m.full_refresh or _default(view, m) for m in keeping}
    why = "its history could not be loaded again (full_refresh: never)"
    refused = [f"{name} is not made anew: {why}" for name, word in allowed.items() if word == "never"]
    return frozenset(n for n, word in allowed.items() if word == "allow"), tuple(refused)


def portions_of(task: Task, facts: Facts, at: datetime) -> tuple[Portion, ...]:
    """The loads of a step, in order; each is a transaction of its own.

    Args:
        at: the run's execution time, UTC.

    Raises:
        UsageError: a range of time is asked of a model whose key is no time.
        InvalidModel: a lookback of something from which nothing can be subtracted.
    """
    incremental = task.model.incremental
    if task.step.action != "build" or incremental is None:
        return (Portion(at, fresh=task.step.fresh),)
    if incremental.by == "datetime":
        return _by_datetime(task, facts, at)
    return (_by_key(task, facts, at),)


def cloned_portion(task: Task, portions: tuple[Portion, ...], facts: Facts) -> tuple[Portion, ...]:
    """The loads of a table that begins as a copy: what the other was loaded for is recorded with the first."""
    if task.copied_from is None:
        return portions
    first, *rest = portions
    loaded = tuple(replace(r, attempt="") for r in facts.intervals(task.name))
    return (replace(first, records=(*loaded, *first.records)), *rest)


def _strategy(view: View, model: Model) -> type[Strategy]:
    word = model.strategy.name if model.strategy is not None else "replace"
    cls: type[Strategy] = view.loaded.plugins.registry(Strategy).get(word)
    return cls


def _keeps_rows(view: View, model: Model) -> bool:
    if not view.kinds[model.materialise].uses_strategy:
        return False
    strategy = _strategy(view, model)
    return strategy.writes and (model.incremental is not None or not strategy.groupable)


def _default(view: View, model: Model) -> Literal["allow", "never"]:
    if model.files is not None and model.files.after != "keep":
        return "never"
    return _strategy(view, model).full_refresh


def _by_datetime(task: Task, facts: Facts, at: datetime) -> tuple[Portion, ...]:
    from zoneinfo import ZoneInfo

    from interlace.contracts.load import Interval
    from interlace.contracts.state import IntervalRecord

    assert task.model.incremental is not None  # noqa: S101  the caller looked
    zone = ZoneInfo(facts.timezone)
    column = task.model.incremental.column
    made = []
    for n, batch in enumerate(task.step.intervals):
        record = IntervalRecord(batch.start, batch.end, task.fingerprint, batch.partial)
        made.append(
            Portion(
                at=min(batch.end, at) if task.strategy.history else at,
                interval=Interval(column, batch.start.astimezone(zone), batch.end.astimezone(zone)),
                partial=True,
                records=(record,) if batch.start < batch.end else (),
                fresh=task.step.fresh and n == 0,
            )
        )
    return tuple(made)


def _by_key(task: Task, facts: Facts, at: datetime) -> Portion:
    from interlace.run.cursor import Cursor, cursor_of, range_cursor

    if facts.asked is not None and facts.asked.bounded:
        interval = _range(task, facts.asked, facts.timezone)
        found = range_cursor(task, interval.start)
        return Portion(at, interval, partial=True, cursor=found.sql, since=found.value)
    fresh = task.step.fresh or task.standing is None or task.standing.kind != "table"
    seen = None if fresh else facts.cursor(task.name)
    found = cursor_of(task, seen) if seen is not None else Cursor(None, None)
    return Portion(at, partial=True, cursor=found.sql, since=found.value, seen=seen, fresh=fresh, saves_cursor=True)


def _range(task: Task, asked: Asked, timezone: str) -> Interval:
    from zoneinfo import ZoneInfo

    from interlace.contracts.load import Interval
    from interlace.plan.windows import BEGINNING

    assert task.model.incremental is not None  # noqa: S101  as above
    zone = ZoneInfo(timezone)
    end = asked.until or datetime(ENDLESS, 1, 1, tzinfo=UTC)
    return Interval(task.model.incremental.column, (asked.since or BEGINNING).astimezone(zone), end.astimezone(zone))
