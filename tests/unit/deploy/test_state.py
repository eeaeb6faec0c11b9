"""The state directory: its secret, record, logs and lock."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.problems import AlreadyRunning
from deploy.local.state import PartRecord, PartState, ProcessId, StackRecord, StateDirectory
from tests.support.waiting import wait_until


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    state = StateDirectory(tmp_path / "state")
    state.prepare()
    return state


def test_the_secret_is_made_once_and_for_its_owner_only(state: StateDirectory) -> None:
    secret = state.secret()
    assert len(bytes.fromhex(secret)) == 32
    assert state.secret() == secret
    assert stat.S_IMODE((state.path / "auth-secret").stat().st_mode) == 0o600
    assert StateDirectory(state.path.parent).secret() != secret


def test_a_record_is_read_as_it_was_written(state: StateDirectory) -> None:
    part = PartRecord(PartState.UNREADY, "http://127.0.0.1:1", ProcessId(1, 2.0), restarts=3, since=4.0, reason="why")
    record = StackRecord(
        "unready", ProcessId(5, 6.0), ports={"gateway": 1}, urls={"gateway": "u"}, parts={"gateway": part}
    )
    state.write(record)
    assert state.last_record() == record
    assert [file.name for file in state.path.iterdir() if file.is_file()] == ["stack.json"]


def test_what_a_killed_supervisor_left_on_record_counts_as_stopped(state: StateDirectory) -> None:
    state.write(StackRecord("ready", ProcessId.of(os.getpid()), parts={"a": PartRecord(PartState.READY)}))
    record = state.record()
    assert record.state == "stopped"
    assert record.supervisor is None
    assert record.parts["a"].state == PartState.STOPPED


def test_one_process_holds_the_directory_at_a_time(state: StateDirectory) -> None:
    assert not state.running()
    with state.locked():
        assert state.running()
        with pytest.raises(AlreadyRunning, match="lifecycle status"), StateDirectory(state.path).locked():
            raise AssertionError("it was locked twice")
    assert not state.running()


def test_a_log_that_has_grown_is_set_aside_while_its_writer_goes_on(state: StateDirectory) -> None:
    with state.log("a").open("ab", buffering=0) as writer:
        for text in (b"first", b"second", b"third", b"fourth"):
            writer.write(text)
            state.rotate("a", limit=3)
        writer.write(b"fifth")
    assert state.log("a").read_bytes() == b"fifth"
    assert {file.name: file.read_bytes() for file in state.logs.glob("a.log.*")} == {
        "a.log.1": b"fourth",
        "a.log.2": b"third",
    }


def test_a_small_log_stays(state: StateDirectory) -> None:
    state.log("a").write_text("one\ntwo\nthree\n")
    state.rotate("a", limit=100)
    assert state.tail("a", 2) == ["two", "three"]
    assert state.tail("no such part") == []


def test_leftovers_of_an_earlier_run_are_ended_but_never_a_stranger_with_the_same_number(state: StateDirectory) -> None:
    left = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    wait_until(lambda: ProcessId.of(left.pid).process() is not None)
    real = ProcessId.of(left.pid)
    stranger = ProcessId(os.getpid(), real.started - 1000)
    state.write(StackRecord(parts={"a": PartRecord(process=real), "b": PartRecord(process=stranger)}))
    assert state.end_leftovers() == [left.pid]
    left.communicate()
    assert left.returncode == -9
