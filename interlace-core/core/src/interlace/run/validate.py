"""``interlace validate``: a project looked at without its data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from interlace.contracts.check import Check
from interlace.errors import InterlaceError, InvalidProject
from interlace.model.definition import Model, SqlBody
from interlace.run.column_findings import contract_findings, key_findings, query_findings
from interlace.run.findings import Finding, Levels, of_error
from interlace.run.lineage import dialects_of
from interlace.run.linting import lint_model, lint_query
from interlace.run.offering import offers_by_definition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interlace.contracts.relation import Column
    from interlace.contracts.state import ModelState
    from interlace.lineage.offers import Offers
    from interlace.run.view import View

__all__ = ["Validated", "validate"]


@dataclass(frozen=True, slots=True)
class Validated:
    """What was found.

    Attributes:
        models: how many were looked at.
        findings: by file and line.
    """

    models: int
    findings: tuple[Finding, ...]

    def failed(self, *, strict: bool = False) -> bool:
        """Whether anything is an error; with `strict` a warning is one."""
        return any(strict or f.level == "error" for f in self.findings)


def validate(
    view: View,
    names: frozenset[str],
    states: Mapping[str, ModelState],
    asked: Callable[[str], tuple[Column, ...] | None],
) -> Validated:
    """Look at the selected models.

    Args:
        names: the models to look at.
        states: what was recorded of the environment.
        asked: gives the columns of a source as they were last asked for; None where they were not.
    """
    found = [*_configured(view), *_refused(view, names)]
    levels = Levels(view.loaded.config.config.lint.model_dump())
    offers = offers_by_definition(view, states, asked)
    graph = view.loaded.graph
    checked = _read_by_checks(view)
    chosen = [n for name in graph.order() if name in names and isinstance(n := graph.nodes[name], Model)]
    for model in chosen:
        found += lint_model(model, graph, levels, checked)
        found += _columns(model, offers, states, levels, view)
    return Validated(len(chosen), tuple(sorted(dict.fromkeys(found), key=_order)))


def _columns(
    model: Model, offers: Offers, states: Mapping[str, ModelState], levels: Levels, view: View
) -> Iterator[Finding]:
    if isinstance(model.body, SqlBody):
        look = offers.look(model.name)
        dialect = dialects_of(view)(model)
        if look is not None:
            yield from query_findings(look, offers, states, levels, dialect)
            yield from lint_query(look, offers.graph, levels)
            yield from contract_findings(model, offers.of(model.name), levels, dialect)
    yield from key_findings(model, offers.of(model.name), levels, view.loaded.plugins)


def _configured(view: View) -> list[Finding]:
    """What is wrong with connections and stores; a variable that is not set matters to who needs it (ruling 23)."""
    from interlace.config.check import problems
    from interlace.contracts.connection import Connection
    from interlace.contracts.state import StateStore

    config, plugins = view.loaded.config, view.loaded.plugins
    unset = [spec.error for spec in config.connections.values()] + [*config.secret_errors.values()]
    found = problems(config, plugins.registry(Connection), plugins.registry(StateStore))
    return [replace(of_error(e), level="warn") if any(e is one for one in unset) else of_error(e) for e in found]


def _refusals(view: View) -> list[Callable[[frozenset[str]], None]]:
    """What refuses models before anything runs."""
    from interlace.run.exports import require_places
    from interlace.run.file_connections import refuse_connections_without_tables
    from interlace.run.permitting import refuse_forbidden_writes
    from interlace.run.transfer import refuse_impossible

    refusals: list[Callable[[frozenset[str]], None]] = [
        partial(refuse_forbidden_writes, view),
        view.refuse_shared_schemas,
        view.refuse_unknown_variables,
        partial(refuse_connections_without_tables, view),
        partial(require_places, view),
    ]
    return [*refusals, partial(refuse_impossible, view)] if view.across else refusals


def _refused(view: View, names: frozenset[str]) -> list[Finding]:
    """What a plan would refuse, of each model: it would say the first."""
    found = []
    for refuse in _refusals(view):
        for name in sorted(names):
            try:
                refuse(frozenset({name}))
            except InvalidProject as error:
                found += [of_error(e) for e in error.errors]
            except InterlaceError as error:
                found.append(of_error(error))
    return found


def _read_by_checks(view: View) -> frozenset[str]:
    """The models that checks of other models read."""
    registry = view.loaded.plugins.registry(Check)
    found: set[str] = set()
    for model in view.models.values():
        for use in model.checks:
            check = registry.get(use.type)
            options = check.Config.model_validate(dict(use.options))
            read = (view.loaded.graph.find((name,)) for name in check().reads(options, dialects_of(view)(model)))
            found |= {name for name in read if name is not None and name != model.name}
    return frozenset(found)


def _order(finding: Finding) -> tuple[str, int, int, str]:
    where = finding.where
    if where is None:
        return ("", 0, 0, finding.rule)
    return (str(where.path), where.line or 0, where.column or 0, finding.rule)
