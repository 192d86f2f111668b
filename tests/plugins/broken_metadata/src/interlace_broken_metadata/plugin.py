"""Never imported: the entry point does not name a module."""

from __future__ import annotations

INTERLACE_HOOK_API = 1
