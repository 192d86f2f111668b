"""What a load of a history must do, in plain Python over the versions of each key: the reference of ``scd_type_2``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from interlace.testing.conformance.loads import MANY, Refused, Row

__all__ = ["History", "HistoryRules", "Version"]

TICK: Final = timedelta(microseconds=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class HistoryRules:
    """The options of a history; `flag` is a column of the batch that says that its key is deleted."""

    key: tuple[str, ...]
    tracked: tuple[str, ...]
    updated_at: str | None = None
    first: Literal["execution", "updated_at", "epoch"] = "execution"
    late: Literal["ignore", "error", "insert"] = "ignore"
    duplicates: Literal["error", "latest", "sequence"] = "error"
    order_by: tuple[str, ...] = ()
    null_keys: Literal["error", "match", "skip"] = "error"
    delete_mode: Literal["preserve", "close", "new_record", "hard"] = "preserve"
    flag: str | None = None
    missing: bool = False
    scope: tuple[str, ...] = ()
    max_fraction: float = 0.5
    allow_empty: bool = False

    @property
    def replays(self) -> bool:
        """Whether several versions of a key may come at once."""
        return self.duplicates == "sequence" or self.late == "insert"

    def of(self, row: Row) -> Key:
        """The key of a row."""
        return tuple(row.get(name) for name in self.key)


@dataclass(frozen=True, slots=True)
class Version:
    """One row of the history; `gone` marks the record of a delete."""

    row: Row
    began: datetime
    ended: datetime | None
    source: datetime | None
    gone: bool = False

    def covers(self, at: datetime) -> bool:
        """Whether the source's row was like this at a moment."""
        return not self.gone and self._since() <= at and (self.ended is None or at < self.ended)

    def knows(self, at: datetime) -> bool:
        """Whether it covers the moment, or was confirmed at or after it."""
        return self.covers(at) or (not self.gone and self.source is not None and self._since() <= at <= self.source)

    def _since(self) -> datetime:
        return self.began if self.source is None else min(self.began, self.source)


@dataclass(frozen=True, slots=True)
class _Event:
    row: Row
    at: datetime
    gone: bool
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class _Point:
    """What is so from a moment on: a row, or (`gone`) none."""

    position: datetime
    rank: int
    source: datetime | None
    row: Row
    gone: bool
    event: _Event | None = None


