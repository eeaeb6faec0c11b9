"""Pure parts of pages: the stage that is shown, what differs, where things stand, how a conversation reads."""

import json
from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.utils import PlotlyJSONEncoder

from dashboard import brushes, formats
from dashboard.attention import of_alerts, of_projects, of_reviews
from dashboard.brushes import Brush
from dashboard.components.basics import clipped
from dashboard.components.board import chosen_stage
from dashboard.components.comparison import Group, differing, side_by_side
from dashboard.components.lineage import graph, layered
from dashboard.components.lineage_folding import folded
from dashboard.components.profiles import merged
from dashboard.components.release import demoted
from dashboard.components.talk import Talk, form, threads
from dashboard.components.things import address, named, short_ids
from dashboard.components.thread import Comment, thread
from dashboard.figures.compare import axis, overlaid, parallel, scattered
from dashboard.figures.learning import along
from dashboard.figures.markers import Marker, marked
from dashboard.figures.stays import stays
from dashboard.gateway.alert_views import AlertRow
from dashboard.gateway.data_views import Lineage, LineageLink, LineageNode, LineageRef
from dashboard.gateway.production_views import Deployment, Stay
from dashboard.gateway.project_views import Board, ProjectRow, Review, ReviewComment, ReviewPart, Stage
from dashboard.links import Links
from dashboard.live.frames import children_text

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LINKS = Links("/ml/")


def board(*states: str) -> Board:
    stages = [
        Stage(key=f"s{n}", number=n, title=f"Stage {n}", phase="data", state=state, done=0, open=1)
        for n, state in enumerate(states, 1)
    ]
    return Board(project_id="p", name="P", created_at=NOW, updated_at=NOW, stages=stages)


def shown(found: Board, wanted: str = "") -> str:
    stage = chosen_stage(found, wanted)
    return stage.key if stage else ""


def test_the_stage_that_needs_somebody_is_shown_first() -> None:
    assert shown(board("DONE", "IN_PROGRESS", "NEEDS_ATTENTION")) == "s3"
    assert shown(board("DONE", "IN_PROGRESS", "NOT_STARTED")) == "s2"
    assert shown(board("DONE", "DONE")) == "s2"
    assert shown(board("DONE", "IN_PROGRESS"), "s1") == "s1"
    assert shown(board("DONE"), "nonsense") == "s1"
    assert shown(board()) == ""


def test_only_differences_are_shown_unless_everything_is_asked_for() -> None:
    columns = [{"depth": "4", "rate": "0.1"}, {"depth": "8", "rate": "0.1"}]
    assert differing(columns) == ["depth"]
    only = children_text(
        side_by_side("Run", ["a", "b"], [Group("Parameters", columns)], everything=False, state={}, address="/")
    )
    every = children_text(
        side_by_side("Run", ["a", "b"], [Group("Parameters", columns)], everything=True, state={}, address="/")
    )
    assert "rate" not in only
    assert "rate" in every


def test_an_axis_orders_numbers_by_size_and_texts_by_letter() -> None:
    numbers = axis("depth", ["8", "4", None, "6"])
    assert numbers.places == [1.0, 0.0, None, 0.5]
    assert axis("kind", ["b", "a", None]).places == [1.0, 0.0, None]
    assert axis("same", ["1", "1"]).places == [0.5, 0.5]
    assert axis("wild", ["nan", "1"]).places == [1.0, 0.0]
    assert axis("none", [None, None]).places == [None, None]


@given(values=st.lists(st.one_of(st.none(), st.text(max_size=5), st.floats().map(str)), min_size=2, max_size=6))
def test_charts_of_any_values_are_valid(values: list[str | None]) -> None:
    names = [f"run {i}" for i in range(len(values))]
    figures = [
        parallel(names, [axis("a", values), axis("b", values[::-1])]),
        scattered(names, ("a", values), ("b", values[::-1])),
        overlaid("m", along({name: [(0, NOW, 1.0), (1, NOW, None)] for name in names}, "", {})),
    ]
    for figure in figures:
        go.Figure(figure)
        json.dumps(figure, cls=PlotlyJSONEncoder, allow_nan=False)


