"""docs/guides/monitoring.md beside the code: the table of refused input, and how right the figures are."""

import re
from pathlib import Path

import pytest

from tests.benchmarks.monitor_figures import differences

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/guides/monitoring.md").read_text()
MONITOR = ROOT / "services/monitor"
INPUT = ("batches", "counts", "ingest_api", "labels", "references", "versions")
"""Where what comes in is read."""

FROM_THE_RUNTIME = {"TOO_LARGE", "FORBIDDEN", "METHOD_NOT_ALLOWED"}
NOT_OF_INPUT = {"NOT_COUNTS"}
"""Of the monitor's own messages, should one be forged: it goes to the dead letters."""


def section(title: str) -> str:
    return GUIDE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def codes_of(text: str) -> set[str]:
    return set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+|FORBIDDEN)`", text))


def test_the_table_of_refused_input_names_every_code_and_no_other() -> None:
    raised: set[str] = set()
    for package in INPUT:
        for path in (MONITOR / package).rglob("*.py"):
            raised |= set(re.findall(r'code="([A-Z_]+)"', path.read_text()))
    told = codes_of(section("What happens to input that isn't right"))
    assert told == (raised - NOT_OF_INPUT) | FROM_THE_RUNTIME


def test_every_refusal_of_the_table_is_provoked_by_a_test() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("monitor/**/*.py"))
    told = codes_of(section("What happens to input that isn't right"))
    assert {code for code in told if f'"{code}"' not in tests} == set()


def test_no_figure_differs_more_than_the_guide_says() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", section("How right the figures are"), re.MULTILINE)[1:]
    told = {name: (source, float(most)) for name, source, most in rows}
    found = differences(cases=2)
    assert {name: source for name, (source, _) in found.items()} == {name: source for name, (source, _) in told.items()}
    for name, (_, difference) in found.items():
        assert difference <= told[name][1], name  # fewer cases can't differ more


@pytest.mark.parametrize("title", ["What happens to input that isn't right", "How right the figures are"])
def test_the_guide_has_the_sections_that_are_checked(title: str) -> None:
    assert section(title)
