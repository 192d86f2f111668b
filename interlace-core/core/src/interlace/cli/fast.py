"""The way of ``interlace run`` when nothing changed: the state is read, and nothing heavy is imported."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["nothing_to_do"]


def nothing_to_do(arguments: Sequence[str]) -> bool:
    """Print the stored answer if it still holds.

    Args:
        arguments: of the command line, ``run`` first.

    Returns:
        False where the planner has to be asked.
    """
    from interlace.plan.answer import STATE_FILE, answer_key, asked, asked_environment, decode, find_root, holds
    from interlace.state.answers import read_answer

    root = find_root(asked(arguments).get("project") or os.environ.get("INTERLACE_PROJECT") or ".")
    if root is None:
        return False
    key = answer_key(root, asked_environment(arguments), arguments)
    stored = read_answer(os.path.join(root, STATE_FILE), key)  # noqa: PTH118  pathlib is not imported here
    if stored is None:
        return False
    answer = decode(stored[0])
    if answer is None or not holds(answer, stored[1].get(answer.environment, 0)):
        return False
    sys.stdout.write(answer.output)
    sys.stdout.flush()
    return True
