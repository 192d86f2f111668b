"""What the fake plugins of these tests offer."""

from __future__ import annotations

import typer

from interlace.contracts.strategy import Strategy

app = typer.Typer()


class Nested:
    class Fine(Strategy):
        def plan(self, spec):
            raise NotImplementedError


Fine = Nested.Fine


class Abstract(Strategy):
    pass


class Unrelated:
    pass
