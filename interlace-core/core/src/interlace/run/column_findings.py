"""What is wrong with the columns of one model: those that its query reads, those that its keys name, their types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from interlace.contracts.check import Check
from interlace.contracts.exporter import Exporter
from interlace.contracts.relation import Column
from interlace.contracts.strategy import Strategy
from interlace.errors import Location, did_you_mean
from interlace.run.findings import Finding, missing_text, place, removed_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interlace.contracts.state import ModelState
    from interlace.lineage.missing import Compared
    from interlace.lineage.offers import Look, Offer, Offers
    from interlace.model.definition import Model
    from interlace.plugins import PluginManager
    from interlace.run.findings import Levels

__all__ = ["contract_findings", "family", "incomparable", "key_findings", "query_findings"]

_NAME: Final = re.compile(r"[^\W\d]\w*")
_OPTIONS: Final = ("updated_at", "order_by", "track", "partition_by", "delete_scope", "by")
"""Options of strategies that name columns, where they do not say what else they mean."""


def query_findings(
    look: Look, offers: Offers, states: Mapping[str, ModelState], levels: Levels, dialect: str
) -> Iterator[Finding]:
    """The columns that a query reads and that are not there, and values that it compares and that cannot be."""
    from interlace.lineage.missing import FOLLOWED

    model = look.model
    for missing in look.examined.missing:
        relations = (missing.relation,) if missing.relation else look.examined.reads
        sure = dialect in FOLLOWED and all(offers.of(n).sure for n in relations if n in offers.graph.nodes)
        level = levels.of("unknown_column", model, sure=sure)
        if level != "off":
            text, hint = missing_text(look, missing, removed_from(look, missing, offers, states))
            where = place(model.file, look.body, look.plain.offset(missing.start))
            yield Finding("unknown_column", level, text, where, model.name, hint)
    level = levels.of("type_mismatch", model, sure=False)
    for compared in look.examined.compared if level != "off" else ():
        said = incomparable(model, compared, dialect)
        if said is not None:
            where = place(model.file, look.body, look.plain.offset(compared.start))
            yield Finding("type_mismatch", level, said, where, model.name, "Cast one of them.")


def incomparable(model: Model, compared: Compared, dialect: str) -> str | None:
    """A sentence about two values that the database does not compare; None where it does, or nobody knows."""
    from interlace.lineage.missing import FOLLOWED

    if dialect not in FOLLOWED:
        return None
    left, right = family(compared.left_type, dialect), family(compared.right_type, dialect)
    if left is None or right is None or left == right:
        return None
    return (
        f"{model.name} compares {compared.left} with {compared.right}: "
        f"{compared.left_type} with {compared.right_type}, which needs a cast"
    )


def family(type_: str, dialect: str) -> str | None:
    """What a type is compared with without a cast: number, text or time; None for any other."""
    from interlace.schema.sql_types import Fixed, Floating, Integer, Other, Text, Timestamp, parse_type

    match parse_type(type_, dialect):
        case Integer() | Fixed() | Floating():
            return "number"
        case Text():
            return "text"
        case Timestamp() | Other("date"):
            return "time"
        case _:
            return None


def contract_findings(model: Model, offer: Offer, levels: Levels, dialect: str) -> Iterator[Finding]:
    """What the model promises of its columns, and its query does not keep; and what else it declares."""
    if offer.columns is None:
        return
    from interlace.schema.contract import violations

    sure = offer.sure
    for spec in model.columns:
        column = offer.find(spec.name)
        if column is None:
            near = did_you_mean(spec.name, [c for c, _ in offer.columns], label="Columns") or None
            text = f"'columns' of {model.name} declares {spec.name!r}, which its query does not give"
            level = levels.of("unknown_column", model, sure=sure and spec.contract)
            if level != "off":
                yield Finding("unknown_column", level, text, _line_of(model, "columns"), model.name, near)
        elif spec.contract and column[1] is not None and _is_plain(column[1], dialect):
            level = levels.of("type_mismatch", model, sure=sure)
            for said in violations([spec], [Column(column[0], column[1])], dialect):
                if level != "off":
                    yield Finding(
                        "type_mismatch", level, f"{model.name}: {said}", _line_of(model, "columns"), model.name
                    )


def _is_plain(type_: str, dialect: str) -> bool:
    """Whether a type says all of itself: DECIMAL alone is another in each engine, and a user's type may be anything."""
    from interlace.schema.sql_types import Fixed, Floating, Integer, Other, Text, Timestamp, parse_type

    match parse_type(type_, dialect):
        case Integer() | Floating() | Text() | Timestamp() | Fixed(int()):
            return True
        case Other(name):
            return name in {"date", "boolean", "time", "uuid"}
        case _:
            return False


def key_findings(model: Model, offer: Offer, levels: Levels, plugins: PluginManager) -> Iterator[Finding]:
    """The columns that keys of a model name, and that it has not."""
    level = levels.of("unknown_column", model, sure=offer.sure)
    if offer.columns is None or level == "off":
        return
    for word, names in _named(model, plugins):
        for name in names:
            if _NAME.fullmatch(name) and offer.find(name) is None:
                near = did_you_mean(name, [c for c, _ in offer.columns], label="Columns") or None
                text = f"{word!r} of {model.name} names the column {name!r}, which its query does not give"
                yield Finding("unknown_column", level, text, _line_of(model, word), model.name, near)


def _named(model: Model, plugins: PluginManager) -> Iterator[tuple[str, Iterable[str]]]:
    yield "key", model.key
    if model.incremental is not None:
        yield "incremental", (model.incremental.column,)
    yield "cluster_by", model.cluster_by
    for index in model.indexes:
        yield "indexes", index.columns
    for constraint in model.constraints:
        yield "constraints", constraint.unique
    if model.strategy is not None:
        yield "strategy", _of_strategy(model, plugins)
    for use in model.checks:
        check = plugins.registry(Check).get(use.type)
        yield "checks", check().columns(check.Config.model_validate(dict(use.options)))
    for export in model.export:
        exporter = plugins.registry(Exporter).get(export.format)
        options = exporter.Config.model_validate(dict(export.options))
        yield "export", _texts(getattr(options, "partition_by", None))


def _of_strategy(model: Model, plugins: PluginManager) -> list[str]:
    assert model.strategy is not None  # noqa: S101  asked before
    given: Mapping[str, Any] = model.strategy.options
    strategy = plugins.registry(Strategy).get(model.strategy.name)
    if not given:
        return []
    options = strategy.Config.model_validate(dict(given))
    return [
        name for word in _OPTIONS if word in given for name in _texts(getattr(options, word, None)) if name != "all"
    ]


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list | tuple) else ()


def _line_of(model: Model, word: str) -> Location:
    """The line of a header where a key stands; else where the model begins."""
    from pathlib import Path

    from interlace.model.keys import KEYS

    if model.file.endswith(".sql"):
        words = "|".join(re.escape(w) for w in (word, *KEYS[word].aliases))
        header = re.compile(rf"--\s*@(?:{words})\s*:")
        try:
            lines = Path(model.file).read_text(encoding="utf-8").splitlines()
        except OSError:
            lines = []
        for number, line in enumerate(lines[model.line - 1 :], start=model.line):
            if header.match(line.strip()):
                return Location(model.file, number, 1, line)
    return Location(model.file, model.line)
