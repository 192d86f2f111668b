"""What must not be shown: values of secret keys, and the user and password inside a URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from interlace.redaction import MASK, Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MASK", "is_secret", "masked"]

_SECRET = re.compile(
    r"pass(word|wd|phrase|code)?$|^pwd$|token|secret|credential|(^|[_\-])(api|access|private|account|sas|encryption)?_?key$"
    r"|^(api|access|private)key",
    re.IGNORECASE,
)
# The userinfo reaches up to the last '@': a password may itself hold one.
_USERINFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*://)[^\s]*@")
_PARAMETER = re.compile(
    r"(?P<key>(?:password|passwd|pwd|token|secret|key|sig|signature)\s*=\s*)(?:'[^']*'|\"[^\"]*\"|[^&;\s]+)",
    re.IGNORECASE,
)
_OPEN = ("models", "sources")  # 'key' there is a model's key, no secret


def is_secret(path: Sequence[str | int]) -> bool:
    """Whether the key at this path, or one above it, names a secret."""
    names = [part for part in path if isinstance(part, str)]
    if names and names[0] in _OPEN:
        names = [name for name in names if name != "key"]
    if names and names[0] in ("connections", "secrets"):
        names = [names[0], *names[2:]]  # a connection may be called 'token'
    return any(_SECRET.search(name) for name in names[1:])


def masked(path: Sequence[str | int], value: object) -> object:
    """The value as it may be shown."""
    if isinstance(value, Secret) or (is_secret(path) and value is not None):
        return MASK
    if isinstance(value, str):
        value = _USERINFO.sub(rf"\g<scheme>{MASK}@", value)
        return _PARAMETER.sub(rf"\g<key>{MASK}", value)
    return value