def lineage(edges: list[tuple[str, str]], nodes: str) -> Lineage:
    def ref(name: str) -> LineageRef:
        return LineageRef(kind="RUN", id=name)

    return Lineage(
        start=ref(nodes[0]),
        nodes=[LineageNode(kind="RUN", id=name, label=name, depth=0) for name in nodes],
        edges=[LineageLink(left=ref(a), right=ref(b), kind="CHILD", at=NOW) for a, b in edges],
    )


def test_things_stand_right_of_all_that_they_came_from() -> None:
    boxes, _ = layered(lineage([("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")], "abcd"))
    columns = {box.node.id: box.column for box in boxes}
    assert columns == {"a": 0, "b": 1, "c": 2, "d": 1}


@given(edges=st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=20))
def test_any_graph_can_be_laid_out_circles_as_well(edges: list[tuple[str, str]]) -> None:
    found = lineage(edges, "abcdef")
    boxes, left_out = layered(found)
    assert len(boxes) == 6
    assert not left_out
    assert len({(box.column, box.row) for box in boxes}) == 6
    children_text(graph(folded(found), LINKS))


def test_a_full_column_counts_what_it_leaves_out_and_keeps_the_start() -> None:
    names = [chr(200 + i) for i in range(40)]
    boxes, left_out = layered(lineage([], "".join(names)))
    assert left_out == {0: 26}
    assert any(box.node.id == names[0] for box in boxes)


def test_many_things_alike_stand_as_one_and_what_differs_stays() -> None:
    names = [chr(200 + i) for i in range(40)]
    edges = [("a", name) for name in names] + [(names[0], "b")]
    shown = folded(lineage(edges, "ab" + "".join(names)))
    assert {node.id for node in shown.found.nodes} >= {"a", "b", names[0]}
    assert len(shown.found.nodes) == 4
    many = next(node for node in shown.found.nodes if shown.behind_it(node))
    assert (many.label, len(shown.behind_it(many))) == ("39 runs", 39)
    text = children_text(graph(shown, LINKS))
    assert "39 runs" in text


def test_ids_and_windows_read_as_words() -> None:
    assert named("window", "flights/2/2013-12-01T00:00:00+00:00") == "window of 1 Dec 2013"
    assert named("window", "flights/2/nonsense") == "window of nonsense"
    assert named("alert", "01a202448837716dae74510b39d94c38") == "alert 01a2…4c38"
    assert short_ids("run 01a202448837716dae74510b39d94c38 ended") == "run 01a2…4c38 ended"


def test_answers_stand_below_what_they_answer_and_orphans_at_the_top() -> None:
    said = [
        Comment("1", "a", "first", NOW),
        Comment("2", "b", "third", NOW, reply_to="gone"),
        Comment("3", "c", "second", NOW, reply_to="1"),
    ]
    text = children_text(thread(said, state={}, address="/"))
    assert text.index("first") < text.index("second") < text.index("third")


def discussed(*comments: ReviewComment) -> Review:
    return Review(
        model="m", version="4", state="OPEN", digest="d", round=1, requested_by="b", requested_at=NOW, updated_at=NOW,
        comments=list(comments),
    )  # fmt: skip


AUC = ReviewPart(kind="METRIC", key="auc")


