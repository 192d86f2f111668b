"""A question before something that cannot be taken back."""

from __future__ import annotations

import sys

from interlace.errors import UsageError

__all__ = ["confirm"]


def confirm(question: str, *, yes: bool) -> bool:
    """Whether the user wants it: said so with ``--yes``, or answers the question on a terminal.

    Raises:
        UsageError: nobody is there to answer.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(f"{question} Nobody is there to answer.", hint="Say --yes.")
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
