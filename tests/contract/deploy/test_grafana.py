"""The Grafana dashboard: its JSON is what the code makes, laid out without overlaps, and provisioned by Compose."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from deploy.grafana.generate import FILE, dashboard, text
from deploy.grafana.panels import COLUMNS
from tests.contract.deploy.tools import ROOT

PROVISIONING = ROOT / "deploy/grafana/provisioning"
VARIABLES = {"datasource", "model", "version", "__rate_interval"}


@pytest.fixture(scope="module")
def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FILE.read_text())["panels"]
    return found


def test_the_committed_json_is_what_the_code_makes() -> None:
    assert FILE.read_text() == text(), "run: python -m deploy.grafana.generate"


def test_it_is_the_dashboard_that_the_guide_names() -> None:
    assert dashboard()["title"] == "ML Lifecycle — live"


def test_panels_have_ids_of_their_own(panels: list[dict[str, Any]]) -> None:
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))


def test_panels_lie_in_the_grid_and_none_on_another(panels: list[dict[str, Any]]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= COLUMNS
        cells = {(place["x"] + right, place["y"] + down) for right in range(place["w"]) for down in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_panel_says_what_it_shows(panels: list[dict[str, Any]]) -> None:
    drawn = [panel for panel in panels if panel["type"] != "row"]
    assert len(drawn) > 30
    for panel in drawn:
        assert panel["description"].endswith("."), panel["title"]
        assert all(target["expr"] and target["legendFormat"] for target in panel["targets"])
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_queries_use_only_variables_that_are_there(panels: list[dict[str, Any]]) -> None:
    declared = {variable["name"] for variable in dashboard()["templating"]["list"]}
    assert declared == VARIABLES - {"__rate_interval"}
    assert set(re.findall(r"\$\{?(\w+)", FILE.read_text())) - {"__all"} == VARIABLES


def test_counters_are_only_asked_for_their_rate(panels: list[dict[str, Any]]) -> None:
    for panel in panels:
        for target in panel.get("targets", []):
            for counter in re.finditer(r"(\w+\(|)(lifecycle_\w+_total)", target["expr"]):
                assert counter[1] in ("rate(", "increase("), target["expr"]


def test_grafana_finds_the_dashboard_and_the_data_source_where_compose_mounts_them() -> None:
    [provider] = yaml.safe_load((PROVISIONING / "dashboards/lifecycle.yml").read_text())["providers"]
    [source] = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())["datasources"]
    grafana = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]
    mounts = dict(volume.split(":")[:2][::-1] for volume in grafana["volumes"])
    assert mounts[provider["options"]["path"]] == "./deploy/grafana/dashboards"
    assert mounts["/etc/grafana/provisioning"] == "./deploy/grafana/provisioning"
    assert source["type"] == "prometheus"
    assert source["url"].removeprefix("$") in grafana["environment"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/{FILE.name}"
