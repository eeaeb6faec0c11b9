"""The same runs on both servers, found in the same order by every filter and order, hand-written and generated."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.contract.mlflow.asking import Server, post
from tests.contract.mlflow.cases.searches import FILTERS, ORDERS, SETUP
from tests.contract.mlflow.conftest import Both

pytestmark = pytest.mark.timeout(400)  # starting the peer alone may take a minute on a busy machine


@pytest.fixture(scope="module")
def runs(both: Both) -> Iterator[tuple[Server, Server]]:
    """Ours and the peer, both with the runs of `SETUP`."""
    unique = f"u{uuid.uuid4().hex[:10]}"
    pair = Server(both.ours, unique), Server(both.theirs, unique)
    for step in SETUP:
        for server in pair:
            answer = server.ask(step)
            assert answer["status"] == 200, (step, answer)
    yield pair
    for server in pair:
        server.close()


def found(server: Server, **wish: Any) -> tuple[int, Any]:
    """Status, and the names of the runs in order, or the error code."""
    answer = server.ask(post("runs/search", experiment_ids=["$exp", "$other"], **wish))
    if answer["status"] >= 400:
        return answer["status"], answer["answer"]["error_code"]
    return 200, [run["info"]["run_name"] for run in answer["answer"].get("runs", [])]


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_finds_the_same(text: str, runs: tuple[Server, Server]) -> None:
    ours, theirs = (found(server, filter=text) for server in runs)
    assert (ours == theirs) != (text in UNFINISHED)


@pytest.mark.parametrize("orders", ORDERS, ids=lambda orders: ",".join(orders) or "none")
def test_an_order_is_the_same(orders: list[str], runs: tuple[Server, Server]) -> None:
    if any("run_id" in clause or "artifact_uri" in clause for clause in orders):
        for server in runs:  # random ids: their order is compared with themselves
            answer = server.ask(post("runs/search", experiment_ids=["$exp"], order_by=orders))["answer"]
            assert len(answer["runs"]) == 5
        return
    ours, theirs = (found(server, order_by=orders) for server in runs)
    assert ours == theirs


@pytest.mark.parametrize("view", ["ACTIVE_ONLY", "DELETED_ONLY", "ALL", "NONSENSE"])
def test_a_view_is_the_same(view: str, runs: tuple[Server, Server]) -> None:
    ours, theirs = (found(server, run_view_type=view, order_by=["run_name"]) for server in runs)
    assert ours == theirs


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 0, -1, 50000, 50001])
def test_pages_are_the_same(size: int, runs: tuple[Server, Server]) -> None:
    def walk(server: Server) -> list[Any]:
        pages: list[Any] = []
        token = None
        for _ in range(7):
            wish = {"experiment_ids": ["$exp"], "max_results": size, "order_by": ["metrics.auc DESC", "run_name"]}
            step = post("runs/search", **wish, **({"page_token": token} if token else {}))
            response = server._send(step)  # the token is needed as it is
            if response.status_code != 200:
                return [response.status_code, response.json()["error_code"]]
            pages.append([run["info"]["run_name"] for run in response.json().get("runs", [])])
            token = response.json().get("next_page_token")
            if not token:
                break
        return pages

    ours, theirs = (walk(server) for server in runs)
    assert ours == theirs


UNFINISHED = {"metrics.auc > 0.5 AND"}
"""The peer passes over what is missing; ours says so."""

KEYS = ("auc", "loss", "val loss", "nope")
NUMBERS = st.sampled_from(["0", "0.1", "0.8", "0.9", "-0.5", "1", "1e-1", "1000", "-1"])
TEXTS = st.sampled_from(["3", "10", "0.1", "red", "Red", "x", "", "%", "_", "R%", "%e_", "1%", "blue\\_1", "RUNNING"])


def quoted(key: str, mark: str) -> str:
    return f"{mark}{key}{mark}" if mark or " " not in key else f"`{key}`"


MARKS = st.sampled_from(["`", '"', ""])
metric_comparisons = st.builds(
    lambda section, key, mark, operator, number: f"{section}.{quoted(key, mark)} {operator} {number}",
    st.sampled_from(["metrics", "metric"]),
    st.sampled_from(KEYS),
    MARKS,
    st.sampled_from([">", ">=", "<", "<=", "=", "!="]),
    NUMBERS,
)
text_comparisons = st.builds(
    lambda field, operator, text: f"{field} {operator} '{text}'",
    st.sampled_from(
        ["params.depth", "param.lr", "tags.team", "tag.`a.b`", "tags.empty", "status", "run_name", "user_id"]
    ),
    st.sampled_from(["=", "!=", "LIKE", "ILIKE", "like"]),
    TEXTS,
)
presence = st.builds(
    lambda field, operator: f"{field} {operator}",
    st.sampled_from(["params.depth", "tags.team", "tags.`a.b`", "params.nope"]),
    st.sampled_from(["IS NULL", "IS NOT NULL"]),
)
times = st.builds(
    lambda field, operator, number: f"{field} {operator} {number}",
    st.sampled_from(["start_time", "attributes.end_time", "created"]),
    st.sampled_from([">", ">=", "<", "<=", "=", "!="]),
    st.sampled_from(["100", "300", "850", "900", "299.5"]),
)
lists = st.builds(
    lambda field, operator, values: f"{field} {operator} ({', '.join(repr(value) for value in values)})",
    st.sampled_from(["datasets.name", "datasets.context", "dataset.digest"]),
    st.sampled_from(["IN", "NOT IN"]),
    st.lists(st.sampled_from(["flights", "weather", "train", "test", "d1"]), min_size=1, max_size=3),
)
filters = st.lists(st.one_of(metric_comparisons, text_comparisons, presence, times, lists), min_size=1, max_size=4).map(
    " AND ".join
)
orders = st.lists(
    st.builds(
        lambda field, direction: f"{field}{direction}",
        st.sampled_from(
            ["metrics.auc", "metrics.loss", "params.depth", "tags.team", "start_time", "end_time", "status"]
        ),
        st.sampled_from(["", " ASC", " DESC", " desc"]),
    ),
    max_size=3,
    unique_by=lambda clause: clause.split()[0],
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    derandomize=True,
)
@given(text=filters, clauses=orders)
def test_generated_filters_find_the_same(text: str, clauses: list[str], runs: tuple[Server, Server]) -> None:
    by_name = [*clauses, "run_name"]
    ours, theirs = (found(server, filter=text, order_by=by_name) for server in runs)
    assert ours == theirs, text
