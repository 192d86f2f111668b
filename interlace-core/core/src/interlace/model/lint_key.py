"""Reading the key ``lint``: which rules of ``interlace validate`` weigh otherwise for one model."""

from __future__ import annotations

from interlace.contracts.lint import LEVELS, RULES, Level
from interlace.errors import did_you_mean
from interlace.model.values import Unacceptable, mapping, shown

__all__ = ["lint_levels"]


def lint_levels(value: object) -> dict[str, Level]:
    """``{rule: off, warn or error}``; false is ``off``, as which some read it in YAML."""
    found: dict[str, Level] = {}
    for rule, said in mapping(value).items():
        if rule not in RULES:
            raise Unacceptable(f"has no rule {rule!r}. {did_you_mean(str(rule), RULES, label='Rules')}")
        level = "off" if said is False else said
        match = next((known for known in LEVELS if known == level), None)
        if match is None:
            raise Unacceptable(f"must give {rule!r} one of {', '.join(LEVELS)}, not {shown(said)}")
        found[rule] = match
    return found
