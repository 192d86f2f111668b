"""What a model that is incremental by datetime has to load, and why.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from interlace.model.definition import Model
from interlace.plan.steps import Reason
from interlace.plan.windows import (
    BEGINNING,
    Batch,
    Piece,
    Size,
    Span,
    batches,
    ceil,
    due_pieces,
    floor,
    following,
    grains,
    minus,
    overlap,
    read_moment,
    union,
)

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from interlace.contracts.state import ModelState
    from interlace.model.definition import Incremental
    from interlace.plan.planner import Facts, Planned
    from interlace.plan.steps import Step
    from interlace.plan.windows import Scope

__all__ = ["Asked", "Due", "due_of", "interval_label"]

MOVES: Final = frozenset({"parent", "parent_runs", "inputs", "volatile", "source", "expired", "failed", "forced"})
"""The reasons that say that late rows may be there."""

_FORMATS: Final = {"hour": "%Y-%m-%d %H:%M", "day": "%Y-%m-%d", "week": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command asks of incremental models.

    Attributes:
        since: with `until` the range to load, UTC; None on both sides for what is due.
        window: how much one transaction takes, in place of the model's ``batch_size``.
        scope: what of the range is loaded.
        backfill: a range is meant although neither end was given, and one transaction takes a grain unless the model or
            `window` says otherwise.
    """

    since: datetime | None = None
    until: datetime | None = None
    window: Size | None = None
    scope: Scope = "all"
    backfill: bool = False

    @property
    def bounded(self) -> bool:
        """Whether a range was asked for."""
        return self.backfill or self.since is not None or self.until is not None


@dataclass(frozen=True, slots=True)
class Due:
    """What one model has to load.

    Attributes:
        reasons: why it runs; empty where nothing is due.
        batches: what is loaded, in order.
        fresh: the table is not there, so that all is loaded anew.
        tentative: it runs only if a parent's rows move.
        rest: what to say where nothing is due.
        expires: when the next interval ends, UTC.
    """

    reasons: tuple[Reason, ...]
    batches: tuple[Batch, ...]
    fresh: bool
    tentative: bool
    rest: tuple[Reason, ...]
    expires: datetime | None

    def of(self, step: Step) -> Step:
        """The step with its intervals."""
        return replace(step, intervals=self.batches, fresh=self.fresh, tentative=self.tentative)


def due_of(model: Model, state: ModelState, facts: Facts, planned: Planned, found: Sequence[Reason]) -> Due:
    """Decide what a model loads.

    Args:
        found: the reasons that a model that is not incremental would have to run.

    Raises:
        UsageError: the window that was asked for is shorter than the model's grain.
    """
    incremental = _incremental(model)
    zone = ZoneInfo(facts.timezone)
    asked = facts.asked or Asked()
    codes = {r.code for r in found}
    fresh = model.name in facts.refreshed or _gone(model.name, state, facts)
    loaded = [] if fresh else _loaded(model.name, facts)
    pieces, waiting = _pieces(model, loaded, facts, planned, asked, zone, moved=bool(codes & MOVES))
    made = batches(pieces, incremental.grain, zone, _size(model, facts, asked), facts.now)
    if not made and state.fingerprint is None and not asked.bounded and not waiting:
        made = (_empty(incremental, facts, zone),)
    said = [*_said(pieces, incremental.grain, zone), *_older(model, loaded, pieces, facts, zone), *waiting]
    whys: set[str] = {why for batch in made for why in batch.why}
    tentative = bool(made) and whys == {"lookback"} and codes & MOVES == {"parent_runs"}
    reasons = (*_kept(found, whys, fresh=fresh), *said) if made else ()
    up_to = Reason("up_to_date", _up_to(loaded, incremental.grain, zone))
    ends = following(floor(facts.now, incremental.grain, zone), incremental.grain, zone)
    return Due(reasons, made, fresh, tentative, (up_to, *said), ends)


def interval_label(start: datetime, grain: str, zone: tzinfo) -> str:
    """An interval as people write it: ``2024-01-31``, ``2024-01-31 05:00``, ``2024-Q1``."""
    local = start.astimezone(zone)
    if grain == "quarter":
        return f"{local.year}-Q{(local.month + 2) // 3}"
    return local.strftime(_FORMATS[grain])


def _incremental(model: Model) -> Incremental:
    assert model.incremental is not None  # noqa: S101  the planner looked
    return model.incremental


def _gone(name: str, state: ModelState, facts: Facts) -> bool:
    """Whether the table that was loaded is not there any more."""
    if state.fingerprint is None:
        return False
    if state.relation != str(facts.relations[name]):
        return True
    try:
        standing = facts.standing(name)
    except KeyError:
        return False
    return standing is None or standing.kind != state.kind


def _loaded(name: str, facts: Facts) -> list[tuple[Span, str, bool]]:
    return [(Span(r.start, r.end), r.fingerprint, r.partial) for r in facts.intervals(name)]


def _pieces(
    model: Model,
    loaded: Sequence[tuple[Span, str, bool]],
    facts: Facts,
    planned: Planned,
    asked: Asked,
    zone: tzinfo,
    *,
    moved: bool,
) -> tuple[list[Piece], list[Reason]]:
    """What is due, and what would be if the parents had their intervals."""
    incremental = _incremental(model)
    found = _due(incremental, loaded, facts, asked, zone, facts.fingerprints[model.name], moved=moved)
    ready = list(found)
    waiting: list[Reason] = []
    for parent, missing in _missing_above(model.name, facts, planned, zone).items():
        grain = incremental.grain
        held = [Span(floor(s.start, grain, zone), ceil(s.end, grain, zone)) for s in missing]
        late = overlap([Span(p.start, p.end) for p in ready], held)
        if late:
            ready = [Piece(s.start, s.end, p.why) for p in ready for s in minus([Span(p.start, p.end)], held)]
            waiting.append(
                Reason("waiting", _counted(late, grain, zone, f"waits for {parent}", f"wait for {parent}"), (parent,))
            )
    return ready, waiting


