"""A plugin that does not work, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from interlace.plugins.origin import Origin

__all__ = ["ISOLATED", "PluginFailure", "Stage", "failed", "reason"]

Stage = Literal["metadata", "import", "version", "register", "call", "resolve"]

ISOLATED: Final = (Exception, SystemExit)
"""What is caught around foreign code: a plugin that calls ``sys.exit`` may not end Interlace; Ctrl-C does."""


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """What is wrong with a plugin.

    Attributes:
        plugin: the name of its entry point; where that cannot be read, of its distribution.
        stage: how far it came. ``metadata``: its entry point cannot be read. ``import``: its module raises.
            ``version``: it was written for another hook API. ``register``: a hook of it does not fit its specification.
            ``call``: a hook raised or gave a wrong answer. ``resolve``: something that it offers cannot be used.
        message: one line: what happened.
        distribution: that it comes from, and its `version`.
        subject: the hook (``register``, ``call``) or the offered word (``resolve``) it is about.
        error: the exception behind it, where there is one.
    """

    plugin: str
    stage: Stage
    message: str
    distribution: str
    version: str
    subject: str | None = None
    error: BaseException | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.plugin} ({self.distribution} {self.version}) failed at {self.stage}: {self.message}"


def failed(
    origin: Origin, stage: Stage, message: str, *, subject: str | None = None, error: BaseException | None = None
) -> PluginFailure:
    """A failure of the plugin that comes from `origin`."""
    return PluginFailure(origin.name, stage, message, origin.distribution, origin.version, subject, error)


def reason(error: BaseException) -> str:
    """An exception in one line: its type and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
