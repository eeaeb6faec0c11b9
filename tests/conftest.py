"""Wires the shared fixtures in, and says at the end how many tests of each kind ran."""

import json
import os
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

from tests.support import zygote

pytest_plugins = ["tests.support.servers"]

# Nothing leaves this machine: the mlflow client would tell its makers of its use (in a thread that changes the
# environment while others read it).
os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")

# A machine that is busy is no failure: examples have no time limit of their own, tests have.
# And a run can be repeated: examples are the same each time, unless somebody goes exploring.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.register_profile("exploring", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

KINDS = ("unit", "property", "contract", "integration", "e2e", "fault", "benchmarks")
_OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
# `make test` runs pytest twice; both runs add to this file, so that the last one can print the sum.
_COUNTS_FILE = "TEST_COUNTS_FILE"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints one line a kind: how many tests passed, failed and so on."""
    if hasattr(terminalreporter.config, "workerinput"):
        return  # the controller of the workers says it for all of them
    counts: dict[str, Counter[str]] = {}
    for outcome in _OUTCOMES:
        for report in terminalreporter.stats.get(outcome, []):
            counts.setdefault(_kind(report.nodeid), Counter())[outcome] += 1
    _add_earlier(counts)
    if not counts:
        return
    terminalreporter.section("tests by kind")
    for kind in sorted(counts, key=lambda kind: KINDS.index(kind) if kind in KINDS else len(KINDS)):
        figures = ", ".join(f"{counts[kind][outcome]} {outcome}" for outcome in _OUTCOMES if counts[kind][outcome])
        terminalreporter.write_line(f"{kind:12} {figures}")
    total = sum((counter for counter in counts.values()), Counter())
    terminalreporter.write_line(f"{'total':12} " + ", ".join(f"{total[o]} {o}" for o in _OUTCOMES if total[o]))


def _kind(nodeid: str) -> str:
    parts = Path(nodeid.split("::")[0]).parts
    return parts[1] if len(parts) > 2 and parts[0] == "tests" else "other"


def _add_earlier(counts: dict[str, Counter[str]]) -> None:
    name = os.environ.get(_COUNTS_FILE)
    if not name:
        return
    file = Path(name)
    if file.exists():
        for kind, earlier in json.loads(file.read_text()).items():
            counts.setdefault(kind, Counter()).update(earlier)
    file.write_text(json.dumps(counts))


def pytest_sessionfinish() -> None:
    """Ends what forked the services under test."""
    zygote.end_all()
