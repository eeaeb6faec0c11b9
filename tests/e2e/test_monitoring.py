"""The live monitoring page: its state is its address, and charts keep what the person chose."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import WITHIN, DashboardProcess, OpenPage
from tests.e2e.double import recorded
from tests.e2e.double.gateway import GatewayDouble
from tests.support.waiting import wait_until

PATH = f"/monitoring/{recorded.MODEL}/{recorded.VERSION}"


def chart(page: Page, name: str) -> Any:
    """Points and names of a chart as Plotly holds them; nothing while it isn't drawn."""
    return page.evaluate(
        """name => {
            const holder = [...document.querySelectorAll('.dash-graph')].find(e => e.id.includes(`"${name}"`));
            const plot = holder && holder.querySelector('.js-plotly-plot');
            if (!plot || !plot.data || !plot._fullLayout) return null;
            return {x: plot.data.map(t => t.x), y: plot.data.map(t => t.y), z: plot.data.map(t => t.z),
                    names: plot.data.map(t => t.name)};
        }""",
        name,
    )


def drawn(page: Page, name: str, fits: Callable[[Any], bool] = bool, within: float = WITHIN) -> Any:
    """The chart as soon as it `fits`."""

    def look() -> Any:
        found = chart(page, name)
        return found if found and fits(found) else None

    return wait_until(look, within=within, what=f"{name} fits")


def windows(count: int) -> Callable[[Any], bool]:
    return lambda figure: len(figure["x"][0]) == count


