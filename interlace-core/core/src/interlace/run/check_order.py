"""Checks that read another model (``relationships``) run after it was built: an order, not a dependency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from interlace.contracts.check import Check
from interlace.errors import InterlaceError, InvalidGraph, Location, did_you_mean

if TYPE_CHECKING:
    from interlace.run.task import Task
    from interlace.run.view import View

__all__ = ["order_checks"]


def order_checks(view: View, tasks: dict[str, Task]) -> None:
    """Let each task begin after the tasks that its checks read, unless those come after it anyway.

    Raises:
        InvalidGraph: a check reads what is no model, seed or source.
        InvalidModel: the options of a check are wrong whatever the relation holds.
    """
    for task in tasks.values():
        for name in _read_by_checks(view, task):
            if name in tasks and name not in task.parents and not _comes_after(tasks, name, task.name):
                task.parents = (*task.parents, name)


def _read_by_checks(view: View, task: Task) -> Iterator[str]:
    for use in task.model.checks:
        cls = view.loaded.plugins.registry(Check).get(use.type)
        if cls.models is Check.models and cls.validate is Check.validate:
            continue
        options = cls.Config.model_validate(dict(use.options))
        try:
            cls().validate(options, task.connection.dialect)
        except InterlaceError as error:
            error.where = error.where or Location(task.model.file, task.model.line)
            error.model = task.name
            raise
        for word in cls().models(options):
            found = view.loaded.graph.find(tuple(word.split(".")))
            if found is None:
                raise InvalidGraph(
                    f"the check {use.type!r} of {task.name} reads {word!r}, which is no model, seed or source",
                    where=Location(task.model.file, task.model.line),
                    hint=did_you_mean(word, view.loaded.graph.nodes),
                    model=task.name,
                )
            if found != task.name:
                yield found


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