@dataclass(slots=True)
class History:
    """A table of versions, loaded batch by batch."""

    rules: HistoryRules
    versions: dict[Key, list[Version]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)

    def load(self, batch: Sequence[Row], columns: Sequence[str], at: datetime) -> Counter[str]:
        """Load a batch.

        Raises:
            Refused: the batch breaks a rule; the history is as it was.
        """
        load = _Load(
            self.rules, {k: list(v) for k, v in self.versions.items()}, tuple(columns), at, tuple(self.columns)
        )
        counts = load.run(batch)
        self.versions = load.versions
        self.columns += [name for name in columns if name not in self.columns]
        return counts

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the table; what was opened under ``valid_to`` is None."""
        return [
            {**v.row, "valid_from": v.began, "valid_to": v.ended, "_source_at": v.source, "_deleted": v.gone}
            for versions in self.versions.values()
            for v in versions
        ]


@dataclass(slots=True)
class _Load:
    rules: HistoryRules
    versions: dict[Key, list[Version]]
    columns: tuple[str, ...]
    at: datetime
    known: tuple[str, ...]
    counts: Counter[str] = field(default_factory=Counter)

    def run(self, batch: Sequence[Row]) -> Counter[str]:
        events = self._picked(batch)
        verdicts = {key: [replace(e, verdict=self._verdict(key, e)) for e in found] for key, found in events.items()}
        missing = self._missing(batch, events)
        # A delete of a key that was never there writes nothing.
        ahead = (
            e
            for found in verdicts.values()
            for e in found
            if e.verdict in _AHEAD and not (e.gone and e.verdict == "new")
        )
        self._refuse_earlier(sum(1 for _ in ahead) + len(missing))
        for key, found in verdicts.items():
            self._apply(key, found)
        for key in missing:
            self._apply(key, [_Event({}, self.at, gone=True, verdict="missing")])
        told = ("new", "returned", "changed", "touched", "gone", "late", "conflict", "rejected")
        spoke = sum(self.counts.pop(f"rows {verdict}", 0) for verdict in told)
        self.counts["unchanged"] += len(batch) - spoke - self.counts["left out"]
        self.counts["rejected"] += self.counts.pop("left out", 0)
        return self.counts

    # --- the batch ----------------------------------------------------------------------------------------------

    def _picked(self, batch: Sequence[Row]) -> dict[Key, list[_Event]]:
        found: dict[Key, list[_Event]] = {}
        for row in batch:
            if None in self.rules.of(row) and self.rules.null_keys != "match":
                self.counts["left out"] += 1
            else:
                event = _Event(row, self._moment(row), bool(self.rules.flag and row[self.rules.flag]))
                if event not in found.setdefault(self.rules.of(row), []):
                    found[self.rules.of(row)].append(event)
        if self.rules.null_keys == "error" and self.counts["left out"]:
            raise Refused
        return {key: self._several(events) for key, events in found.items()}

    def _several(self, events: list[_Event]) -> list[_Event]:
        if self.rules.duplicates != "sequence":
            return [self._one(events)]
        moments = sorted({e.at for e in events})
        return [self._one([e for e in events if e.at == at]) for at in moments]

    def _one(self, events: list[_Event]) -> _Event:
        if self.rules.duplicates != "latest" and sum(not e.gone for e in events) > 1:
            raise Refused
        rest = [name for name in self.columns if name not in self.rules.key]
        return max(events, key=lambda e: self._order(e, rest))

    def _order(self, event: _Event, rest: Sequence[str]) -> tuple[list[Any], bool, list[Any]]:
        first: list[Any] = [_last(event.row[name]) for name in self.rules.order_by]
        return first or [event.at], event.gone, [_last(event.row[name]) for name in rest]

    def _moment(self, row: Row) -> datetime:
        if self.rules.updated_at is None:
            return self.at
        if row[self.rules.updated_at] is None:
            raise Refused
        found: datetime = row[self.rules.updated_at]
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

    # --- the verdicts -------------------------------------------------------------------------------------------

    def _verdict(self, key: Key, event: _Event) -> str:
        versions = self.versions.get(key, [])
        last = versions[-1] if versions else None
        if last is None:
            return "new"
        if self.rules.updated_at is None:
            return self._by_column(last, event)
        latest = max(v.source for v in versions if v.source is not None)
        if last.ended is not None:
            return "returned" if event.at > latest else self._behind(versions, event)
        assert last.source is not None
        if event.at < last.source or (last.gone and not event.gone and event.at == last.source):
            return self._behind(versions, event)
        if event.gone:
            return "same" if last.gone and not (self.rules.replays and event.at > last.source) else "gone"
        if event.at == last.source:
            return self._at_once(last, event)
        return "changed" if last.gone or self._differ(self._tracked(), last.row, event.row) else "touched"

    def _by_column(self, last: Version, event: _Event) -> str:
        is_open = last.ended is None
        if event.gone:
            return "gone" if is_open and not last.gone else "same"
        if not is_open:
            return "returned"
        if last.gone or self._differ(self._tracked(), last.row, event.row):
            return "changed"
        return "touched" if self._differ(self.columns, last.row, event.row) else "same"

    def _at_once(self, last: Version, event: _Event) -> str:
        if self._differ([n for n in self._tracked() if n in self.known], last.row, event.row):
            return "conflict"
        return "touched" if self._differ(self.columns, last.row, event.row) else "same"

    def _behind(self, versions: list[Version], event: _Event) -> str:
        live = [v for v in versions if not v.gone]
        covered = any(v.covers(event.at) for v in live)
        if event.gone:
            if not covered or any(v.ended is not None and v.source == event.at for v in versions):
                return "known"
            return self._late()
        if any(v.knows(event.at) and not self._differ(self._tracked(), v.row, event.row) for v in live):
            return "known"
        moments = [(v, {v.source, v.began} if self.rules.first == "updated_at" else {v.source}) for v in live]
        if any(event.at in at and self._differ(self._tracked(), v.row, event.row) for v, at in moments):
            return "conflict"
        if self.rules.late == "insert" and not covered and event.at > min(v.began for v in versions):
            return "rejected"
        return self._late()

    def _late(self) -> str:
        if self.rules.late == "error":
            raise Refused
        return "late"

    def _missing(self, batch: Sequence[Row], events: Mapping[Key, Sequence[_Event]]) -> list[Key]:
        if not self.rules.missing:
            return []
        # A row that gives way to another of its key is in the batch all the same.
        scopes = [tuple(row[n] for n in self.rules.scope) for row in batch if self.rules.of(row) in events]
        live = {k: v[-1] for k, v in self.versions.items() if v and v[-1].ended is None and not v[-1].gone}
        in_scope = {
            k: v
            for k, v in live.items()
            if tuple(v.row.get(n) for n in self.rules.scope) in scopes or not self.rules.scope
        }
        if not events and in_scope and not self.rules.allow_empty:
            raise Refused
        found = [k for k, v in in_scope.items() if k not in events and self._is_older(v)]
        if len(in_scope) >= MANY and len(found) > self.rules.max_fraction * len(in_scope):
            raise Refused
        return found

    def _is_older(self, version: Version) -> bool:
        by_time = self.rules.updated_at is not None
        return not by_time or (version.began < self.at and version.source is not None and version.source < self.at)

    def _refuse_earlier(self, written: int) -> None:
        if self.rules.updated_at is not None or not written:
            return
        for version in (v for versions in self.versions.values() for v in versions):
            if version.began >= self.at or (version.ended is not None and version.ended >= self.at):
                raise Refused

    def _tracked(self) -> list[str]:
        return [name for name in self.rules.tracked if name in self.columns]

    @staticmethod
    def _differ(names: Sequence[str], one: Row, other: Row) -> bool:
        return any(one.get(name) != other.get(name) for name in names)

    # --- writing --------------------------------------------------------------------------------------------------

    def _apply(self, key: Key, events: list[_Event]) -> None:
        before = self.versions.get(key, [])
        for event in events:
            self.counts[f"rows {event.verdict}"] += 1
            if event.verdict in ("late", "conflict", "rejected"):
                self.counts[event.verdict] += 1
        ahead = [e for e in events if e.verdict in _AHEAD]
        if self.rules.late == "insert" and any(e.verdict == "late" for e in events):
            after = self._repaired(before, [e for e in events if e.verdict in (*_AHEAD, "late", "known")])
        else:
            after = before
            for event in ahead:
                after = self._followed(after, event, before)
        forgets = self.rules.delete_mode == "hard" and any(e.gone for e in ahead)
        base = [] if forgets else before
        self.counts["inserted"] += len(after) - len(base)
        self.counts["closed"] += sum(v.ended is not None for v in after) - sum(v.ended is not None for v in base)
        self.versions[key] = after
        if not after:
            del self.versions[key]

    def _followed(self, versions: list[Version], event: _Event, before: list[Version]) -> list[Version]:
        last = versions[-1] if versions else None
        source = event.at if self.rules.updated_at is not None else None
        if event.gone:
            return self._deleted(versions, event)
        if last is None:
            return [Version(self._new(event.row), self._beginning(event, new=not before), None, source)]
        if last.ended is not None:
            again = last.ended if versions[: len(before)] == before == versions else last.ended + TICK
            return [*versions, Version(self._new(event.row), max(event.at, again), None, source)]
        said_then = source is not None and source == last.source
        if last.gone or (not said_then and self._differ(self._tracked(), last.row, event.row)):
            since = max(event.at, last.began + TICK)
            return [*versions[:-1], replace(last, ended=since), Version(self._new(event.row), since, None, source)]
        self.counts["updated"] += 1
        return [*versions[:-1], replace(last, row={**last.row, **event.row}, source=source)]

    def _deleted(self, versions: list[Version], event: _Event) -> list[Version]:
        last = versions[-1] if versions else None
        if last is None or last.ended is not None or last.gone:
            self.counts["rows gone"] -= 1 if event.verdict == "gone" else 0
            self.counts[f"rows {event.verdict}"] -= 1 if event.verdict in ("new", "returned") else 0
            return versions
        self.counts["deleted"] += 1
        at = max(event.at, last.began + TICK)
        source = event.at if event.verdict != "missing" and self.rules.updated_at is not None else last.source
        match self.rules.delete_mode:
            case "hard":
                return []
            case "new_record":
                return [*versions[:-1], replace(last, ended=at), Version(last.row, at, None, source, gone=True)]
            case _:
                return [*versions[:-1], replace(last, ended=at, source=source)]

    def _beginning(self, event: _Event, *, new: bool) -> datetime:
        del new
        return {"execution": self.at, "epoch": EPOCH, "updated_at": event.at}[self.rules.first]

    def _new(self, row: Row) -> Row:
        return {name: row[name] for name in self.columns}

    # --- repair ---------------------------------------------------------------------------------------------------

    def _repaired(self, versions: list[Version], events: list[_Event]) -> list[Version]:
        points = [p for v in versions for p in self._known_points(v, versions)]
        last = versions[-1]
        for e in events:
            since = e.at
            if e.verdict == "returned" and last.ended is not None:
                since = max(e.at, last.ended)
            elif e.verdict in ("changed", "gone", "touched"):
                since = max(e.at, last.began + TICK)
            points.append(_Point(since, 1, e.at, e.row, e.gone, e))
        points.sort(key=lambda p: (p.position, p.rank, p.source or EPOCH))
        return self._rebuilt(points)

    def _known_points(self, v: Version, versions: list[Version]) -> list[_Point]:
        assert v.source is not None
        later = v.source > v.began and (v.ended is None or v.source < v.ended)
        found = [_Point(v.began, 0, v.began if later else v.source, v.row, v.gone)]
        if later and not v.gone:
            found.append(_Point(v.source, 0, v.source, v.row, gone=False))
        if v.ended is not None and not v.gone and all(other.began != v.ended for other in versions):
            found.append(_Point(v.ended, 0, v.source if v.source >= v.ended else None, {}, gone=True))
        return found

    def _rebuilt(self, points: list[_Point]) -> list[Version]:
        made: list[Version] = []
        was: _Point | None = None
        for point in points:
            starts = self._starts(was, point)
            self._count(point, starts)
            if starts:
                made = self._started(made, point)
            elif not point.gone and made:
                # What the table holds of a column that came later is NULL.
                held = {**dict.fromkeys(self.columns), **point.row} if point.event is None else point.row
                row = {**made[-1].row, **held}
                made[-1] = replace(made[-1], row=row, source=point.source)
            was = point
        return [v for v in made if v.ended is None or v.began < v.ended]

    def _starts(self, was: _Point | None, point: _Point) -> bool:
        if was is None:
            return point.event is None or not point.gone
        if point.gone or was.gone:
            return point.gone != was.gone
        if point.source == was.source:
            return False
        names = self.rules.tracked if was.event is None and point.event is None else self._tracked()
        return self._differ(names, was.row, point.row)

    def _count(self, point: _Point, starts: bool) -> None:
        event = point.event
        if event is None or event.verdict not in _AHEAD:
            return
        if event.gone:
            self.counts["deleted"] += starts
            self.counts[f"rows {event.verdict}"] -= not starts
        else:
            self.counts["updated"] += not starts

    def _started(self, made: list[Version], point: _Point) -> list[Version]:
        records = self.rules.delete_mode == "new_record"
        if made and made[-1].ended is None:
            closed = replace(made[-1], ended=point.position)
            if point.gone and not records and point.source is not None:
                closed = replace(closed, source=point.source)
            made = [*made[:-1], closed]
        if point.gone and not records:
            return made
        row = made[-1].row if point.gone and made else point.row
        row = row if point.event is None else {**dict.fromkeys(self.columns), **row}
        source = point.source or (made[-1].source if made else None)
        return [*made, Version(row, point.position, None, source, gone=point.gone)]


_AHEAD: Final = ("new", "returned", "changed", "touched", "gone", "missing")


def _last(value: Any) -> tuple[bool, Any]:
    """Sorts NULL first."""
    return (value is not None, value if value is not None else 0)
