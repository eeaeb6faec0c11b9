"""The bundle that `lifecycle reproduce` writes: code, difference, packages, data and the exact command."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from deploy.local.problems import Problem
from services.contracts.reproduction import BundleFile, DataReference, ReproductionPlan

CODE = "code"
PLAN = "plan.json"
GIT_SECONDS = 600

Fetch = Callable[[BundleFile], bytes]


def write(plan: ReproductionPlan, folder: Path, fetch: Fetch, repository: Path | None) -> list[str]:
    """Writes the bundle into a new folder and says, in words, what couldn't be had.

    `repository` is a clone here that may have the commit. Raises Problem if the folder has something in it, or a file
    that comes from the registry isn't the one that was logged.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Problem(f"{folder} isn't empty.", "Name a new folder with --to.")
    folder.mkdir(parents=True, exist_ok=True)
    lacking = [f"{part.replace('_', ' ')} wasn't recorded" for part in plan.missing]
    _put(folder / PLAN, msgspec.json.format(msgspec.json.encode(plan), indent=2))
    _put(folder / "params.json", msgspec.json.format(msgspec.json.encode(plan.params), indent=2))
    _put(folder / "data.json", msgspec.json.format(msgspec.json.encode(plan.datasets), indent=2))
    for file in plan.environment:
        _put(_inside(folder / "environment", file.path), checked(file, fetch(file)))
    if plan.diff is not None:
        _put(folder / "uncommitted.diff", checked(plan.diff, fetch(plan.diff)))
    lacking += _check_out(plan, folder, repository)
    lacking += [problem for data in plan.datasets for problem in data_problems(data)]
    script = folder / "run.sh"
    _put(script, run_script(plan).encode())
    script.chmod(0o755)
    _put(folder / "README.md", readme(plan, lacking).encode())
    return lacking


def checked(file: BundleFile, content: bytes) -> bytes:
    if file.sha256 and hashlib.sha256(content).hexdigest() != file.sha256:
        raise Problem(f"{file.path} isn't what the run logged: its digest differs.", "Ask whoever runs the registry.")
    return content


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _inside(folder: Path, path: str) -> Path:
    """Below `folder`, whatever the path says."""
    found = (folder / path).resolve()
    if not found.is_relative_to(folder.resolve()):
        raise Problem(f"{path!r} leads out of the bundle.", "Ask whoever runs the registry.")
    return found


def _check_out(plan: ReproductionPlan, folder: Path, repository: Path | None) -> list[str]:
    """Clones the commit and applies the difference, where a clone with that commit is at hand."""
    if not plan.commit:
        return []
    if repository is None or not _git(repository, "cat-file", "-e", f"{plan.commit}^{{commit}}"):
        where = f" of {plan.repository}" if plan.repository else ""
        return [f"the code: no clone here has commit {plan.commit[:12]}{where}; name one with --code"]
    code = folder / CODE
    source = str(repository.resolve())
    if not (
        _git(folder, "clone", "--quiet", "--no-checkout", "--", source, str(code.resolve()))
        and _git(code, "checkout", "--quiet", "--detach", plan.commit)
    ):
        return [f"the code: commit {plan.commit[:12]} can't be checked out of {repository}"]
    patch = str((folder / "uncommitted.diff").resolve())
    if plan.diff is not None and plan.diff.size and not _git(code, "apply", "--whitespace=nowarn", patch):
        return ["the uncommitted changes: they don't apply to the commit"]
    return []


def _git(directory: Path, *words: str) -> bool:
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *words], capture_output=True, check=False, timeout=GIT_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def data_problems(data: DataReference) -> list[str]:
    """What is wrong with a dataset that ought to lie here."""
    path = Path(data.location.removeprefix("file://")) if data.location else None
    if path is None or "://" in data.location or not path.is_absolute():
        return []
    if not path.is_file():
        return [f"the data {data.dataset}: {path} isn't here"]
    if data.sha256:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != data.sha256:
            return [f"the data {data.dataset}: {path} has changed since"]
    return []


def run_script(plan: ReproductionPlan) -> str:
    """Starts the run again inside of the checked-out code."""
    lines = ["#!/bin/sh", f"# Makes run {plan.run_id} again.", "set -eu"]
    lines.append('cd "$(dirname "$0")/' + CODE + '"')
    if plan.working_directory:
        lines.append(f"cd {shlex.quote(plan.working_directory)}")
    lines.append(shlex.join(plan.command) if plan.command else "echo 'the command was not recorded' >&2; exit 2")
    return "\n".join(lines) + "\n"


def readme(plan: ReproductionPlan, lacking: list[str]) -> str:
    """What is in the bundle and what to do, as plain text in Markdown's manner."""
    name = " ".join(plan.run_name.split())
    experiment = " ".join(plan.experiment_name.split())
    steps = [
        f"# Run {plan.run_id}",
        f"Name: {name}. Experiment: {experiment}. Reproducibility score: {plan.score:.0%}.",
        "## What is here",
        f"- `{CODE}/`: commit {plan.commit or 'unknown'}" + (" with `uncommitted.diff` applied" if plan.diff else ""),
        "- `environment/`: the pinned packages, as they were logged",
        "- `data.json`: each dataset with its digest and where it was",
        "- `params.json`: the parameters",
        "- `run.sh`: the exact command",
        f"- `{PLAN}`: all of it for programs, with the original's metrics",
        "## What couldn't be had",
        *([f"- {words}" for words in lacking] or ["Nothing is missing."]),
        "## What to do",
        "1. Make an environment with the packages under `environment/`.",
        "2. Put the data where the script looks for them, and check their digests.",
        "3. Run `run.sh`, and compare the metrics with those in `plan.json`.",
    ]
    return "\n".join(steps) + "\n"
