"""Frames and browsers: newest wins, a slow browser holds no backlog."""

import json

from dash import dcc, html

from dashboard.components.events import FeedRow
from dashboard.live import names
from dashboard.live.browser import MOST_PENDING, Browser
from dashboard.live.frames import Frame, drawn
from dashboard.live.sections import sectioned
from dashboard.live.socket import same_origin


def test_a_later_frame_wins_by_component_and_by_window() -> None:
    first = Frame({"a": {"children": 1}, "b": {"children": 1}}, {"t1": {"x": "t1", "labelled": 1}})
    later = Frame({"a": {"children": 2}}, {"t1": {"x": "t1", "labelled": 2}, "t2": {"x": "t2"}})
    merged = json.loads(first.merged(later).text)
    assert merged["set"] == {"a": {"children": 2}, "b": {"children": 1}}
    assert [row.get("labelled") for row in merged["rows"]] == [2, None]


def test_a_named_chart_that_moves_leaves_its_part_of_the_page_as_it_is() -> None:
    def part(value: float, words: str = "curves") -> html.Div:
        return html.Div([html.H3(words), dcc.Graph(id="c1", figure={"data": [value]}), dcc.Graph(figure={"data": []})])

    before, after = part(1.0), part(2.0)
    assert drawn(before)[0] == drawn(after)[0] != drawn(part(1.0, "others"))[0]
    assert drawn(after)[1] == {"c1": {"data": [2.0]}}
    assert after.children[1].figure == {"data": [2.0]}
    assert drawn(None) == ("null", {})


def test_an_emptied_feed_is_something_to_say_and_no_feed_is_not() -> None:
    assert Frame(feed=[])
    assert not Frame()
    line = FeedRow(id="1", text="<b>", actor="", time="", icon="bolt")
    assert json.loads(Frame(feed=[line]).merged(Frame({"a": {}})).text)["feed"][0]["text"] == "<b>"


def test_a_slow_browser_keeps_one_frame_a_topic() -> None:
    browser = Browser(None, "")  # type: ignore[arg-type]  # nothing is sent here
    for number in range(10_000):
        browser.offer("monitor:m/1", Frame(rows={f"t{number % 5}": {"x": f"t{number % 5}", "labelled": number}}))
    assert len(browser._pending) <= MOST_PENDING
    newest = browser._pending[0][1]
    for _, frame in browser._pending[1:]:
        newest = newest.merged(frame)
    assert newest.rows["t4"]["labelled"] == 9_999


def test_topic_names_survive_any_model_name() -> None:
    for name in ("a/b", "a:b", "ü %", "..", "a\nb"):
        assert names.parse(names.monitor(name, "1")) == ("monitor", [name, "1"])
        assert sectioned(names.model(name)) is not None


def test_unknown_topics_are_unknown() -> None:
    for topic in ("", "nothing", "monitor:only-one", "model:a/b", "overview:x"):
        assert sectioned(topic) is None


def test_only_our_own_pages_count_as_same_origin() -> None:
    assert same_origin("http://127.0.0.1:8050", "127.0.0.1:8050", ())
    assert same_origin("https://ml.example", "127.0.0.1:8050", ("https://ml.example",))
    for origin in (None, "", "null", "http://127.0.0.1:8051", "https://evil.example"):
        assert not same_origin(origin, "127.0.0.1:8050", ())
    assert not same_origin("http://x", None, ())
