"""How busy the process keeps the machine."""

from __future__ import annotations

from interlace.run.load import Load


class Machine:
    """A clock and the CPU seconds of a process, moved by hand."""

    def __init__(self):
        self.used = self.now = 0.0

    def spend(self, cpu, seconds):
        self.used += cpu
        self.now += seconds


def looked(*steps, cores=2):
    machine = Machine()
    load = Load(cores, lambda: machine.used, lambda: machine.now)
    for cpu, seconds in steps:
        machine.spend(cpu, seconds)
        load.look()
    return load.full


def test_nothing_is_known_before_the_first_look():
    assert looked() is False


def test_two_cores_that_compute_are_full():
    assert looked((0.09, 0.05)) is True


def test_one_core_of_two_leaves_room():
    assert looked((0.05, 0.05)) is False


def test_only_the_time_since_the_last_look_counts():
    assert looked((0.1, 0.05), (0.0, 0.05)) is False


def test_a_look_too_soon_after_the_last_says_nothing():
    assert looked((0.1, 0.05), (0.0, 0.001)) is True
