"""Every query of the Grafana dashboard and every rule, asked of a real Prometheus that scrapes a stack in use."""

from __future__ import annotations

import json
import re

from deploy.grafana.generate import FILE
from deploy.grafana.live import ROWS
from tests.integration.observability.prometheus import RATE_INTERVAL, Prometheus
from tests.integration.observability.traffic import MODEL, Users
from tests.support.waiting import wait_until

MAY_BE_EMPTY = {(panel.title, panel.kind) for row in ROWS for panel in row.panels if panel.may_be_empty}
DATA_WITHIN_S = 60


def queries() -> dict[tuple[str, str], list[str]]:
    """Of each panel by title and kind: its queries, with what Grafana would fill in for "all models"."""
    filled = {"$__rate_interval": RATE_INTERVAL, "$model": ".*", "$version": ".*"}
    found = {}
    for panel in json.loads(FILE.read_text())["panels"]:
        if panel["type"] != "row":
            expressions = [target["expr"] for target in panel["targets"]]
            for variable, value in filled.items():
                expressions = [expression.replace(variable, value) for expression in expressions]
            found[panel["title"], panel["type"]] = expressions
    return found


def test_every_panel_has_data_where_a_stack_in_use_must_have_some(prometheus: Prometheus, users: Users) -> None:
    def missing() -> list[tuple[str, str]]:
        users.go_on()
        return [
            panel
            for panel, expressions in queries().items()
            if panel not in MAY_BE_EMPTY and not any(prometheus.series(expression) for expression in expressions)
        ]

    left: list[tuple[str, str]] = []

    def complete() -> bool:
        left[:] = missing()
        return not left

    try:
        wait_until(complete, DATA_WITHIN_S)
    except AssertionError as error:
        raise AssertionError(f"no data within {DATA_WITHIN_S} s in: {left}") from error


def test_the_other_panels_are_asked_without_an_error(prometheus: Prometheus) -> None:
    asked = [prometheus.series(expression) for panel in MAY_BE_EMPTY for expression in queries()[panel]]
    assert len(asked) >= len(MAY_BE_EMPTY) > 0


def test_the_figures_of_the_monitored_model_are_there_by_feature(prometheus: Prometheus, users: Users) -> None:
    def features() -> set[str]:
        users.go_on()
        selector = f'{{model="{MODEL}", version="{users.version}"}}'
        return {series["metric"]["feature"] for series in prometheus.series(f"lifecycle_monitor_feature_psi{selector}")}

    wait_until(lambda: {"temp", "load", "site"} <= features(), DATA_WITHIN_S)


def test_all_four_services_are_up(prometheus: Prometheus) -> None:
    def up() -> set[str]:
        return {series["metric"]["service"] for series in prometheus.series('up{job="lifecycle"} == 1', over=2)}

    wait_until(lambda: up() == {"registry", "monitor", "gateway", "dashboard"}, DATA_WITHIN_S)


def test_rules_are_loaded_and_evaluate_without_an_error(prometheus: Prometheus) -> None:
    def rules() -> list[dict[str, str]]:
        return [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]

    wait_until(lambda: all(rule["health"] != "unknown" for rule in rules()), DATA_WITHIN_S)
    assert len(rules()) >= 25
    assert [rule["name"] for rule in rules() if rule["health"] != "ok"] == []


def test_no_alarm_is_raised_about_a_healthy_stack(prometheus: Prometheus) -> None:
    firing = {
        rule["name"]
        for group in prometheus.get("rules")["groups"]
        for rule in group["rules"]
        if rule["type"] == "alerting" and rule["state"] == "firing"
    }
    assert firing <= {"LifecycleDrift"}, "the test's own predictions do drift"


def test_every_metric_that_is_asked_for_is_one_that_a_service_exposes(expositions: dict[str, str]) -> None:
    exposed = set(re.findall(r"^# TYPE (\S+)", "\n".join(expositions.values()), re.MULTILINE))
    exposed |= {f"{name}{suffix}" for name in exposed for suffix in ("_bucket", "_count", "_sum")}
    rules = "\n".join(path.read_text() for path in FILE.parents[2].glob("prometheus/rules/*.yml"))
    asked = {
        name for text in (FILE.read_text(), rules) for name in re.findall(r"(?<![\w:])lifecycle_\w+(?![\w:])", text)
    }
    assert len(asked) > 20
    assert asked - exposed == set()
