"""`lifecycle reproduce`: writes a bundle that makes a run again, and runs it, on the record."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local import bundle
from deploy.local.problems import Problem
from deploy.local.settings import LocalSettings
from deploy.local.state import StateDirectory
from deploy.local.tokens import State, ask
from services.contracts.reproduction import (
    AttemptView,
    BundleFile,
    GetReproducibility,
    PlanReproduction,
    RecordReproduction,
    ReproductionPlan,
)
from services.runtime.bus import Bus
from services.runtime.context import Context

FAILED = 1
"""Exit code: the bundle didn't run, or its metrics differ by more than the tolerance."""
SECONDS = 60.0
HTTP_SECONDS = 60.0
NOTE = 4000
_PIN = re.compile(r"^\s*([A-Za-z0-9._-]+)==([^\s;]+)")

console = Console(highlight=False)


def reproduce(
    run_id: Annotated[str, typer.Argument(help="The run to make again.")],
    to: Annotated[Path | None, typer.Option(help="The bundle's folder. [default: reproduce-RUN]")] = None,
    code: Annotated[Path | None, typer.Option(help="A clone that has the commit. [default: this folder]")] = None,
    run: Annotated[bool, typer.Option("--run", help="Run it too, with this Python, and compare the metrics.")] = False,
    tolerance: Annotated[
        float, typer.Option(min=0.0, help="How far a metric may be off, relative: 0.01 is one per cent.")
    ] = 0.0,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds after which the repeat has failed.")] = 3600,
    state: State = None,
) -> None:
    """Write a bundle that makes a run again: code, difference, packages, data and the exact command."""
    plan = ask(state, lambda bus, context: bus.request(PlanReproduction(run_id=run_id), context, timeout=30), SECONDS)
    folder = to or Path(f"reproduce-{run_id[:8]}")
    registry = Registry(_address(state))
    lacking = bundle.write(plan, folder, registry.fetch, code or Path.cwd())
    console.print(Text(f"Written to {folder}. Reproducibility score: {plan.score:.0%}."), soft_wrap=True)
    for words in lacking:
        console.print(Text(f"  missing: {words}", style="yellow"), soft_wrap=True)
    if not run:
        return
    request = _run(plan, folder, registry, tolerance, timeout)

    async def record(bus: Bus, context: Context) -> AttemptView:
        await bus.request(request, context)
        return (await bus.request(GetReproducibility(run_id=run_id), context)).attempts[0]

    attempt = ask(state, record, SECONDS)
    _show(attempt)
    raise typer.Exit(0 if attempt.outcome == "reproduced" else FAILED)


def _address(state: Path | None) -> str:
    given = {} if state is None else {"state_dir": state}
    directory = StateDirectory(LocalSettings().model_copy(update=given).state_dir)
    found = os.environ.get("MLFLOW_TRACKING_URI") or directory.record().urls.get("registry")
    if not found:
        raise Problem("The registry's address isn't known.", "Start a stack, or set MLFLOW_TRACKING_URI.")
    return found.rstrip("/")


class Registry:
    """The few things that are asked over HTTP: artifacts, and a new run for the repeat."""

    def __init__(self, url: str) -> None:
        self.url = url
        token = os.environ.get("MLFLOW_TRACKING_TOKEN")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=HTTP_SECONDS)

    def fetch(self, file: BundleFile) -> bytes:
        return self._answer("GET", f"/api/2.0/mlflow-artifacts/artifacts/{file.url_path}").content

    def start(self, plan: ReproductionPlan) -> str:
        """A new run in the original's experiment, tagged as its repeat."""
        original = self._answer("GET", "/api/2.0/mlflow/runs/get", params={"run_id": plan.run_id}).json()
        body = {
            "experiment_id": original["run"]["info"]["experiment_id"],
            "run_name": f"repeat of {plan.run_name}"[:250],
            "start_time": round(time.time() * 1000),
            "tags": [{"key": "lifecycle.rerun_of", "value": plan.run_id}],
        }
        return str(self._answer("POST", "/api/2.0/mlflow/runs/create", json=body).json()["run"]["info"]["run_id"])

    def end(self, run_id: str, status: str) -> None:
        body = {"run_id": run_id, "status": status, "end_time": round(time.time() * 1000)}
        self._answer("POST", "/api/2.0/mlflow/runs/update", json=body)

    def _answer(self, method: str, path: str, **wishes: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **wishes)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Problem(f"The registry at {self.url} can't be asked: {error}", "See lifecycle status.") from error
        return answer


def _run(
    plan: ReproductionPlan, folder: Path, registry: Registry, tolerance: float, timeout: int
) -> RecordReproduction:
    """Runs the bundle as a run of its own. What the script logs in its (first) MLflow run is logged there."""
    if not plan.command or not (folder / bundle.CODE).is_dir():
        raise Problem("The bundle can't be run: its code or command is missing.", "See its README.md.")
    note = "; ".join(differing_packages(folder))[:NOTE]
    rerun = registry.start(plan)
    console.print(Text(f"Running {' '.join(plan.command)} as run {rerun}"), soft_wrap=True)
    command = [sys.executable if plan.command[0] in ("python", "python3") else plan.command[0], *plan.command[1:]]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": registry.url, "MLFLOW_RUN_ID": rerun}
    problem = ""
    try:
        done = subprocess.run(
            command, cwd=folder / bundle.CODE / plan.working_directory, env=environment, check=False, timeout=timeout
        )
        if done.returncode:
            problem = f"the command ended with {done.returncode}"
    except subprocess.TimeoutExpired:
        problem = f"the command didn't end within {timeout} s"
    except OSError as error:
        problem = f"the command can't be started: {error.strerror}"
    registry.end(rerun, "FAILED" if problem else "FINISHED")
    return RecordReproduction(
        run_id=plan.run_id,
        rerun_id=rerun,
        failed=bool(problem),
        tolerance=tolerance,
        note="; ".join(filter(None, (problem, note))),
    )


def differing_packages(folder: Path) -> list[str]:
    """Packages that this Python has in other versions than the bundle pins."""
    found: dict[str, str] = {}
    for file in sorted((folder / "environment").rglob("requirements.txt")):
        for line in file.read_text(errors="replace").splitlines():
            pin = _PIN.match(line)
            if pin:
                found.setdefault(pin[1], pin[2])
    differing = []
    for name, version in found.items():
        try:
            here = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            here = "not installed"
        if here != version:
            differing.append(f"{name} {here} instead of {version}")
    return differing


def _show(attempt: AttemptView) -> None:
    table = Table("metric", "original", "again", "within")
    for metric in attempt.metrics:
        again = "—" if metric.again is None else f"{metric.again:.6g}"
        table.add_row(Text(metric.metric), f"{metric.original:.6g}", again, "yes" if metric.within else "no")
    if attempt.metrics:
        console.print(table)
    if attempt.note:
        console.print(Text(attempt.note), soft_wrap=True)
    console.print(f"{attempt.outcome.capitalize()}, with a tolerance of {attempt.tolerance:g}. Recorded on the run.")