def test_a_parts_button_counts_what_was_said_about_it_and_says_whether_something_is_left() -> None:
    first = ReviewComment(id="1", by="a", text="why?", at=NOW, about=AUC)
    answer = ReviewComment(id="2", by="b", text="so", at=NOW, about=AUC, reply_to="1")
    done = ReviewComment(id="1", by="a", text="why?", at=NOW, about=AUC, resolved_by="b", resolved_at=NOW)

    def spoken(*comments: ReviewComment, key: str = "auc") -> str:
        return str(getattr(Talk(discussed(*comments)).button("METRIC", key), "aria-label"))

    assert spoken() == "Comment on metric auc"
    assert spoken(first, answer) == "2 comments on metric auc, not resolved"
    assert spoken(done, answer) == "2 comments on metric auc, resolved"
    assert spoken(first, key="f1") == "Comment on metric f1"
    assert Talk(discussed(first, answer)).left() == [("METRIC", "auc")]
    assert Talk(discussed(done)).left() == []
    assert Talk(discussed()).button("METRIC", "x" * 600) is None


def test_the_thread_of_a_part_holds_its_own_comments_and_goes_on_with_the_one_that_is_open() -> None:
    whole = ReviewComment(id="0", by="a", text="fine", at=NOW)
    done = ReviewComment(id="1", by="a", text="<b>why?</b>", at=NOW, about=AUC, resolved_by="b", resolved_at=NOW)
    left = ReviewComment(id="2", by="b", text="and now?", at=NOW, about=AUC)
    answer = ReviewComment(id="3", by="b", text="so", at=NOW, about=AUC, reply_to="1")
    review = discussed(whole, done, left, answer)
    text = children_text(threads(review, "METRIC", "auc"))
    assert "fine" not in text
    assert text.index("and now?") < text.index("1 resolved thread") < text.index("<b>why?</b>") < text.index('"so"')
    assert '"review.reopen"' in text
    assert '"review.resolve"' in text
    assert '"replyTo": "2"' in json.dumps(form(review, "METRIC", "auc").to_plotly_json(), cls=PlotlyJSONEncoder)
    begun = json.dumps(form(discussed(done), "METRIC", "auc").to_plotly_json(), cls=PlotlyJSONEncoder)
    assert "replyTo" not in begun
    many = [ReviewComment(id=f"x{n}", by="b", text=f"said {n}.", at=NOW, about=AUC) for n in range(60)]
    text = children_text(threads(discussed(*many), "METRIC", "auc"))
    assert "35 earlier comments" in text
    assert "said 59." in text
    assert "said 34." not in text


def test_a_cards_headings_and_pictures_fit_the_page() -> None:
    assert (
        demoted("# Title\n\n![x](http://elsewhere/y.png)\n#hash") == "### Title\n\n[x](http://elsewhere/y.png)\n#hash"
    )


@pytest.mark.parametrize("counts", [[], [1], list(range(100)), [5] * 25])
def test_merged_bins_keep_the_sum(counts: list[int]) -> None:
    found = merged(counts, 24)
    assert sum(found) == sum(counts)
    assert len(found) <= 24


def test_things_lead_to_their_pages() -> None:
    assert address(LINKS, "version", "a/b/3") == "/ml/models/a%2Fb/3"
    assert address(LINKS, "dataset", "flights@4f") == "/ml/datasets/flights/4f"
    assert address(LINKS, "window", "flights/3/2013-01-01") == "/ml/monitoring/flights/3"
    assert address(LINKS, "deployment", "production/a/b/3") == "/ml/models/a%2Fb/3"
    assert address(LINKS, "something", "new") == ""


def test_a_bars_length_is_the_time_a_version_ran() -> None:
    stay = Stay(version="3", how="DEPLOYED", start=NOW - timedelta(days=2), by="anna")
    figure = stays([Deployment(environment="production", model="m", current=stay, history=[stay])], NOW)
    go.Figure(figure)
    assert figure["data"][0]["x"] == [2 * 86_400_000]


