"""Helpers for the tests of a project's models, as plain Python or with pytest.

::

    from interlace.testing import test_model_sync

    def test_cancelled_orders_do_not_count():
        test_model_sync(
            "daily_revenue",
            given={"fct_orders": [{"ordered_on": date(2026, 3, 1), "amount": 10, "status": "cancelled"}]},
            expect=[],
        )

Names are imported when they are first used: the pytest plugin stands here too, and costs nothing until then.
`interlace.testing.conformance` is for authors of plugins.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from interlace.testing.bench import Bench, Outcome
    from interlace.testing.case import Case, Expected, Run
    from interlace.testing.clock import Clock, frozen_clock
    from interlace.testing.comparison import Ways
    from interlace.testing.difference import RowsDiffer
    from interlace.testing.given import Mock, mock_dependency
    from interlace.testing.helpers import test_model, test_model_sync, test_pipeline, test_pipeline_sync

__all__ = [
    "Bench",
    "Case",
    "Clock",
    "Expected",
    "Mock",
    "Outcome",
    "RowsDiffer",
    "Run",
    "Ways",
    "frozen_clock",
    "mock_dependency",
    "test_model",
    "test_model_sync",
    "test_pipeline",
    "test_pipeline_sync",
]

_HOMES = {
    "bench": ("Bench", "Outcome"),
    "case": ("Case", "Expected", "Run"),
    "clock": ("Clock", "frozen_clock"),
    "comparison": ("Ways",),
    "difference": ("RowsDiffer",),
    "given": ("Mock", "mock_dependency"),
    "helpers": ("test_model", "test_model_sync", "test_pipeline", "test_pipeline_sync"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
