"""Checks before a run: those that cannot work are refused; what they read is built first.

What a check reads (``relationships``, ``query``) is an order, not a dependency.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from interlace.contracts.check import Check
from interlace.errors import InterlaceError, InvalidGraph, InvalidModel, Location, UnsupportedCapability, did_you_mean
from interlace.model.values import split_name
from interlace.run.auditing import checks_batch
from interlace.run.check_words import PYTHON

if TYPE_CHECKING:
    from interlace.contracts.check import CheckOptions
    from interlace.model.definition import CheckUse
    from interlace.run.task import Task
    from interlace.run.view import View

__all__ = ["order_checks"]

_PLAIN = frozenset({"columns", "column"})
"""Options that need no second look: most checks of a project have no others."""


def order_checks(view: View, tasks: dict[str, Task]) -> None:
    """Let each task begin after the tasks that its checks read, unless those come after it anyway.

    Raises:
        InvalidGraph: a check reads what is no model, seed or source.
        InvalidModel: the options of a check are wrong whatever the relation holds.
        UnsupportedCapability: a check is about the batch, and the connection cannot stage one.
    """
    for task in tasks.values():
        for name in _read_by_checks(view, task):
            _copy_from_elsewhere(view, task, name, tasks)
            if name in tasks and name not in task.parents and not _comes_after(tasks, name, task.name):
                task.parents = (*task.parents, name)
        if checks_batch(task) and not task.connection.capabilities.staging:
            raise UnsupportedCapability(
                f"checks of {task.name} are about its batch, and connection {task.connection.name!r} cannot stage one",
                where=Location(task.model.file, task.model.line),
                model=task.name,
            )


def _copy_from_elsewhere(view: View, task: Task, name: str, tasks: dict[str, Task]) -> None:
    """A relation on another connection is copied before the check reads it."""
    there, own = view.connection_name(view.loaded.graph.nodes[name]), view.connection_name(task.model)
    if there == own:
        return
    if name in tasks and _comes_after(tasks, name, task.name):
        raise InvalidModel(
            f"a check of {task.name}, which is on connection {own!r}, reads {name}, which is on {there!r} and built later",
            where=Location(task.model.file, task.model.line),
            hint=f"Let a check of {name} read {task.name} instead.",
            model=task.name,
        )
    from interlace.run.transfer import Need, with_need

    task.needs = with_need(task.needs, Need(name, there, own))
    task.groupable = False


def _read_by_checks(view: View, task: Task) -> Iterator[str]:
    for use in task.model.checks:
        if use.type == PYTHON:
            continue
        cls = view.loaded.plugins.registry(Check).get(use.type)
        for word in _examined(cls, use, task):
            found = view.loaded.graph.find(split_name(word))
            if found is None:
                named = f" {use.options['name']!r}" if use.options.get("name") else ""
                raise InvalidGraph(
                    f"the check {use.type!r}{named} of {task.name} reads {word!r}, which is no model, seed or source",
                    where=Location(task.model.file, task.model.line),
                    hint=did_you_mean(word, view.loaded.graph.nodes),
                    model=task.name,
                )
            if found != task.name:
                yield found


def _examined(cls: type[Check], use: CheckUse, task: Task) -> tuple[str, ...]:
    """What a check reads, once it is known that its options can work.

    Raises:
        InvalidModel: they cannot.
    """
    reads = cls.models is not Check.models or cls.reads is not Check.reads
    if not reads and cls.validate is Check.validate and use.options.keys() <= _PLAIN:
        return ()
    dialect = task.connection.dialect
    try:
        from interlace.run.measuring import validated

        options = validated(use, cls)
        _refuse_useless(cls, use, options, task)
        cls().validate(options, dialect)
        if options.where is not None:
            from interlace.model.sql_condition import parse_condition

            parse_condition(options.where, dialect, "'where'")
        return cls().reads(options, dialect)
    except InterlaceError as error:
        error.where = Location(task.model.file, task.model.line)
        error.model = task.name
        raise


def _refuse_useless(cls: type[Check], use: CheckUse, options: CheckOptions, task: Task) -> None:
    """Refuse options that the check, or the model's materialisation, can do nothing with."""
    limits = [word for word in ("max_rows", "max_fraction") if getattr(options, word) is not None]
    if limits and not cls.counts_rows:
        raise InvalidModel(f"the check {use.type!r} counts no failing rows, which {limits[0]!r} would limit")
    if options.on_failure != "quarantine":
        return
    if not cls.quarantines:
        message = f"the check {use.type!r} cannot say which rows fail, so that they could go to quarantine"
        raise InvalidModel(message, hint="on_failure may be block or warn.")
    if task.materialiser.kind != "table":
        message = f"rows of {task.name} cannot go to quarantine: it is materialised as {task.model.materialise!r}"
        raise InvalidModel(message, hint="Materialise it as 'table'.")


def _comes_after(tasks: dict[str, Task], name: str, first: str) -> bool:
    """Whether `first` has to be done before `name`."""
    pending, seen = [name], {name}
    while pending:
        for parent in tasks[pending.pop()].parents:
            if parent == first:
                return True
            if parent not in seen and parent in tasks:
                seen.add(parent)
                pending.append(parent)
    return False
