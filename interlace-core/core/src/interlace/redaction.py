"""Secrets out of sentences: a value that was fetched from a store of secrets is never said again.

What is known here is known to the whole process, unlike everything else: an error is shown by whoever catches it, who may
have no project in hand, and a value too many that is left out harms nobody.
"""

from __future__ import annotations

import re
import threading
from typing import Final

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

__all__ = ["MASK", "SHORTEST", "Secret", "conceal", "redacted"]

MASK: Final = "***"
SHORTEST: Final = 4
"""Characters.  A shorter value would be found in the middle of words."""

_LINE: Final = 8
_IN_URL: Final = r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#\s]*?:(?P<password>\S*)@"

_guard: Final = threading.Lock()
_known: Final[set[str]] = set()
_patterns: Final[list[re.Pattern[str]]] = []


class Secret:
    """A value that is not shown: its ``str`` and ``repr`` are a mask, it can be neither formatted, pickled nor written as JSON.

    Made, it is concealed: errors and logs that hold it are masked from then on.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        conceal(value)
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the driver that needs it."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


def conceal(value: str) -> None:
    """Leave a value out of whatever is said from now on, also as it stands in a URL, in JSON or in Python's ``repr``.

    Values shorter than `SHORTEST` are not looked for.  Of a URL its password is concealed too, of several lines each.
    """
    forms = {form for part in _parts(value) for form in _forms(part) if len(form) >= SHORTEST}
    with _guard:
        if forms <= _known:
            return
        _known.update(forms)
        # The longest first: of two values where one begins with the other, all of the longer goes.
        words = sorted(_known, key=len, reverse=True)
        _patterns[:] = [re.compile("|".join(map(re.escape, words)))]


def redacted(text: str) -> str:
    """The text without what is concealed."""
    for pattern in _patterns:
        text = pattern.sub(MASK, text)
    return text


def _parts(value: str) -> Iterator[str]:
    """What of a value is to be concealed for itself."""
    from urllib.parse import unquote

    yield value
    yield value.strip()
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _LINE)
    found = re.search(_IN_URL, value)
    if found is not None:
        yield found["password"]
        yield unquote(found["password"])


def _forms(value: str) -> tuple[str, ...]:
    """How a value may stand in a text."""
    import json
    from urllib.parse import quote, quote_plus, unquote

    quoted = quote(value, safe=""), quote(value), quote_plus(value), unquote(value)
    return value, *quoted, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
