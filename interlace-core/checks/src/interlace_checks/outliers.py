"""How far a number lies from others, by a measure that outliers among them do not move."""

from __future__ import annotations

import math
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["modified_z_score"]

_OF_MAD: Final = 0.6745
"""The median absolute deviation of a normal distribution, in standard deviations."""

_OF_MEAN_AD: Final = 1.253314
"""The standard deviation of a normal distribution, in mean absolute deviations: the root of half of pi."""


def modified_z_score(value: float, others: Sequence[float]) -> float:
    """The modified z-score of a value: how many robust standard deviations it lies above the median of the others.

    ``0.6745 * (value - median) / MAD``, where MAD is the median of the absolute deviations from the median.  Where more than
    half of the others are equal, MAD is zero, and the mean absolute deviation takes its place:
    ``(value - median) / (1.253314 * mean AD)``.  Where all of them are equal, any other value is infinitely far away.

    Args:
        value: what is judged.
        others: what it is judged by; at least one number.

    Source:
        Boris Iglewicz and David Hoaglin, "How to Detect and Handle Outliers", The ASQC Basic References in Quality
        Control: Statistical Techniques, volume 16, 1993; they call values of more than 3.5 potential outliers.
    """
    middle = median(others)
    deviations = [abs(other - middle) for other in others]
    distance = value - middle
    if (mad := median(deviations)) > 0:
        return _OF_MAD * distance / mad
    if (mean := fmean(deviations)) > 0:
        return distance / (_OF_MEAN_AD * mean)
    return math.copysign(math.inf, distance) if distance else 0.0
