"""The import contracts hold, and each of them bites: a planted violation breaks it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

LAYERS = "Services stand on the runtime"
PURE = "The pure parts decide"
NOUNS = "A noun's own files"

PLANTS = {
    "registry imports monitor": ("services/registry/settings.py", "services.monitor", LAYERS),
    "runtime imports a service": ("services/runtime/ids.py", "services.registry", LAYERS),
    "contracts import runtime": ("services/contracts/base.py", "services.runtime", LAYERS),
    "dashboard imports a service": ("dashboard/theme.py", "services.gateway", "The dashboard talks to the gateway"),
    "a service imports the dashboard": (
        "services/gateway/settings.py",
        "dashboard",
        "Services and dashboard don't know",
    ),
    "deployment imports a service": ("deploy/local/parts.py", "services.monitor", "Deployment starts processes"),
    "contracts import a framework": ("services/contracts/base.py", "fastapi", "Contracts know no library"),
    "rules import asyncio": ("services/registry/runs/rules.py", "asyncio", PURE),
    "rules import a clock": ("services/registry/runs/rules.py", "time", PURE),
    "rules import the runtime": ("services/registry/runs/rules.py", "services.runtime", PURE),
    "statistics import the driver": ("services/monitor/statistics/psi.py", "pymongo", PURE),
    "the gateway imports the driver": ("services/gateway/settings.py", "motor", "Gateway and dashboard keep nothing"),
    "a noun imports another's store": ("services/registry/models/handlers.py", "services.registry.runs.store", NOUNS),
    "rules import their store": ("services/registry/runs/rules.py", "services.registry.runs.store", NOUNS),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for name in ("services", "dashboard", "deploy", "tests/support"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    (folder / "tests/__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_all_contracts_are_kept() -> None:
    outcome = lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(("file", "module", "contract"), PLANTS.values(), ids=PLANTS.keys())
def test_a_planted_violation_breaks_its_contract(copy: Path, file: str, module: str, contract: str) -> None:
    victim = copy / file
    original = victim.read_text()
    victim.write_text(f"{original}\nimport {module}\n")
    try:
        outcome = lint(copy)
    finally:
        victim.write_text(original)
    assert outcome.returncode == 1, outcome.stdout
    kept = [name for name in outcome.stdout.splitlines() if name.startswith(contract) and name.endswith("KEPT")]
    assert not kept, outcome.stdout
    assert "BROKEN" in outcome.stdout
