"""What moved between a plan that was approved and the one that would be made now, model by model.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlace.contracts.state import ModelState

__all__ = ["moved"]

_KINDS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "moves": lambda m: f"{m['renamed_from']} is renamed to {m['model']}",
    "deferred": lambda d: f"{d['model']} is read from {d['environment']}",
    "transfers": lambda t: f"{t['name']} is copied from {t['source']} to {t['reader']}",
    "outgoing": lambda o: f"{o['model']} is exported to {o['connection']}:{o['relation']}",
}
"""The parts of a plan beside its steps, and how one of each is said."""

_DEFINITION: Final = {
    "definition": "its definition changed since the plan",
    "checks": "its checks changed since the plan",
    "attached": "its indexes, constraints or grants changed since the plan",
    "exports": "its exports changed since the plan",
}


def moved(
    before: Mapping[str, Any], now: Mapping[str, Any], models: Mapping[str, ModelState], known: Container[str]
) -> list[str]:
    """Say what is no longer as it was.

    Args:
        before: the document of the approved plan: see `SavedPlan`.
        now: that of the present one, its values of variables under the same salt.
        models: the present state.
        known: the names of the project's models and sources.

    Returns:
        sentences; none where the two plans are the same.
    """
    sentences = [*_places(before["where"], now["where"]), *_Steps(before, now, models, known).sentences()]
    for part, say in _KINDS.items():
        sentences += _listed(before[part], now[part], say)
    return list(dict.fromkeys(sentences))


def _places(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in before:
        if name in now and before[name] != now[name]:
            yield f"connection {name} is at {now[name]}, and was at {before[name]} in the plan"


def _listed(
    before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], say: Callable[[Mapping[str, Any]], str]
) -> Iterator[str]:
    yield from (f"{say(one)}: that was not in the plan" for one in now if one not in before)
    yield from (f"{say(one)}: that was in the plan, and is not any more" for one in before if one not in now)


# --- steps ------------------------------------------------------------------------------------------------------------


class _Steps:
    """The steps of two plans, and what was observed of their models."""

    def __init__(
        self,
        before: Mapping[str, Any],
        now: Mapping[str, Any],
        models: Mapping[str, ModelState],
        known: Container[str],
    ) -> None:
        self._old, self._new = ({step["model"]: step for step in plan["steps"]} for plan in (before, now))
        self._seen, self._found = before["observed"], now["observed"]
        self._values = before["variables"]["values"], now["variables"]["values"]
        self._models = models
        self._known = known

    def sentences(self) -> Iterator[str]:
        """What moved, in the order of the approved plan."""
        for name in self._old:
            yield from self._same(name) if name in self._new else [self._gone(name)]
        for name, step in self._new.items():
            if name not in self._old:
                yield f"{name} was not in the plan, and is to run: {_why(step)}"

    def _gone(self, name: str) -> str:
        state, seen = self._models.get(name), self._seen[name]["state"]
        if name not in self._known:
            return f"{name} is no model of the project any more"
        if state is not None and state.run != seen["run"]:
            published = None if state.published_at is None else state.published_at.isoformat()
            did = _did(state.status, built=published != seen["published_at"])
            return f"{name} was {did} by run {state.run} since the plan"
        return f"{name} need not run any more"

    def _same(self, name: str) -> list[str]:
        """What moved of a model that is in both plans."""
        step, again = self._old[name], self._new[name]
        seen, found = self._seen[name], self._found[name]
        said = [
            *self._definition(name),
            *_state(name, seen["state"], found["state"]),
            *self._read(name),
            *_files(name, seen, found),
            *_intervals(name, step["intervals"], again["intervals"]),
        ]
        if not said and step["reasons"] != again["reasons"]:
            said = [f"{name} is to run for another reason: {_why(again)}; in the plan: {_why(step)}"]
        others = [part for part in step if step[part] != again.get(part)]
        if not said and others:
            said = [f"{name} is planned in another way: its {', '.join(others)}"]
        others = [part for part in seen if part != "parents" and seen[part] != found.get(part)]
        if not said and others:
            said = [f"{name} is not as it was: its {', '.join(others)}"]
        return said

    def _definition(self, name: str) -> Iterator[str]:
        seen, found = self._seen[name], self._found[name]
        for part, text in _DEFINITION.items():
            if seen[part] == found[part]:
                continue
            if part == "definition" and seen["written"] == found["written"]:
                # Written as it was, it has another fingerprint: of the values of its variables.
                yield f"{name}: {self._variables() or 'a variable'} has another value than in the plan"
            else:
                yield f"{name}: {text}"

    def _variables(self) -> str:
        before, now = self._values
        return ", ".join(v for v in {**before, **now} if before.get(v) != now.get(v))

    def _read(self, name: str) -> Iterator[str]:
        """What a model reads; of what is itself in the plan that is said there."""
        seen, found = self._seen[name]["parents"], self._found[name]["parents"]
        for parent in {**seen, **found}:
            then, version = seen.get(parent), found.get(parent)
            if then == version or (then and version and self._is_told(parent)):
                continue
            state = self._models.get(parent)
            if then is None or version is None:
                yield f"{name} {'reads' if then is None else 'no longer reads'} {parent}"
            elif state is not None and state.data_version == version and state.run is not None:
                yield f"{parent}, which {name} reads, was built by run {state.run} since the plan"
            else:
                yield f"{parent}, which {name} reads, changed since the plan"

    def _is_told(self, name: str) -> bool:
        """Whether what became of a model is said of itself."""
        if name not in self._seen:
            return False
        return name not in self._found or self._seen[name]["state"] != self._found[name]["state"]


def _state(name: str, seen: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    if seen == found:
        return
    if found["run"] != seen["run"] and found["run"] is not None:
        built = found["published_at"] != seen["published_at"]
        yield f"{name} was {_did(found['status'], built=built)} by run {found['run']} since the plan"
    elif found["relation"] is None and seen["relation"] is not None:
        yield f"{name}: what is known of it was forgotten since the plan"
    else:
        yield f"{name}: what is published of it is not what it was"


def _did(status: str | None, *, built: bool) -> str:
    if status == "succeeded":
        return "built" if built else "looked at"
    return "tried"


def _files(name: str, seen: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    inputs, there = seen["inputs"], found["inputs"]
    for pattern in {**inputs, **there}:
        if inputs.get(pattern) != there.get(pattern):
            yield f"{pattern}, which {name} reads, changed since the plan"
    if seen["files"] != found["files"]:
        paths = [file[0] for file in (*found["files"], *seen["files"])]
        others = [p for p in dict.fromkeys(paths) if _stamps(seen, p) != _stamps(found, p)]
        yield f"{name}: other files are to be loaded than in the plan: {', '.join(others)}"


def _stamps(seen: Mapping[str, Any], path: str) -> list[Any]:
    return [file for file in seen["files"] if file[0] == path]


def _intervals(name: str, before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    due = [i for i in now if i not in before]
    done = [i for i in before if i not in now]
    if due:
        yield f"{name}: {_spans(due)} {'is' if len(due) == 1 else 'are'} due now, and not in the plan"
    if done and not due:
        yield f"{name}: {_spans(done)} {'is' if len(done) == 1 else 'are'} not due any more"


def _spans(intervals: Sequence[Mapping[str, Any]]) -> str:
    first = f"{intervals[0]['start'] or ''} … {intervals[0]['end']}".strip()
    return first if len(intervals) == 1 else f"{first} and {len(intervals) - 1} more intervals"


def _why(step: Mapping[str, Any]) -> str:
    return "; ".join(reason["text"] for reason in step["reasons"])
