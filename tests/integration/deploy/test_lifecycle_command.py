"""The `lifecycle` command as somebody at a keyboard, or a script, uses it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.state import PartState, StateDirectory
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]


def lifecycle(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.support.lifecycle_command", *arguments],
        cwd=ROOT, env={**os.environ, "COLUMNS": "200", **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@contextlib.contextmanager
def up(state: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """`lifecycle up` in the foreground, ready; ended as by Ctrl-C in the end."""
    command = [sys.executable, "-m", "tests.support.lifecycle_command", "up", "--state", str(state), "--ports", "auto"]
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_until(lambda: StateDirectory(state).record().state == "ready", within=60, what="the stack is ready")
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=40)


def test_status_tells_scripts_the_addresses_and_each_parts_state(tmp_path: Path) -> None:
    assert lifecycle("status", "--state", str(tmp_path)).returncode == 3
    with up(tmp_path):
        answer = lifecycle("status", "--state", str(tmp_path), "--json")
        assert answer.returncode == 0
        status = json.loads(answer.stdout)
        assert status["state"] == "ready"
        assert status["urls"]["graphql"] == status["urls"]["gateway"] + "/graphql"
        gateway = status["parts"]["gateway"]
        assert gateway["state"] == "ready"
        assert gateway["restarts"] == 0
        assert gateway["process"]["pid"] > 0
        assert gateway["rss"] > 1_000_000
        assert gateway["url"] == status["urls"]["gateway"]
    after = json.loads(lifecycle("status", "--state", str(tmp_path), "--json").stdout)
    assert {part["state"] for part in after["parts"].values()} == {"stopped"}


def test_ctrl_c_stops_in_order_with_exit_code_zero(tmp_path: Path) -> None:
    with up(tmp_path) as process:
        parts = [part.process for part in StateDirectory(tmp_path).record().parts.values() if part.process]
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=40)
    assert process.returncode == 0
    assert "Dashboard" in output
    assert "Stopping" in output
    assert not any(part.process() for part in parts)


def test_down_stops_a_stack_and_waits_for_it(tmp_path: Path) -> None:
    with up(tmp_path) as process:
        answer = lifecycle("down", "--state", str(tmp_path))
        assert (answer.returncode, answer.stdout.strip()) == (0, "Stopped.")
        assert not StateDirectory(tmp_path).running()
        process.wait(timeout=20)
    assert "No stack is running" in lifecycle("down", "--state", str(tmp_path)).stdout


def test_a_second_up_says_that_it_runs_already_and_where(tmp_path: Path) -> None:
    with up(tmp_path):
        answer = lifecycle("up", "--state", str(tmp_path))
        assert answer.returncode == 0
        assert "already running" in answer.stdout
        assert StateDirectory(tmp_path).record().urls["dashboard"] in answer.stdout


def test_listening_for_others_without_authentication_is_refused(tmp_path: Path) -> None:
    answer = lifecycle("up", "--state", str(tmp_path), "--host", "0.0.0.0")
    assert answer.returncode == 1
    assert "LIFECYCLE_AUTH=open" in answer.stderr
    assert "--auth token" in answer.stderr


def test_a_taken_port_is_named_with_who_holds_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        for command in ("up", "doctor"):
            answer = lifecycle(command, "--state", str(tmp_path), GATEWAY_PORT=str(port), DASHBOARD_PORT="0")
            assert answer.returncode == 1
            said = answer.stdout + answer.stderr
            assert f"Port {port}, meant for gateway, is taken by" in said
            assert f"process {os.getpid()}" in said
            assert "GATEWAY_PORT=" in said


def test_the_doctor_finds_nothing_wrong_here(tmp_path: Path) -> None:
    answer = lifecycle("doctor", "--state", str(tmp_path), "--ports", "auto", "--json")
    assert answer.returncode == 0
    assert [finding for finding in json.loads(answer.stdout) if finding["level"] == "error"] == []


def test_the_doctor_says_which_part_of_a_running_stack_is_unwell(tmp_path: Path) -> None:
    with up(tmp_path):
        state = StateDirectory(tmp_path)
        state.path.joinpath("orders-gateway").write_text("unready")
        wait_until(lambda: state.record().parts["gateway"].state == PartState.UNREADY, within=30)
        answer = lifecycle("doctor", "--state", str(tmp_path))
        assert answer.returncode == 1
        assert "gateway is unready: orders: told to be unready" in answer.stdout
        assert lifecycle("status", "--state", str(tmp_path)).returncode == 1


def test_logs_shows_the_end_of_a_parts_log_or_which_logs_there_are(tmp_path: Path) -> None:
    with up(tmp_path):
        answer = lifecycle("logs", "gateway", "--state", str(tmp_path), "-n", "1")
        assert "GET /readyz" in answer.stdout
        wrong = lifecycle("logs", "gatewai", "--state", str(tmp_path))
        assert wrong.returncode == 1
        assert "dashboard, gateway" in wrong.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_to_end_it_stop_in_order_too(tmp_path: Path, number: signal.Signals) -> None:
    with up(tmp_path) as process:
        process.send_signal(number)
        process.communicate(timeout=40)
    assert process.returncode == 0
    assert StateDirectory(tmp_path).path.joinpath("trace").read_text().splitlines()[-2:] == [
        "dashboard ended",
        "gateway ended",
    ]