def _due(
    incremental: Incremental,
    loaded: Sequence[tuple[Span, str, bool]],
    facts: Facts,
    asked: Asked,
    zone: tzinfo,
    fingerprint: str,
    *,
    moved: bool,
) -> tuple[Piece, ...]:
    return due_pieces(
        loaded,
        facts.now,
        grain=incremental.grain,
        zone=zone,
        start=read_moment(incremental.start, zone) if incremental.start is not None else None,
        lookback=incremental.lookback,
        allow_partial=incremental.allow_partial,
        since=asked.since,
        until=asked.until,
        scope=asked.scope if asked.bounded else "missing",
        bounded=asked.bounded,
        fingerprint=fingerprint,
        moved=moved,
        force=facts.force,
    )


def _missing_above(name: str, facts: Facts, planned: Planned, zone: tzinfo) -> dict[str, tuple[Span, ...]]:
    """What incremental models above have not loaded, and are not about to: a child that read them now would miss it."""
    from interlace.plan.planner import read_through

    found: dict[str, tuple[Span, ...]] = {}
    for parent in read_through(name, facts):
        node = facts.graph.nodes[parent]
        if not isinstance(node, Model) or node.incremental is None or node.incremental.by != "datetime":
            continue
        known = parent in facts.state.models or parent in facts.deferral.read
        if parent in planned.moving or not known:
            continue
        plain = replace(node.incremental, allow_partial=False)
        pieces = _due(plain, _loaded(parent, facts), facts, Asked(), zone, "", moved=False)
        found[parent] = union(Span(p.start, p.end) for p in pieces if p.why in {"new", "gap", "partial"})
    return found


def _size(model: Model, facts: Facts, asked: Asked) -> Size | None:
    incremental = _incremental(model)
    if asked.window is not None:
        return asked.window
    if incremental.batch_size is not None:
        return Size(incremental.batch_size, incremental.grain)
    return Size(1, incremental.grain) if asked.backfill or model.name in facts.history else None


def _empty(incremental: Incremental, facts: Facts, zone: tzinfo) -> Batch:
    """No interval has ended since history begins: what loads no row makes the table."""
    at = floor(facts.now, incremental.grain, zone)
    return Batch(at, at, ("new",))


def _kept(found: Sequence[Reason], whys: set[str], *, fresh: bool) -> list[Reason]:
    """The other reasons that matter here: a new definition is no reason, and what moved is one for late rows only."""
    late = bool(whys & {"lookback", "again"})
    return [
        r
        for r in found
        if r.code in {"new", "clone", "full_refresh", "forced", "failed"}
        or (r.code == "relation" and fresh)
        or (r.code in MOVES and late)
    ]


def _said(pieces: Iterable[Piece], grain: str, zone: tzinfo) -> list[Reason]:
    by: dict[str, list[Span]] = {}
    for piece in pieces:
        by.setdefault(piece.why, []).append(Span(piece.start, piece.end))
    return [
        _reason(why, by[why], grain, zone)
        for why in ("new", "gap", "partial", "older", "again", "lookback")
        if why in by
    ]


def _reason(why: str, spans: Sequence[Span], grain: str, zone: tzinfo) -> Reason:
    match why:
        case "new":
            return Reason("interval", _counted(spans, grain, zone, "is due", "are due"))
        case "gap":
            return Reason("gap", _counted(spans, grain, zone, "is missing", "are missing"))
        case "partial":
            return Reason("partial", _counted(spans, grain, zone, "was or is not over", "were or are not over"))
        case "older":
            return Reason("older", _counted(spans, grain, zone, *_FROM_OLDER))
        case "lookback":
            return Reason("lookback", _counted(spans, grain, zone, "is open to late rows", "are open to late rows"))
    return Reason("again", _counted(spans, grain, zone, "is loaded again", "are loaded again"))


_FROM_OLDER: Final = ("comes from an older definition", "come from an older definition")


def _older(
    model: Model, loaded: Sequence[tuple[Span, str, bool]], pieces: Iterable[Piece], facts: Facts, zone: tzinfo
) -> list[Reason]:
    """What an older definition loaded and what is not loaded again now (ruling 10)."""
    own = facts.fingerprints[model.name]
    left = minus([s for s, by, _ in loaded if by != own], [Span(p.start, p.end) for p in pieces])
    if not left:
        return []
    text = _counted(left, _incremental(model).grain, zone, *_FROM_OLDER)
    return [Reason("older_definition", text)]


def _counted(spans: Sequence[Span], grain: str, zone: tzinfo, one: str, more: str) -> str:
    """``3 intervals are due: 2024-01-01 … 2024-01-03``."""
    joined = union(spans)
    if joined[0].start == BEGINNING:
        return f"everything before {interval_label(joined[-1].end, grain, zone)} {one}"
    starts = [g.start for s in joined for g in grains(s, grain, zone)]
    first, last = interval_label(starts[0], grain, zone), interval_label(starts[-1], grain, zone)
    if len(starts) == 1:
        return f"1 interval {one}: {first}"
    return f"{len(starts)} intervals {more}: {first} … {last}"


def _up_to(loaded: Sequence[tuple[Span, str, bool]], grain: str, zone: tzinfo) -> str:
    if not loaded:
        return "no interval is due"
    return f"it is loaded up to {interval_label(loaded[-1][0].end, grain, zone)}, and no interval is due"
