from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from interlace.state.store import Store

RECORD = """
import sys
from pathlib import Path
from interlace.state.store import Store
from interlace.testing.conformance.state_store import attempt_at, full_state
store = Store.embedded(Path(sys.argv[1]))
store.open()
who, rounds, models = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print("ready", flush=True)
for n in range(rounds):
    store.record("dev", [
        attempt_at(m, f"m{m}", id=f"{who}-{n}-{m}", state=full_state(f"m{m}", rows=n)) for m in range(models)
    ])
store.close()
"""


def start(path: Path, who: str, rounds: int, models: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RECORD, str(path), who, str(rounds), str(models)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_killed_while_recording_it_holds_the_old_or_the_new(path: Path) -> None:
    seen = set()
    for n in range(6):
        process = start(path, f"p{n}", 10_000, 200)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.03 + 0.017 * n)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        process.stdout.close()

        store = Store.embedded(path)
        store.open()
        snapshot = store.snapshot("dev")
        attempts = store.tables()["attempts"]
        store.close()

        assert attempts == 200 * snapshot.revision
        assert len({m.rows for m in snapshot.models.values()}) <= 1
        seen.add(snapshot.revision)
    assert len(seen) > 1


def test_two_processes_record_at_once(path: Path) -> None:
    processes = [start(path, who, 25, 20) for who in ("a", "b")]
    for process in processes:
        process.communicate(timeout=60)

    assert [0, 0] == [p.returncode for p in processes]
    store = Store.embedded(path)
    store.open()
    assert 50 == store.revision("dev")
    assert 1000 == store.tables()["attempts"]
    store.close()
