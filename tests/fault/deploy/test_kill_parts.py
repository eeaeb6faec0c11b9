"""The real stack: every part is killed and comes back, and nothing outlives the supervisor."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.leash import leashed
from deploy.local.parts import PARTS
from deploy.local.state import PartState, StateDirectory
from tests.support.waiting import wait_until

_READY_WITHIN = 100.0  # seconds, on a busy machine


def start(state: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "deploy.local", "up", "--state", str(state), "--ports", "auto"]
    process = subprocess.Popen(leashed(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: StateDirectory(state).record().state == "ready", within=_READY_WITHIN, what="the stack is ready")
    return process


@pytest.mark.timeout(400)
def test_every_part_comes_back_and_the_stack_starts_again_after_its_supervisor_is_killed(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    supervisor = start(tmp_path)
    for part in PARTS:
        process = state.record().parts[part.name].process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)

        def is_back(name: str = part.name) -> bool:
            record = state.record().parts[name]
            return record.restarts >= 1 and record.state == PartState.READY

        wait_until(is_back, within=_READY_WITHIN, what=f"{part.name} is back")
    wait_until(lambda: state.record().state == "ready", within=_READY_WITHIN, what="all of them are ready")
    processes = [part.process for part in state.record().parts.values() if part.process]
    assert len(processes) == len(PARTS)

    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not any(process.process() for process in processes), within=20, what="all have died with it")

    again = start(tmp_path)
    own = [child.pid for child in psutil.Process(again.pid).children()]
    again.send_signal(signal.SIGTERM)
    assert again.wait(timeout=60) == 0
    assert not any(psutil.pid_exists(pid) for pid in own)
