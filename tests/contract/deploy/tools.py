"""Programs the tests of the deployment files run; one that is missing fails the test and says how to get it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_TIMEOUT_S = 60


def tool(name: str) -> str:
    """The path of a program, of this environment or the system's."""
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        pytest.fail(f"{name} is missing. `make test` installs it (deploy/local/system-packages test).")
    return found


def run(
    *command: str | Path, environment: Mapping[str, str] | None = None, directory: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Runs a program with this environment and the given variables instead of its LIFECYCLE_ ones."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LIFECYCLE_")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=directory,
        env={**inherited, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
