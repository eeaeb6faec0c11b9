"""docs/guides/operations.md against the code: every environment variable, port, command and file it names."""

from __future__ import annotations

import re

import yaml

from deploy.local.parts import PARTS
from deploy.local.settings import LocalSettings
from tests.contract.deploy.settings_table import BEGIN, END, GUIDE, SERVICES, tables, variables
from tests.contract.deploy.tools import ROOT

TEXT = GUIDE.read_text()


def test_the_tables_of_variables_are_those_of_the_settings_classes() -> None:
    shown = TEXT.partition(BEGIN)[2].partition(END)[0]
    assert shown == tables(), "run: python -m tests.contract.deploy.settings_table"


def test_every_variable_that_anything_reads_is_explained() -> None:
    read = {name for settings in (*SERVICES.values(), LocalSettings) for name in variables(settings)}
    read |= {port.setting for part in PARTS for port in part.ports.values()}
    compose = (ROOT / "docker-compose.yml").read_text()
    read |= set(re.findall(r"\$\{(\w+)", compose))
    assert {name for name in read if f"`{name}`" not in TEXT} == set()


def test_every_setting_has_words() -> None:
    silent = [
        name for settings in SERVICES.values() for name, field in variables(settings).items() if not field.description
    ]
    assert silent == []


def test_the_ports_are_the_defaults() -> None:
    for part in PARTS:
        for port in part.ports.values():
            [row] = [
                line
                for line in TEXT.splitlines()
                if (f"| `{port.setting}` | " in line and "Compose" in line) or f"| `{port.setting}` | yes" in line
            ]
            assert f"| {port.default}" in row


def test_the_files_it_names_are_there() -> None:
    named = set(re.findall(r"\b(?:deploy|services|tests)/[\w/.-]+\w", TEXT))
    assert len(named) >= 8
    assert {name for name in named if not (ROOT / name).exists()} - {"deploy/prometheus/targets/other.json"} == set()


def test_its_links_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert {link for link in re.findall(r"\]\(#([\w-]+)\)", TEXT) if link not in anchors} == set()


def test_every_alert_is_explained() -> None:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules/alerts.yml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert {alert for alert in alerts if f"`{alert}`" not in TEXT} == set()
