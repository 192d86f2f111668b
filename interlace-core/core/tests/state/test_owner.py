from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from interlace.state import owner
from interlace.state.owner import describe_owner, is_dead, this_owner

pytestmark = pytest.mark.skipif(sys.platform not in {"linux", "darwin"}, reason="processes are not looked up here")


def changed(**changes: object) -> str:
    return json.dumps(json.loads(this_owner()) | changes)


def test_this_process_is_alive() -> None:
    assert False is is_dead(this_owner())


def test_another_process_of_this_host_is_seen_to_live_and_to_die() -> None:
    code = "from interlace.state.owner import this_owner; print(this_owner(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        other = child.stdout.readline()
        alive = is_dead(other)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        zombie = is_dead(other)
        child.wait()

        assert (False, True, True) == (alive, zombie, is_dead(other))


def test_a_pid_that_was_given_to_another_process_is_dead() -> None:
    assert True is is_dead(changed(start="1"))


def test_a_process_from_before_the_last_boot_is_dead() -> None:
    assert True is is_dead(changed(boot="another boot"))


def test_of_another_host_nothing_is_known() -> None:
    assert None is is_dead(changed(host="elsewhere", boot="another boot"))


@pytest.mark.parametrize("text", ["", "me", "[]", "{}", '{"host": 1}', '{"pid": "x"}'])
def test_of_an_owner_of_another_kind_nothing_is_known(text: str) -> None:
    assert None is is_dead(text)


def test_where_the_system_tells_no_start_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = this_owner()
    monkeypatch.setattr(owner, "_started", lambda _pid: None)

    assert None is is_dead(mine)


def test_an_owner_is_described_for_people() -> None:
    assert f"process {os.getpid()} on " in describe_owner(this_owner())
    assert "somebody" == describe_owner("somebody")


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str | None]], None]:
    """A Mac as its own commands describe it: text of `ps` and `sysctl` as they print it there."""
    boot = owner._boot.__wrapped__

    def pretend(printed: dict[str, str | None]) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        monkeypatch.setattr(owner, "_output", lambda *command: printed[command[0]])
        monkeypatch.setattr(owner, "_boot", boot)

    return pretend


def test_on_a_mac_a_process_lives_while_its_start_is_the_same(mac: Callable[..., None]) -> None:
    mac({"ps": "Ss   Mon Nov 23 13:31:17 2026", "sysctl": "6D0C1AE8-0000"})
    mine = this_owner()
    assert "Mon Nov 23 13:31:17 2026" == json.loads(mine)["start"]
    assert False is is_dead(mine)

    mac({"ps": "S+   Mon Nov 23 14:00:00 2026", "sysctl": "6D0C1AE8-0000"})
    assert True is is_dead(mine)


@pytest.mark.parametrize(
    ("printed", "dead"),
    [("", True), ("Z    Mon Nov 23 13:31:17 2026", True), (None, None)],
    ids=["gone", "zombie", "no ps"],
)
def test_on_a_mac_ps_says_who_is_gone(mac: Callable[..., None], printed: str | None, dead: bool | None) -> None:
    mac({"ps": "Ss   Mon Nov 23 13:31:17 2026", "sysctl": "6D0C1AE8-0000"})
    mine = this_owner()
    mac({"ps": printed, "sysctl": "6D0C1AE8-0000"})

    assert dead is is_dead(mine)


def test_on_a_mac_another_boot_session_is_seen(mac: Callable[..., None]) -> None:
    mac({"ps": "Ss   Mon Nov 23 13:31:17 2026", "sysctl": "6D0C1AE8-0000"})
    mine = this_owner()
    mac({"ps": "Ss   Mon Nov 23 13:31:17 2026", "sysctl": "77777777-0000"})

    assert True is is_dead(mine)
