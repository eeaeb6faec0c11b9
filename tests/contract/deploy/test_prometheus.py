"""Prometheus's files: promtool takes them, every alert is tested and explained, the targets are where things listen."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.parts import PARTS
from deploy.prometheus import targets
from tests.contract.deploy.tools import ROOT, run, tool

FILES = ROOT / "deploy/prometheus"
RULES = sorted((FILES / "rules").glob("*.yml"))
TESTS = sorted((FILES / "tests").glob("*.yml"))
NAME_OF_A_RECORD = re.compile(r"[a-z_]+:lifecycle_[a-z_]+:(max|avg|avg7d|ratio|(p95_|ratio_)?rate[15]m)")


def rules(kind: str) -> list[dict[str, Any]]:
    """All rules that are of a kind: `alert` or `record`."""
    loaded = [yaml.safe_load(path.read_text()) for path in RULES]
    return [rule for file in loaded for group in file["groups"] for rule in group["rules"] if kind in rule]


def test_promtool_accepts_configuration_and_rules(tmp_path: Path) -> None:
    for command in (("check", "config", FILES / "prometheus.yml"), ("check", "rules", *RULES)):
        result = run(tool("promtool"), *command)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "FAILED" not in result.stdout


def test_promtool_does_bite(tmp_path: Path) -> None:
    planted = tmp_path / "rules.yml"
    planted.write_text(RULES[0].read_text().replace("rate(", "rite(", 1).replace("> 0", "> zero", 1))
    assert run(tool("promtool"), "check", "rules", planted).returncode == 1


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(path: Path) -> None:
    result = run(tool("promtool"), "test", "rules", path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_has_a_test_in_which_it_fires() -> None:
    fired = {
        case["alertname"]
        for path in TESTS
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test.get("alert_rule_test", [])
        if case.get("exp_alerts")
    }
    assert {rule["alert"] for rule in rules("alert")} == fired


def test_every_alert_says_what_to_do_where_the_guide_explains_it() -> None:
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs/guides/operations.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for rule in rules("alert"):
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "description", "runbook"} == set(rule["annotations"])
        guide, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert guide == "docs/guides/operations.md"
        assert anchor in anchors, anchor


def test_recorded_series_are_named_level_metric_operation() -> None:
    names = [rule["record"] for rule in rules("record")]
    assert len(names) == len(set(names)) > 10
    assert [name for name in names if not NAME_OF_A_RECORD.fullmatch(name)] == []


def test_the_targets_of_the_local_stack_are_its_default_ports() -> None:
    defaults = {part.name: part.ports[part.name].default for part in PARTS if part.name in targets.SCRAPED}
    groups = yaml.safe_load((FILES / "targets/local.yml").read_text())
    assert targets_by_service(groups) == {name: f"127.0.0.1:{port}" for name, port in defaults.items()}


def test_the_targets_of_compose_are_its_services() -> None:
    groups = yaml.safe_load((FILES / "compose/targets.yml").read_text())
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ports = {name: services[name]["environment"][f"{name.upper()}_PORT"] for name in targets.SCRAPED}
    assert targets_by_service(groups) == {name: f"{name}:{port}" for name, port in ports.items()}


def test_targets_of_any_stack_come_from_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = {
        "state": "ready",
        "urls": {"gateway": "http://127.0.0.1:4711", "nats": "nats://127.0.0.1:1", "monitor": ""},
    }
    feed(monkeypatch, json.dumps(status))
    assert targets.main() == 0
    assert json.loads(capsys.readouterr().out) == [{"targets": ["127.0.0.1:4711"], "labels": {"service": "gateway"}}]


@pytest.mark.parametrize(
    ("given", "said"), [('{"urls": {}}', "nothing to scrape"), ("No stack is running.", "lifecycle status --json")]
)
def test_without_a_running_stack_there_are_no_targets_but_words(
    given: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, given)
    assert targets.main() == 1
    assert said in capsys.readouterr().err


def targets_by_service(groups: list[dict[str, Any]]) -> dict[str, str]:
    """The one target of each group by the group's service."""
    return {group["labels"]["service"]: target for group in groups for [target] in [group["targets"]]}


def feed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Gives standard input this text."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
