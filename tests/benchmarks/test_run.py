from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.slow
def test_a_quick_run_measures_every_row_that_was_asked_for(tmp_path):
    file = tmp_path / "rows.json"
    command = [sys.executable, HERE / "run.py", "--quick", "--repeats", "1", "--only", "one", "leaf", "--json", file]

    subprocess.run(command, check=False, capture_output=True)

    rows = json.loads(file.read_text())
    measured = {row["what"]: row["judged"] for row in rows}
    assert ["one changed trivial model, whole process", "one leaf of 100 changed, whole process"] == list(measured)
    assert all(0.05 < seconds < 60 for seconds in measured.values())
