"""The runs grid: rows by scrolling, filters in the address, refusals in words."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from playwright.sync_api import Request, Response, Route, expect

from tests.e2e.conftest import WITHIN, DashboardProcess, Guard, OpenPage
from tests.e2e.double.gateway import GatewayDouble
from tests.e2e.double.narrowing import value
from tests.support.waiting import wait_until


def auc(run: dict[str, Any]) -> float | None:
    return next((one["value"] for one in run["metrics"] if one["key"] == "roc_auc"), None)


def test_a_filter_stands_in_the_address_and_narrows_the_rows(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    page.get_by_role("textbox", name="Filter runs").fill("attributes.user_id = 'bela'")
    expect(page.locator("#runs-count")).to_have_text("80 runs")
    expect(page).to_have_url(re.compile("filter="))
    page.reload()
    expect(page.locator("#runs-count")).to_have_text("80 runs")
    expect(page.get_by_role("textbox", name="Filter runs")).to_have_value("attributes.user_id = 'bela'")


def test_runs_stand_in_groups_and_a_group_opens_as_the_runs_in_it(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs?filter={quote('metrics.roc_auc > 0')}&cols=metrics.roc_auc,user")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    page.get_by_role("link", name="Group").click()
    table = page.get_by_role("region", name="Groups of runs")
    expect(table.get_by_role("columnheader")).to_contain_text(["learning_rate", "Runs", "roc_auc", "Newest"])
    page.get_by_role("textbox", name="Group by").click()
    page.get_by_role("option", name="user").click()
    expect(table.get_by_role("row")).to_have_count(4)
    bela = table.get_by_role("row", name="bela")
    expect(bela).to_contain_text(re.compile(r"80.*0\.\d+ ± 0\.\d+"))
    expect(page).to_have_url(re.compile("by=user"))
    bela.get_by_role("link", name="bela").press("Enter")
    expect(page.locator("#runs-count")).to_have_text("240 runs")  # the double knows no `and`
    expect(page.get_by_role("textbox", name="Filter runs")).to_have_value(
        "metrics.roc_auc > 0 and attributes.user_id = 'bela'"
    )
    page.go_back()
    expect(table.get_by_role("row")).to_have_count(4)


def test_of_several_filters_changed_at_once_none_is_lost(
    settled_gateway: GatewayDouble, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    settled_gateway.delay = 0.4  # answers are on their way while the next control is moved
    try:
        page.get_by_role("textbox", name="Filter runs").fill("attributes.user_id = 'bela'")
        page.wait_for_timeout(450)  # typing has come to rest: the gateway is asked whether it understands
        page.get_by_role("columnheader", name="Started").click()
        expect(page).to_have_url(re.compile("filter=.*sort=started|sort=started.*filter="))
        expect(page.locator("#runs-count")).to_have_text("80 runs")
        page.goto(f"{settled_dashboard.url}/events")
        about = page.get_by_role("textbox", name="About")
        page.get_by_role("textbox", name="By whom").fill("anna")
        page.get_by_role("textbox", name="Words").fill("flight-delay")
        about.click()
        page.get_by_role("option", name="Versions").click()
        expect(page).to_have_url(re.compile("words=flight-delay"))
        for part in ("actor=anna", "words=flight-delay", "about=model_version"):
            expect(page).to_have_url(re.compile(part))
        expect(page.get_by_role("textbox", name="By whom")).to_have_value("anna")
        expect(page.get_by_role("textbox", name="Words")).to_have_value("flight-delay")
    finally:
        settled_gateway.delay = 0.0
    for _ in range(3):  # controls that were moved; two of them may have gone into the address together
        if not page.url.endswith("/events"):
            page.go_back()
    expect(page).to_have_url(re.compile("/events$"))
    expect(page.get_by_role("textbox", name="Words")).to_have_value("")


def test_a_filter_that_isnt_understood_says_why_and_keeps_the_rows(
    settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    page.get_by_role("textbox", name="Filter runs").fill("nonsense = 1")
    expect(page.get_by_text("the filter isn't understood")).to_be_visible()
    expect(page).not_to_have_url(re.compile("filter="))
    expect(page.locator("#runs-count")).to_have_text("240 runs")


def test_words_and_or_find_runs_and_what_is_shown_comes_as_a_file(
    settled_gateway: GatewayDouble, settled_dashboard: DashboardProcess, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs?cols=metrics.roc_auc,params.max_depth&sort=-metrics.roc_auc")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    page.get_by_role("textbox", name="Filter runs").fill("metrics.roc_auc > 0.755 or heron bela")
    fitting = [
        run
        for run in settled_gateway.runs
        if (auc(run) or 0) > 0.755 or ("heron" in run["name"] and run["user"] == "bela")
    ]
    expect(page.locator("#runs-count")).to_have_text(f"{len(fitting)} runs")
    with page.expect_download() as coming:
        page.get_by_role("link", name="CSV").click()
    coming.value.save_as(tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    best = max(fitting, key=lambda run: auc(run) or 0)
    assert {row["run_id"] for row in rows} == {run["runId"] for run in fitting}
    assert (rows[0]["name"], rows[0]["metrics.roc_auc"]) == (best["name"], repr(auc(best)))
    assert rows[0]["params.max_depth"] in ("4", "6", "8")
    page.get_by_role("textbox", name="Filter runs").fill("nowhere")
    expect(page.locator("#runs-count")).to_have_text("0 runs")
    page.get_by_role("textbox", name="Filter runs").fill(best["name"])
    expect(page.get_by_text(best["name"], exact=True)).to_be_visible()


def test_a_file_of_what_is_refused_is_refused(settled_dashboard: DashboardProcess) -> None:
    answer = httpx.get(f"{settled_dashboard.url}/runs.csv", params={"filter": "nonsense = 1"}, trust_env=False)
    assert (answer.status_code, "isn't understood" in answer.text) == (400, True)


def test_rows_below_are_fetched_as_they_scroll_into_view(
    settled_gateway: GatewayDouble, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    expect(page.get_by_text("wise-lynx-1", exact=True)).to_be_visible()
    expect(page.locator(".ag-row[row-index='1'] time")).to_have_text(re.compile(r"^\d+ min ago$"))
    viewport = page.locator(".ag-body-viewport")
    last = page.get_by_text(settled_gateway.runs[-1]["name"], exact=True)

    def scrolled_to_the_last() -> bool:
        viewport.evaluate("element => element.scrollBy(0, 1000)")
        return last.is_visible()

    wait_until(scrolled_to_the_last, within=WITHIN, what="the last run is in the grid")


def test_a_run_opens_from_the_grid_without_a_reload(
    settled_dashboard: DashboardProcess, open_page: OpenPage, guards: list[Guard]
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    page.evaluate("window.untouched = true")
    page.get_by_role("link", name="wise-lynx-1", exact=True).click()
    expect(page.locator("h1")).to_have_text("wise-lynx-1")
    assert page.evaluate("window.untouched")
    page.go_back()
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    assert guards


def test_any_metric_is_a_column_and_the_address_carries_columns_and_order(
    settled_gateway: GatewayDouble, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    page.locator("summary", has_text="Columns").click()
    field = page.get_by_role("textbox", name="Columns of the grid")
    field.fill("training")
    page.get_by_role("option", name="metrics.training_roc_auc").click()
    expect(page.get_by_role("columnheader", name="training_roc_auc")).to_be_visible()
    field.fill("nonsense")
    field.press("Enter")
    expect(page.get_by_text("“nonsense” is no column")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("columnheader", name="training_roc_auc").click()
    expect(page).to_have_url(re.compile("sort=metrics.training_roc_auc"))
    name = min(settled_gateway.runs, key=lambda run: value(run, "metrics.`training_roc_auc`"))["name"]
    expect(page.locator(".ag-row[row-index='0'] a")).to_have_text(name)
    shared = open_page(page.url)
    expect(shared.get_by_role("columnheader", name="training_roc_auc")).to_have_attribute("aria-sort", "ascending")
    expect(shared.locator(".ag-row[row-index='0'] a")).to_have_text(name)
    page.go_back()
    expect(page.locator(".ag-row[row-index='0'] a")).to_have_text(settled_gateway.runs[0]["name"])


def test_a_view_is_kept_by_name_shown_again_in_any_browser_and_forgotten(
    settled_gateway: GatewayDouble, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(f"{settled_dashboard.url}/runs?filter=attributes.user_id+%3D+%27bela%27&sort=-metrics.roc_auc")
    expect(page.locator("#runs-count")).to_have_text("80 runs")
    page.locator("summary", has_text="Views").click()
    page.get_by_role("textbox", name="Keep this view as").fill("Bela's <best>")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("summary", has_text="Bela's <best>")).to_be_visible()
    wait_until(lambda: bool(settled_gateway.lifecycle.kept.views), within=WITHIN, what="the gateway keeps it")
    elsewhere = open_page(f"{settled_dashboard.url}/runs")
    of_old = '[{"name": "of old", "filter": "metrics.x > 1"}]'  # as browsers kept them before the gateway did
    elsewhere.evaluate("views => localStorage.setItem('runs-views', views)", of_old)
    elsewhere.reload()
    elsewhere.locator("summary", has_text="Views").click()
    expect(elsewhere.get_by_role("link", name="Bela's <best>")).to_be_visible()
    expect(elsewhere.get_by_role("link", name="of old")).to_be_visible()
    elsewhere.get_by_role("button", name="Forget of old").click()
    expect(elsewhere.get_by_role("link", name="of old")).to_have_count(0)
    assert [view["title"] for view in settled_gateway.lifecycle.kept.views] == ["Bela's <best>"]
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#runs-view-copied")).to_have_text("Copied")
    page.goto(f"{settled_dashboard.url}/runs")
    expect(page.locator("#runs-count")).to_have_text("240 runs")
    page.locator("summary", has_text="Views").click()
    page.get_by_role("link", name="Bela's <best>").click()
    expect(page.locator("#runs-count")).to_have_text("80 runs")
    expect(page.get_by_role("columnheader", name="roc_auc").first).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Forget Bela's <best>").click()
    expect(page.get_by_text("No saved views yet.")).to_be_visible()


def test_a_run_joins_a_comparison_though_the_offers_are_answered_before_the_choice(
    settled_gateway: GatewayDouble, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    runs = settled_gateway.runs
    ids = ",".join(run["runId"] for run in runs[1:4])
    page = open_page(f"{settled_dashboard.url}/runs/compare?ids={ids}")
    choices: list[Route] = []

    def chosen(request: Request) -> bool:
        return '"changedPropIds":["compare-add.value"]' in (request.post_data or "")

    def offered(answer: Response) -> bool:
        return '"compare-add.searchValue"' in (answer.request.post_data or "")

    def late(route: Route) -> None:
        if chosen(route.request) and not choices:
            choices.append(route)
        else:
            route.continue_()

    page.get_by_role("textbox", name="Add a run").fill(runs[12]["name"])
    option = page.get_by_role("option", name=re.compile(runs[12]["name"]))
    expect(option).to_be_visible()
    page.route("**/_dash-update-component?*", late)
    with page.expect_response(offered), page.expect_request(chosen):
        option.click()
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    choices[0].continue_()
    expect(page.locator(".compared thead th")).to_have_count(5)


def test_a_comparison_takes_in_another_run_and_leads_the_eye_to_one_of_them(
    settled_gateway: GatewayDouble, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    runs = settled_gateway.runs
    ids = ",".join(run["runId"] for run in runs[1:4])
    page = open_page(f"{settled_dashboard.url}/runs/compare?ids={ids}")
    heads = page.locator(".compared thead th")
    expect(heads).to_have_count(4)
    page.get_by_role("textbox", name="Add a run").fill(f"{runs[12]['name']} {runs[12]['user']}")
    page.get_by_role("option", name=re.compile(runs[12]["name"])).click()
    expect(heads).to_have_count(5)
    expect(page).to_have_url(re.compile(runs[12]["runId"]))
    page.get_by_role("link", name=f"Highlight {runs[2]['name']}").click()
    expect(page.locator(".compared thead th.faint")).to_have_count(3)
    faint = "gd => gd.data.filter(trace => trace.opacity < 1).length"
    charts = page.locator(".js-plotly-plot")
    expect(charts).to_have_count(3)
    for place in range(3):
        wait_until(lambda at=place: charts.nth(at).evaluate(faint) == 3, within=WITHIN, what="the others are faint")
    page.get_by_role("link", name=f"Stop highlighting {runs[2]['name']}").click()
    expect(page.locator(".compared thead th.faint")).to_have_count(0)


def test_a_range_dragged_on_parallel_coordinates_keeps_the_runs_within(
    settled_gateway: GatewayDouble, settled_dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    runs = settled_gateway.runs[1:6]
    page = open_page(f"{settled_dashboard.url}/runs/compare?ids={','.join(run['runId'] for run in runs)}")
    chart = page.locator("#compare-parallel .js-plotly-plot")
    expect(chart.locator(".scatterlayer .trace")).to_have_count(5)
    names = chart.evaluate("gd => gd.layout.xaxis.ticktext")
    place = names.index("max_depth")
    chart.scroll_into_view_if_needed()
    x, top, bottom = chart.evaluate(
        """(gd, place) => {
            const box = gd.getBoundingClientRect(), { xaxis, yaxis } = gd._fullLayout;
            const at = (value) => box.top + yaxis._offset + yaxis.l2p(value);
            return [box.left + xaxis._offset + xaxis.l2p(place), at(0.2), at(-0.08)];
        }""",
        place,
    )
    page.mouse.move(x - 12, top)
    page.mouse.down()
    page.mouse.move(x + 12, (top + bottom) / 2, steps=3)
    page.mouse.move(x + 12, bottom, steps=3)
    page.mouse.up()
    depth = {run["runId"]: int(next(p["value"] for p in run["params"] if p["key"] == "max_depth")) for run in runs}
    kept = [run for run, value in depth.items() if value == min(depth.values())]
    expect(page.locator(".brushes")).to_contain_text(f"max_depth: {min(depth.values())}")
    expect(page.locator(".compared thead th.faint")).to_have_count(len(runs) - len(kept))
    page.get_by_role("link", name=f"Compare only these {len(kept)}").click()
    expect(page.locator(".compared thead th")).to_have_count(1 + len(kept))
    page.go_back()
    page.get_by_role("link", name="Any params.max_depth again").click()
    expect(page.locator(".compared thead th.faint")).to_have_count(0)
