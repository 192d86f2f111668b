"""The range of time, or the sample, that a command asks for, from the words of its options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from interlace.errors import UsageError
from interlace.plan.incremental import Asked
from interlace.plan.windows import read_moment, read_size

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from interlace.plan.sampling import Sample
    from interlace.plan.windows import Scope, Size

__all__ = ["asked_backfill", "asked_range", "asked_sample"]


def asked_range(since: str | None, until: str | None, window: str | None, scope: Scope, timezone: str) -> Asked | None:
    """The range; None where nothing is asked.  See `Project.asked_range`."""
    if since is None and until is None and window is None:
        return None
    zone = ZoneInfo(timezone)
    begins, ends = _moment("--since", since, zone), _moment("--until", until, zone)
    if begins is not None and ends is not None and begins >= ends:
        raise UsageError(f"--since {since} --until {until}: the range ends before it begins, or holds nothing.")
    return Asked(begins, ends, _window(window), scope)


def asked_sample(text: str | None) -> Sample | None:
    """How much of the sources is copied; None for all.

    Raises:
        UsageError: the text is no sample.
    """
    if text is None:
        return None
    from interlace.plan.sampling import read_sample

    try:
        return read_sample(text)
    except ValueError as error:
        raise UsageError(f"--sample {text}: must be a part such as 5%, or a number of rows such as 1000.") from error


def _moment(option: str, text: str | None, zone: tzinfo) -> datetime | None:
    if text is None:
        return None
    try:
        return read_moment(text, zone)
    except ValueError as error:
        raise UsageError(
            f"{option} {text}: must be a date such as 2024-01-31, or a time such as 2024-01-31T06:00."
        ) from error


def _window(text: str | None) -> Size | None:
    if text is None:
        return None
    try:
        return read_size(text)
    except ValueError as error:
        raise UsageError(f"--window {text}: must be a number and a unit, such as 1d, 6h, 2w, 1mo or 1y.") from error


def asked_backfill(since: str | None, until: str | None, window: str | None, timezone: str, *, force: bool) -> Asked:
    """What a backfill asks for: without a range, all history that has ended."""
    asked = asked_range(since, until, window, "all" if force else "older", timezone)
    return replace(asked or Asked(scope="all" if force else "older"), backfill=True)
