"""Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from interlace.cli.interrupts import interruptible

CHILD = """
import sys, time
from interlace.cli.interrupts import interruptible
def cancel():
    print("cancel", flush=True)
with interruptible(cancel):
    print("ready", flush=True)
    time.sleep(20)
"""


def test_the_first_signal_cancels_and_the_second_leaves(capfd):
    cancelled, left = threading.Event(), []
    with interruptible(cancelled.set, left.append, echo=0):
        os.kill(os.getpid(), signal.SIGINT)
        assert cancelled.wait(5)
        assert [] == left
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)

    assert [130] == left
    assert "Again to leave at once" in capfd.readouterr().err


def test_a_signal_that_a_wrapper_passes_on_once_more_counts_once(capfd):
    cancelled, left = threading.Event(), []
    with interruptible(cancelled.set, left.append, echo=60):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert cancelled.wait(5)

    assert [] == left


def test_a_termination_cancels_too(capfd):
    cancelled = threading.Event()
    with interruptible(cancelled.set):
        os.kill(os.getpid(), signal.SIGTERM)
        assert cancelled.wait(5)


def test_afterwards_ctrl_c_is_what_it_was():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with interruptible(lambda: None):
        pass

    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def test_outside_of_the_main_thread_nothing_changes():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with interruptible(lambda: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert [before] == seen


def test_two_signals_end_a_process_at_once_with_130():
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert "ready" == child.stdout.readline().strip()
    child.send_signal(signal.SIGINT)
    assert "cancel" == child.stdout.readline().strip()
    time.sleep(0.6)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=10)

    assert 130 == child.returncode
