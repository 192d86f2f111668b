"""The revision of the store's tables, which this Interlace reads and writes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # as below: `typing` takes longer to import than a look at the state
    from typing import Final

__all__ = ["KNOWN", "REVISION", "check"]

KNOWN: Final[tuple[str, ...]] = ("0001", "0002", "0003", "0004")
"""Every revision that this Interlace can upgrade from, oldest first; the migrations say the same (tested)."""

REVISION: Final[str] = KNOWN[-1]


def check(found: str, where: str) -> None:
    """Refuse a store of another revision.

    Args:
        found: the revision that the store states.
        where: what to call the store in the message: its file, or its URL without a password.

    Raises:
        StateError: it is older (upgrade it), or newer (upgrade Interlace).
    """
    if found == REVISION:
        return
    from interlace.errors import StateError  # here, because the fast path reads `REVISION` and pays for each import

    if found in KNOWN:
        raise StateError(
            f"the state in {where} has revision {found}; this Interlace needs {REVISION}",
            hint="run `interlace state upgrade`",
        )
    raise StateError(
        f"the state in {where} has revision {found!r}, which this Interlace does not know (it knows {', '.join(KNOWN)}): "
        "a newer Interlace made it",
        hint="upgrade Interlace, or point `state.path` to another file",
    )
