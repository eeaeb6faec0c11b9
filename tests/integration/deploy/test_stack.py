"""The stack as an object: readiness, restarts, order, nothing left behind; fake parts under real supervision."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.parts import PARTS
from deploy.local.problems import AlreadyRunning, StartFailed
from deploy.local.stack import Stack
from deploy.local.state import PartState, StackRecord, StateDirectory
from tests.support.stacks import FAST, fake, orders, trace
from tests.support.waiting import until, wait_until

AB = (fake("a"), fake("b", after=("a",)))


async def becomes(stack: Stack, part: str, state: PartState, restarts: int = 0) -> None:
    async def condition() -> bool:
        record = stack.record.parts[part]
        return record.state == state and record.restarts >= restarts

    await until(condition, within=40, what=f"{part} becomes {state}: {stack.record.parts[part]}")


def pid_of(stack: Stack, part: str) -> int:
    process = stack.record.parts[part].process
    assert process is not None
    return process.pid


async def test_parts_start_after_what_they_need_and_stop_in_reverse_order(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=AB, timing=FAST) as stack:
        assert stack.record.state == "ready"
        pids = [pid_of(stack, "a"), pid_of(stack, "b")]
        assert trace(tmp_path) == ["a started", "b started"]
    assert trace(tmp_path)[2:] == ["b ended", "a ended"]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert StateDirectory(tmp_path).record().state == "stopped"


async def test_a_part_that_is_killed_comes_back_on_the_same_port(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=AB, timing=FAST) as stack:
        url = stack.record.parts["a"].url
        first = pid_of(stack, "a")
        os.kill(first, signal.SIGKILL)
        await becomes(stack, "a", PartState.READY, restarts=1)
        assert pid_of(stack, "a") != first
        assert stack.record.parts["a"].url == url
        assert stack.record.parts["b"].restarts == 0


async def test_pauses_between_restarts_grow_up_to_a_limit(tmp_path: Path) -> None:
    pauses: list[str] = []

    def note(record: StackRecord) -> None:
        part = record.parts["a"]
        if part.state == PartState.RESTARTING:
            pauses.append(part.reason)

    async with Stack(tmp_path, parts=AB, timing=FAST, on_change=note) as stack:
        orders(tmp_path, "a").write_text("exit")
        os.kill(pid_of(stack, "a"), signal.SIGKILL)
        await becomes(stack, "a", PartState.RESTARTING, restarts=5)
        assert pauses == [
            "was killed by SIGKILL; starts again in 0.05 s",
            *(f"ended with exit code 1; starts again in {pause} s" for pause in ("0.1", "0.2", "0.4", "0.4")),
        ]
        orders(tmp_path, "a").unlink()
        await becomes(stack, "a", PartState.READY)


async def test_a_frozen_part_is_started_again(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=AB, timing=FAST) as stack:
        frozen = pid_of(stack, "b")
        os.kill(frozen, signal.SIGSTOP)
        await becomes(stack, "b", PartState.UNREADY)
        await becomes(stack, "b", PartState.READY, restarts=1)
        assert not psutil.pid_exists(frozen)


async def test_a_part_that_says_not_ready_keeps_running_while_what_it_needs_is_away(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=AB, timing=FAST) as stack:
        pid = pid_of(stack, "b")
        orders(tmp_path, "b").write_text("unready")
        orders(tmp_path, "a").write_text("exit")
        os.kill(pid_of(stack, "a"), signal.SIGKILL)
        await becomes(stack, "b", PartState.UNREADY)
        assert stack.record.parts["b"].reason == "orders: told to be unready"
        await asyncio.sleep(1.5 * FAST.unready_for)
        assert pid_of(stack, "b") == pid
        assert stack.record.state == "unready"
        orders(tmp_path, "a").unlink()
        await becomes(stack, "b", PartState.RESTARTING)  # now nothing excuses it


async def test_a_part_that_never_starts_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    tmp_path.joinpath("orders-b").write_text("exit")
    with pytest.raises(StartFailed, match="b did not start: ended with exit code 1") as failed:
        async with Stack(tmp_path, parts=AB, timing=FAST):
            raise AssertionError("it started")
    assert "told to exit" in failed.value.fix
    assert trace(tmp_path) == ["a started", "a ended"]


async def test_two_stacks_never_share_a_state_directory(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=AB, timing=FAST) as stack:
        with pytest.raises(AlreadyRunning, match="already running"):
            await Stack(tmp_path, parts=AB, timing=FAST).start()
        assert StateDirectory(tmp_path).record().supervisor is not None
        assert stack.record.state == "ready"


async def test_automatic_ports_stay_the_same_in_the_next_run(tmp_path: Path) -> None:
    async with Stack(tmp_path, parts=AB, timing=FAST) as stack:
        ports = stack.record.ports
    async with Stack(tmp_path, parts=AB, timing=FAST) as again:
        assert again.record.ports == ports


async def test_two_stacks_run_beside_each_other(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    async with Stack(one, parts=AB, timing=FAST) as first, Stack(other, parts=AB, timing=FAST) as second:
        assert not set(first.record.ports.values()) & set(second.record.ports.values())


async def test_the_servers_keep_their_data_and_recover_from_kills(tmp_path: Path) -> None:
    servers = [part for part in PARTS if part.name in ("mongod", "nats-server")]
    async with Stack(tmp_path, parts=servers, timing=FAST) as stack:
        for name in ("mongod", "nats-server"):
            os.kill(pid_of(stack, name), signal.SIGKILL)
            await becomes(stack, name, PartState.READY, restarts=1)
        assert stack.urls.mongodb.endswith("?replicaSet=rs0")
        assert stack.urls.nats.startswith("nats://127.0.0.1:")


SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from deploy.local.parts import PARTS
from deploy.local.stack import Stack
from tests.support.stacks import fake

async def main():
    async with Stack(Path(sys.argv[1]), parts=[*PARTS[:2], fake("a", after=("mongod",))]):
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("watcher", ["", "1"], ids=["parent-death signal", "watcher process"])
def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path, watcher: str) -> None:
    environment = {**os.environ, "LIFECYCLE_LEASH_WATCH": watcher}
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(tmp_path)], env=environment)
    state = StateDirectory(tmp_path)
    wait_until(lambda: state.running() and state.record().state == "ready", within=60, what="the stack is ready")
    parts = [part.process for part in state.record().parts.values() if part.process]
    assert len(parts) == 3
    supervisor.kill()
    supervisor.wait()
    assert state.record().state == "stopped"
    wait_until(lambda: not any(part.process() for part in parts), within=20, what="every part has died with it")