def test_range_metric_and_feature_stand_in_the_address_and_back_works(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(dashboard.url + PATH)
    assert len(drawn(page, "volume")["x"][0]) == 90
    page.get_by_text("Last 30").click()
    drawn(page, "volume", windows(30))
    expect(page).to_have_url(re.compile("range=30"))
    page.get_by_role("textbox", name="Performance figure").click()
    page.get_by_role("option", name="Accuracy").click()
    drawn(page, "performance", lambda figure: "Accuracy" in figure["names"])
    expect(page).to_have_url(re.compile("metric=accuracy"))
    page.go_back()
    drawn(page, "performance", lambda figure: "ROC-AUC" in figure["names"])
    expect(page).not_to_have_url(re.compile("metric"))
    page.go_back()
    drawn(page, "volume", windows(90))
    gateway.delay = 0.4  # answers are on their way while the next control is moved
    page.get_by_text("Last 30").click()
    page.get_by_role("textbox", name="Windows in one column").click()
    page.get_by_role("option", name="7 windows merged").click()
    expect(page).to_have_url(re.compile("range=30&merged=7|merged=7&range=30"))


# In each chart with an axis of time: the moment under its line, and the words of what is marked.
MOMENTS = """() => [...document.querySelectorAll('#monitor-body .js-plotly-plot')]
    .filter(plot => plot._fullLayout && plot._fullLayout.xaxis && plot._fullLayout.xaxis.type === 'date')
    .map(plot => {
        const line = plot.closest('.chart').querySelector('.crosshair'), axis = plot._fullLayout.xaxis;
        const shown = line && !line.hidden && line.checkVisibility();
        return shown ? Math.round(axis.p2c(parseFloat(line.style.left) - axis._offset) / 3600000) : null;
    })"""
MARKS = """() => [...document.querySelectorAll('#monitor-body .js-plotly-plot')]
    .filter(plot => plot._fullLayout && plot._fullLayout.xaxis && plot._fullLayout.xaxis.type === 'date')
    .map(plot => (plot.layout.annotations || []).map(note => note.text).sort())"""


def test_one_moment_shows_in_all_charts_and_so_does_what_happened_to_the_version(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    known = gateway.lifecycle
    known.deployments[0]["history"][0]["start"] = "2013-08-01T12:00:00+00:00"
    known.retrainings[0]["requestedAt"] = "2013-09-05T06:00:00+00:00"
    page = open_page(dashboard.url + PATH)
    for name in ("performance", "heatmap", "series", "quality", "latency", "volume"):
        drawn(page, name)
    happened = {"alert", "retraining", "to production"}

    def marked() -> bool:
        charts = page.evaluate(MARKS)
        return len(charts) == 6 and all(happened <= set(words) for words in charts)

    wait_until(marked, within=WITHIN, what="deployment, request for retraining and alert are marked in all six charts")
    area = page.locator(".js-plotly-plot .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def together() -> bool:
        first, *others = page.evaluate(MOMENTS)  # the one under the pointer has Plotly's own line
        return first is None and len(others) == 5 and None not in others and max(others) - min(others) <= 12

    wait_until(together, within=WITHIN, what="the same moment of ninety days stands in the five others")
    page.mouse.move(5, 5)
    wait_until(lambda: set(page.evaluate(MOMENTS)) == {None}, within=WITHIN, what="no moment stands any more")


def test_a_shared_address_shows_the_same(dashboard: DashboardProcess, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard.url}{PATH}?range=30&metric=f1&feature=carrier")
    assert "F1" in drawn(page, "performance")["names"]
    assert len(drawn(page, "heatmap")["x"][0]) == 30
    expect(page.get_by_role("textbox", name="Feature", exact=True)).to_have_value("carrier")


def test_dragging_over_one_chart_zooms_all_and_double_click_resets(
    dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(dashboard.url + PATH)
    drawn(page, "performance")
    page.wait_for_load_state("networkidle")
    area = page.locator(".js-plotly-plot .nsewdrag").first

    def zoomed() -> bool:
        """Drags until the address says so: a busy browser may swallow a gesture while it still draws."""
        box = area.bounding_box()
        if "start=" in page.url or box is None:
            return "start=" in page.url
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.3, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=8)
        page.mouse.up()
        page.wait_for_timeout(1000)
        return "start=" in page.url

    wait_until(zoomed, within=30, what="the drag stands in the address")
    expect(page).to_have_url(re.compile("start=.*end="))
    drawn(page, "volume", lambda figure: len(figure["x"][0]) < 40)
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()

    def reset() -> bool:
        area.scroll_into_view_if_needed()
        area.dblclick()
        page.wait_for_timeout(1000)
        return "start=" not in page.url

    wait_until(reset, within=30, what="the double click stands in the address")
    drawn(page, "volume", windows(90))
    expect(page.get_by_role("button", name="Reset zoom")).to_be_hidden()


def test_a_click_on_the_heatmap_opens_the_feature(dashboard: DashboardProcess, open_page: OpenPage) -> None:
    page = open_page(dashboard.url + PATH)
    drawn(page, "heatmap")
    page.wait_for_load_state("networkidle")
    target = page.locator(".js-plotly-plot").nth(1).locator(".nsewdrag").first

    def chosen() -> bool:
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        if box:  # the lowest row: the quietest feature
            page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 8)
            page.wait_for_timeout(1000)
        return "feature=" in page.url

    wait_until(chosen, within=30, what="the click stands in the address")
    expect(page).to_have_url(re.compile("feature="))


def test_the_heatmap_is_read_and_left_for_a_feature_by_keyboard_and_all_its_figures_stand_there(
    dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(dashboard.url + PATH)
    drawn(page, "heatmap")
    page.get_by_text("The same as a table").focus()
    page.keyboard.press("Enter")
    row = page.get_by_role("row", name=re.compile("^humid"))
    expect(row).to_contain_text("90 of 90")
    expect(page.locator("#feature-figures")).to_contain_text("Wasserstein")
    row.get_by_role("link", name="humid").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("feature=humid"))
    expect(row).to_contain_text("in detail below")
    expect(row.get_by_role("link", name="humid")).to_be_focused()
    expect(page.get_by_role("img", name="Distribution of humid: reference and now")).to_be_visible()
    figures = page.locator("#feature-figures")
    for words in ("drifted", "PSI", "limit", "Jensen–Shannon", "Kolmogorov–Smirnov", "Missing", "0.4 %"):
        expect(figures).to_contain_text(words)


def test_of_very_many_features_the_farthest_are_asked_for_and_a_moved_window_reaches_them(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    names = [f"x{number:03d}" for number in range(200)]
    by_name = {one["feature"]: one for one in gateway.windows[-1]["features"]}
    for window in gateway.windows:
        window["features"] = [{**by_name["temp" if name < "x030" else "seats"], "feature": name} for name in names]
    gateway.monitored[0]["features"] = names
    page = open_page(f"{dashboard.url}{PATH}?feature=x150")
    rows = drawn(page, "heatmap")
    assert len(rows["z"][0]) == 41, "forty features and the output"
    expect(page.get_by_text("The 40 farthest of 200 features")).to_be_visible()
    expect(page.get_by_role("textbox", name="Feature", exact=True)).to_have_value("x150")
    expect(page.locator("#live-badge")).to_have_text("Live")
    many = [one for one in gateway.windowed if one["features"] is None or len(one["features"]) > 40]
    assert [one["last"] for one in many] == [2], "all features of the newest two windows, once"
    gateway.move(180, rows=1234)
    drawn(page, "volume", lambda figure: figure["x"][0][-1].startswith("2013-09-28"))


def test_a_zoom_over_more_windows_than_a_screen_shows_is_asked_for_in_wider_columns(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    gateway.windows[:] = [recorded.window(day) for day in range(500)]
    page = open_page(f"{dashboard.url}{PATH}?start=2010-01-01T00:00:00&end=2016-01-01T00:00:00")
    drawn(page, "volume", windows(250))
    expect(page.locator("#monitor-note")).to_contain_text("each column holds 2 d")
    assert {one["most"] for one in gateway.windowed if not one["last"]} == {400}
    page.get_by_role("button", name="Reset zoom").click()
    drawn(page, "volume", windows(90))
    expect(page.locator("#monitor-note")).to_be_hidden()


def test_a_moved_window_reaches_every_chart_and_keeps_the_page_as_it_is(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(dashboard.url + PATH)
    expect(page.locator("#live-badge")).to_have_text("Live")
    before = drawn(page, "volume")
    page.evaluate("window.scrollTo(0, 400)")
    gateway.move(180, rows=1234, auc=0.5)
    drawn(page, "volume", lambda figure: figure["x"][0][-1] > before["x"][0][-1])
    after = {name: chart(page, name) for name in ("performance", "heatmap", "series", "volume")}
    assert all(len(figure["x"][0]) == 90 for figure in after.values()), "the oldest window left on the other side"
    assert after["performance"]["y"][2][-1] == 0.5
    assert len(after["heatmap"]["z"][0][0]) == 90
    assert page.evaluate("window.scrollY") == 400
    gateway.move(180, rows=2000, auc=0.6)
    drawn(page, "performance", lambda figure: figure["y"][2][-1] == 0.6)
    assert len(chart(page, "performance")["x"][0]) == 90


def test_merged_windows_stand_in_the_address_and_still_move(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(dashboard.url + PATH)
    drawn(page, "volume", windows(90))
    page.get_by_role("textbox", name="Windows in one column").click()
    page.get_by_role("option", name="7 windows merged").click()
    expect(page).to_have_url(re.compile("merged=7"))
    drawn(page, "volume", windows(26))
    expect(page.locator("#live-badge")).to_have_text("Live")
    for day in (180, 181, 182):  # the first days of another week
        gateway.move(day, rows=100)
    drawn(page, "volume", windows(27))


def test_what_drift_is_compared_with_stands_in_the_address_and_segments_are_told_apart(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(dashboard.url + PATH)
    drawn(page, "heatmap")
    expect(page.get_by_role("img", name="the worst is carrier = HA")).to_be_visible()
    expect(page.get_by_role("img", name="Drift of features by segment; 12 count as drift")).to_be_visible()
    expect(page.locator("#live-badge")).to_have_text("Live")
    page.get_by_role("textbox", name="Drift compared with").click()
    gateway.delay = 0.7
    page.get_by_role("option", name="Same weekday, 4 weeks before").click()
    expect(page).to_have_url(re.compile("against=weekday"))
    wait_until(lambda: "weekday" in gateway.compared, within=WITHIN, what="the gateway is asked for that")
    gateway.move(180, rows=100)  # while the answer is on its way, which doesn't know of it
    gateway.delay = 0.0
    drawn(page, "volume", lambda figure: figure["x"][0][-1].startswith("2013-09-28"))
    page.go_back()
    expect(page.get_by_role("textbox", name="Drift compared with")).to_have_value(re.compile("The reference"))


def test_headline_figures_follow_the_windows(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(dashboard.url + PATH)
    expect(page.locator("#live-badge")).to_have_text("Live")
    gateway.move(180, closed=True, auc=0.512)
    expect(page.locator("#monitor-headline")).to_contain_text("0.512")


def test_pause_holds_changes_and_resume_shows_all_of_them(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    page = open_page(dashboard.url + PATH)
    expect(page.locator("#live-badge")).to_have_text("Live")
    before = drawn(page, "volume")["x"][0][-1]
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#live-badge")).to_have_text("Paused")
    for day in (180, 181, 182):
        gateway.move(day)
    expect(page.locator("#live-badge")).to_contain_text("new")
    assert chart(page, "volume")["x"][0][-1] == before
    page.get_by_role("button", name="Resume").click()
    drawn(page, "volume", lambda figure: figure["x"][0][-1].startswith("2013-09-30"))


def test_a_version_without_labels_or_predictions_has_clear_states(
    gateway: GatewayDouble, dashboard: DashboardProcess, open_page: OpenPage
) -> None:
    gateway.windows = []
    gateway.monitored[0].update(rows=0, labelled=0, lastPredictionAt=None)
    page = open_page(dashboard.url + PATH)
    expect(page.get_by_text("No predictions in this range")).to_be_visible()
    expect(page.get_by_text("waiting for labels")).to_be_visible()
    gateway.move(0, rows=500)
    drawn(page, "volume", lambda figure: figure["x"][0] == ["2013-04-01T12:00:00"])
