"""The runs' columns, order and saved views: what an address says, whatever names people give."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard import run_columns as columns
from dashboard.components.run_grid import address_of, kept_views, shown
from dashboard.gateway.views import KeyValue, Metric, RunSummary
from dashboard.links import Links, parse, query

LINKS = Links("/ml/")
NAMES = st.text(min_size=1, max_size=40).filter(str.strip)


def run(metrics: dict[str, float], params: dict[str, str]) -> RunSummary:
    return RunSummary(
        run_id="r1",
        name="one",
        status="FINISHED",
        user="anna",
        start_time=datetime(2026, 11, 22, tzinfo=UTC),
        metrics=[Metric(key=key, value=value) for key, value in metrics.items()],
        params=[KeyValue(key=key, value=value) for key, value in params.items()],
        tags=[KeyValue(key="team", value="operations")],
    )


@given(names=st.lists(NAMES, max_size=8, unique=True))
def test_columns_of_any_name_survive_the_address(names: list[str]) -> None:
    wanted = [f"metrics.{name}" for name in names]
    assert columns.read(parse(query({"cols": columns.written(wanted)})).get("cols", "")) == wanted


@given(text=st.text(max_size=200))
def test_any_text_in_the_address_gives_columns_that_the_grid_can_show(text: str) -> None:
    chosen = columns.read(text)
    assert len(columns.definitions(chosen, text)) == len(chosen) + 1
    assert len(chosen) <= columns.MOST_COLUMNS


def test_what_is_sorted_by_becomes_order_clauses_with_names_in_quotes() -> None:
    sorting = [{"colId": "metrics.a b", "sort": "desc"}, {"colId": "started", "sort": "asc"}]
    assert columns.clauses(sorting) == ["metrics.`a b` DESC", "attributes.start_time ASC"]
    assert columns.clauses([{"colId": 'params.`"', "sort": "asc"}, {"colId": "duration", "sort": "asc"}]) == []
    assert columns.clauses([{"colId": "metrics.a`b", "sort": "asc"}]) == ['metrics."a`b" ASC']
    assert columns.order("-metrics.auc,started,nonsense") == [("metrics.auc", "desc"), ("started", "asc")]


def test_without_a_choice_common_metrics_and_differing_parameters_show() -> None:
    runs = [run({"train_auc": 0.9, "auc": 0.7, "auc/slice": 0.1}, {"same": "1", "depth": str(i)}) for i in range(3)]
    assert columns.automatic(runs)[:4] == ["status", "metrics.auc", "metrics.auc/slice", "params.depth"]
    assert columns.automatic([]) == ["status", "user", "started", "duration", "experiment"]
    groups = {group["group"]: group["items"] for group in columns.suggested(runs)}
    assert groups["Parameters"] == ["params.depth", "params.same"]


def test_a_row_holds_what_its_columns_ask_for_as_texts() -> None:
    line = columns.row(
        run({"auc": 0.71234, "x": 1.0}, {"depth": "6"}), ["metrics.auc", "tags.team", "params.no"], LINKS
    )
    assert (line["metrics.auc"], line["tags.team"], line["params.no"]) == ("0.7123", "operations", "")
    assert "metrics.x" not in line


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "filter", "cols", "sort", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(data=ANYTHING)
def test_whatever_a_browser_kept_gives_views_that_can_be_shown(data: Any) -> None:
    for view in kept_views(data):
        state = parse(address_of(view, LINKS).partition("?")[2])
        assert set(state) <= {"filter", "cols", "sort"}


def test_a_view_is_shown_when_the_address_says_all_of_it() -> None:
    view = {"name": "best", "filter": "metrics.auc > 0.7", "sort": "-metrics.auc"}
    state = parse(address_of(view, LINKS).partition("?")[2])
    assert shown(view, state)
    assert not shown(view, {**state, "cols": "user"})
