"""A full disk: nats-server stays up, refuses everything, and doesn't recover by itself; the supervisor makes it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nats as nats_client
import pytest
from nats.errors import TimeoutError as NoAnswer
from nats.js import JetStreamContext
from nats.js.api import StreamConfig

from deploy.local.parts import PARTS
from deploy.local.stack import Stack
from deploy.local.state import PartState
from tests.support.stacks import FAST
from tests.support.waiting import until

_ROOMY, _TIGHT = "400m", "16m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "disk"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_ROOMY}", "tmpfs", str(directory)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=True)


def resize(directory: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(directory)], check=True)


async def fill(stream: JetStreamContext) -> int:
    """Publishes until there is no answer; returns how many were acknowledged."""
    for acknowledged in range(200):
        try:
            await stream.publish("full.x", b"x" * 500_000, timeout=1)
        except NoAnswer:
            return acknowledged
    raise AssertionError("the disk never got full")


async def publishes(url: str) -> bool:
    connection = await nats_client.connect(url)
    try:
        await connection.jetstream().publish("full.x", b"small", timeout=1)
    except NoAnswer:
        return False
    finally:
        await connection.close()
    return True


async def test_nats_serves_again_once_there_is_space(small_disk: Path) -> None:
    only_nats = [part for part in PARTS if part.name == "nats-server"]
    async with Stack(small_disk, parts=only_nats, timing=FAST) as stack:
        part = stack.record.parts["nats-server"]
        connection = await nats_client.connect(stack.urls.nats, allow_reconnect=False)
        stream = connection.jetstream()
        await stream.add_stream(StreamConfig(name="FULL", subjects=["full.>"]))
        resize(small_disk, _TIGHT)
        acknowledged = await fill(stream)
        await connection.close()
        assert acknowledged > 5

        async def says_why() -> bool:
            return part.state == PartState.UNREADY and "no space left" in part.reason

        await until(says_why, what="the supervisor says why")
        resize(small_disk, _ROOMY)

        async def serves() -> bool:
            return part.state == PartState.READY and part.restarts > 0 and await publishes(stack.urls.nats)

        await until(serves, within=30, what="it serves again")
        connection = await nats_client.connect(stack.urls.nats)
        info = await connection.jetstream().stream_info("FULL")
        await connection.close()
        assert info.state.messages >= acknowledged
