"""What an edited query changes, on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlace.cli.render import plural

if TYPE_CHECKING:
    from interlace.plan.steps import Change

__all__ = ["change_text"]

_WORDS: Final = {"breaking": "breaking", "non_breaking": "non-breaking"}
_SHOWN: Final = 5


def change_text(change: Change) -> str:
    """``non-breaking: note is new; 2 models need not run: daily, weekly``."""
    text = f"{_WORDS[change.kind]}: {change.why}"
    if not change.spared:
        return text
    count = len(change.spared)
    more = f" and {count - _SHOWN:,} more" if count > _SHOWN else ""
    return f"{text}; {plural(count, 'model')} need not run: {', '.join(change.spared[:_SHOWN])}{more}"
