"""What the services expose, by Prometheus's conventions: names, units, types, labels; promtool's word included."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.observability.conftest import SERVICES

PREFIXES = ("lifecycle_", "process_", "python_")
UNBOUNDED = re.compile(r"(^|_)(id|run|user|actor|token|trace|correlation|request_id|batch|experiment|path|url|email)$")
"""Labels whose values grow with use; `request` (a kind of request) and `route` (a template) don't."""
WRONG_UNITS = re.compile(
    r"_(ms|millis|milliseconds|micros|microseconds|nanoseconds|minutes|hours|days|kb|mb|kilobytes|megabytes|percent|percentage)(_|$)"
)
MOST_SERIES = 3_000
"""A stack with one model, after a minute's use."""


@pytest.fixture(params=SERVICES)
def exposition(request: pytest.FixtureRequest, expositions: dict[str, str]) -> str:
    return expositions[request.param]


def families(exposition: str) -> list[Metric]:
    return list(text_string_to_metric_families(exposition))


def test_promtool_has_nothing_to_say(exposition: str) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing. `make test` installs it (deploy/local/system-packages test)."
    result = subprocess.run(
        [promtool, "check", "metrics"], input=exposition, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_every_family_belongs_to_the_product_or_the_process(exposition: str) -> None:
    names = [family.name for family in families(exposition)]
    assert any(name.startswith("lifecycle_") for name in names)
    assert [name for name in names if not name.startswith(PREFIXES)] == []


def test_counters_end_in_total_and_nothing_else_does(exposition: str) -> None:
    for family in families(exposition):
        if family.type == "counter":
            assert {sample.name for sample in family.samples} <= {f"{family.name}_total"}
        else:
            assert not family.name.endswith("_total")


def test_units_are_base_units(exposition: str) -> None:
    assert [family.name for family in families(exposition) if WRONG_UNITS.search(family.name)] == []
    for family in families(exposition):
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_bytes")), family.name


def test_every_family_says_what_it_is(exposition: str) -> None:
    assert [family.name for family in families(exposition) if not family.documentation.strip()] == []


def test_no_series_of_the_time_something_was_created(exposition: str) -> None:
    assert "_created" not in exposition


def test_labels_are_bounded(exposition: str) -> None:
    labels = {label for family in families(exposition) for sample in family.samples for label in sample.labels}
    assert [label for label in labels if UNBOUNDED.search(label)] == []
    series = [line for line in exposition.splitlines() if not line.startswith("#")]
    assert len(series) < MOST_SERIES


def test_routes_are_templates(exposition: str) -> None:
    routes = {s.labels["route"] for family in families(exposition) for s in family.samples if "route" in s.labels}
    assert [route for route in routes if "observed" in route or re.search(r"[0-9a-f]{16}", route)] == []
