"""``python -m interlace`` is ``interlace``."""

from __future__ import annotations

import sys

from interlace.cli.main import main

sys.exit(main())
