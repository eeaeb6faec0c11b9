"""Child processes of the demonstration: reports arrive, failures explain themselves, nothing is left behind."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from deploy.demo.children import ChildFailed, colleague, run_child
from deploy.demo.reports import Report, RunReport
from tests.support.waiting import until

CHATTY = """
from deploy.demo.reports import RunReport, telling
with telling() as tell:
    print("mlflow says something")
    tell(RunReport("anna", "first", "r1", 0.7, 1.5, False))
"""


def _script(folder: Path, code: str) -> dict[str, str]:
    (folder / "planted_child.py").write_text(code)
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{Path.cwd()}"}


async def test_reports_arrive_and_other_output_goes_to_the_log(tmp_path: Path) -> None:
    reports: list[Report] = []
    await run_child("planted_child", [], _script(tmp_path, CHATTY), tmp_path / "log", reports.append)
    assert reports == [RunReport("anna", "first", "r1", 0.7, 1.5, False)]
    assert "mlflow says something" in (tmp_path / "log").read_text()


async def test_a_failure_shows_the_end_of_the_log(tmp_path: Path) -> None:
    environment = _script(tmp_path, "raise SystemExit('the registry said no')")
    with pytest.raises(ChildFailed, match="the registry said no"):
        await run_child("planted_child", [], environment, tmp_path / "log")


async def test_a_cancelled_child_is_ended(tmp_path: Path) -> None:
    code = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    task = asyncio.create_task(run_child("planted_child", [], _script(tmp_path, code), tmp_path / "log"))

    async def pid() -> int:
        path = tmp_path / "pid"
        return int(path.read_text() or 0) if path.exists() else 0

    child = await until(pid)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.pid_exists(child)


def test_a_colleague_is_who_the_mlflow_client_takes_from_the_environment() -> None:
    environment = colleague("anna", "http://127.0.0.1:1", None)
    assert environment["LOGNAME"] == "anna"
    assert environment["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:1"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert colleague("ben", "", "secret")["MLFLOW_TRACKING_TOKEN"] == "secret"
