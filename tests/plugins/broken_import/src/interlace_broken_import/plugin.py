"""Imports a driver that is not installed, where it should only describe."""

from __future__ import annotations

import no_such_driver_for_interlace

INTERLACE_HOOK_API = no_such_driver_for_interlace.API