def test_markers_outside_the_shown_time_are_left_out() -> None:
    rows = [{"x": "2013-01-01T00:00:00"}, {"x": "2013-01-10T00:00:00"}]
    inside = Marker(datetime(2013, 1, 5, tzinfo=UTC), "in", "#000")
    over = Marker(datetime(2012, 12, 1, tzinfo=UTC), "over", "#000", datetime(2013, 1, 2, tzinfo=UTC))
    figure = marked({"data": [], "layout": {}}, [inside, over, Marker(NOW, "out", "#000")], rows)
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["in", "over"]
    assert figure["layout"]["annotations"][1]["x"] == "2013-01-01T00:00:00"


def test_the_worst_alert_that_nobody_looks_after_comes_first() -> None:
    def alert(number: str, severity: str, state: str) -> AlertRow:
        return AlertRow(
            alert_id=number, model="m", version="1", rule="r", metric="VOLUME", severity=severity, state=state,
            title=number, opened_at=NOW, updated_at=NOW, first_window=NOW, last_window=NOW,
        )  # fmt: skip

    found = of_alerts(
        [alert("1", "CRITICAL", "ACKNOWLEDGED"), alert("2", "INFO", "OPEN"), alert("3", "INFO", "RESOLVED")]
    )
    assert [one.thing for one in found] == ["2", "1"]


def test_overdue_milestones_boards_and_open_reviews_are_called_to_attention() -> None:
    row = ProjectRow(project_id="p", name="P", created_at=NOW, updated_at=NOW, overdue=2, attention=["a", "b"])
    assert [(one.kind, one.thing) for one in of_projects([row])] == [("late", "p"), ("project", "p")]
    review = Review(
        model="m", version="1", state="OPEN", digest="d", round=1, requested_by="b", requested_at=NOW, updated_at=NOW
    )
    assert [one.kind for one in of_reviews([review])] == ["review"]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (812, "812 B"), (5_400_000, "5.4 MB"), (10**15, "1000 TB"), (123_000, "123 kB")]
)
def test_a_size_is_shown_in_powers_of_a_thousand(value: int | None, text: str) -> None:
    assert formats.size(value) == text


def test_brushed_ranges_stand_in_an_address_and_keep_the_runs_within_all_of_them() -> None:
    axes = {"params.depth": axis("depth", ["4", "6", "8", None]), "params.kind": axis("kind", ["a", "b~,", "a", "a"])}
    ranges = [Brush("params.depth", "4", "6"), Brush("params.kind", "b~,", "b~,")]
    assert brushes.read(brushes.written(ranges)) == ranges
    assert brushes.within(ranges[:1], axes) == {0, 1}
    assert brushes.within(ranges, axes) == {1}
    assert brushes.within([Brush("params.depth", "5", "6"), Brush("params.gone", "1", "2")], axes) == {0, 1, 2, 3}
    assert brushes.read("nonsense,~,a~b") == []


def test_what_is_dragged_over_becomes_ranges_from_the_lowest_to_the_highest_value_within() -> None:
    axes = {"params.depth": axis("depth", ["4", "6", "8"])}
    points = [{"curveNumber": 2, "pointNumber": 0}, {"curveNumber": 1, "pointNumber": 0}, {"curveNumber": 9}]
    assert brushes.drawn({"points": points}, list(axes), axes) == [Brush("params.depth", "6", "8")]
    assert brushes.drawn(None, [], {}) == []


def test_the_ends_of_an_axis_are_written_as_they_were_set() -> None:
    depth, auc = axis("depth", ["4", "8", None]), axis("auc", ["0.75018329", "0.7"])
    assert (depth.low, depth.high) == ("4", "8")
    assert (auc.low, auc.high) == ("0.7", "0.7502")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("depart as planned", "depart as planned"),
        ("depart as planned, or late", "depart as…"),
        ("on extraordinarily long ways", "on extraordinaril…"),
        ("departures_of_the_year", "departures_of_the…"),
    ],
)
def test_a_long_text_ends_with_a_whole_word_unless_that_is_long_itself(text: str, shown: str) -> None:
    assert clipped(text, 18) == shown
