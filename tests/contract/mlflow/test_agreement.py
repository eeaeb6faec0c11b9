"""Every case is asked of a real mlflow server and of ours, and both must answer the same.

All of it is one module, so that one peer serves it: starting it costs more than a hundred cases.
"""

import asyncio
import dataclasses
import random
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from mlflow.utils import name_utils

from deploy.local.mlflow_copy.copying import Copying
from deploy.local.mlflow_copy.server import MlflowServer
from services.registry.runs.naming import MAX_LENGTH, random_name
from tests.contract.mlflow.asking import Case, Server, post, timestamps
from tests.contract.mlflow.cases import (
    artifacts,
    corners,
    experiments,
    inputs,
    logged_model_corners,
    logged_models,
    malformed,
    metrics,
    models,
    paging,
    parts,
    registry_corners,
    runs,
)
from tests.contract.mlflow.cases.generated import filters, orders
from tests.contract.mlflow.cases.moments import MOMENTS, Moment
from tests.contract.mlflow.cases.searches import FILTERS, ORDERS, SETUP
from tests.contract.mlflow.conftest import Both
from tests.contract.mlflow.copies import check_copy, planted
from tests.contract.mlflow.known import DIFFERENCES
from tests.contract.mlflow.verdicts import verdicts, walked
from tests.contract.mlflow.walks import walk
from tests.support.waiting import wait_until

pytestmark = pytest.mark.timeout(900)  # the first test waits for the peer to start and for the answers to all cases

_MODULES = (
    experiments, runs, metrics, inputs, logged_models, models, artifacts, malformed,
    corners, registry_corners, logged_model_corners, paging, parts,
)  # fmt: skip
CASES = [
    dataclasses.replace(case, differs=DIFFERENCES.get(case.name, "")) for module in _MODULES for case in module.CASES
]

WALKS = 10
"""Each of some 40 requests; there are as many others as there are seeds."""


@pytest.fixture(scope="module")
def differing(both: Both, request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """Where the two differ, by case, for the cases that are to be tested."""
    mine = [
        item for item in request.session.items if isinstance(item, pytest.Function) and item.module is request.module
    ]
    chosen = [item.callspec.params for item in mine if hasattr(item, "callspec")]
    return verdicts(both, [params["case"] for params in chosen if "case" in params])


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_both_servers_answer_the_same(case: Case, differing: dict[str, list[str]]) -> None:
    if case.differs:
        assert differing[case.name], "both agree now: drop the reason for differing"
    else:
        assert not differing[case.name], "\n".join(differing[case.name])


def test_every_known_difference_is_a_case() -> None:
    assert set(DIFFERENCES) <= {case.name for case in CASES}


@pytest.fixture(scope="module")
def differing_walks(both: Both) -> list[list[str]]:
    walks = [walk(seed) for seed in range(WALKS)]
    found = walked(both, walks)
    return [found[case.name] for case in walks]


@pytest.mark.parametrize("seed", range(WALKS))
def test_both_servers_answer_a_random_walk_the_same(seed: int, differing_walks: list[list[str]]) -> None:
    assert not differing_walks[seed], "\n".join(differing_walks[seed])


def test_case_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def moved(server: Server, moment: Moment) -> list[str]:
    """Which timestamps the request moves."""

    def look() -> dict[str, int]:
        found: dict[str, int] = {}
        for number, step in enumerate(moment.looked_at):
            found |= {f"{number}{path}": value for path, value in timestamps(server.raw(step).json())}
        return found

    for step in moment.setup:
        assert server.ask(step)["status"] == 200, step
    before, looked = look(), time.time()
    wait_until(lambda: time.time() > looked + 0.002, within=1, what="the clock, of which both tell milliseconds")
    assert server.ask(moment.request)["status"] == 200
    after = look()
    return [path for path in before if after.get(path, before[path]) != before[path]]


@pytest.fixture(scope="module")
def moments(both: Both) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    def all_of(client: httpx.Client) -> dict[str, list[str]]:
        return {m.name: moved(Server(client, f"u{uuid.uuid4().hex[:10]}"), m) for m in MOMENTS}

    with ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.map(all_of, (both.ours, both.theirs))
    return ours, theirs


@pytest.mark.parametrize("name", [moment.name for moment in MOMENTS])
def test_the_same_timestamps_move(name: str, moments: tuple[dict[str, list[str]], dict[str, list[str]]]) -> None:
    ours, theirs = moments
    assert ours[name] == theirs[name]


def test_both_servers_say_the_same_things_about_themselves(both: Both) -> None:
    ours, theirs = (client.get("/api/3.0/mlflow/server-info").json() for client in (both.ours, both.theirs))
    assert ours.keys() == theirs.keys()
    assert ours["features_enabled"].keys() == theirs["features_enabled"].keys()


def test_generated_names_are_made_of_words_by_which_clients_know_them() -> None:
    names = {random_name(random.choice, random.randrange(1000)) for _ in range(5000)}
    assert max(len(name) for name in names) <= MAX_LENGTH
    words = [name.split("-") for name in names]
    assert {first for first, _, _ in words} <= set(name_utils._GENERATOR_PREDICATES)
    assert {second for _, second, _ in words} <= set(name_utils._GENERATOR_NOUNS)
    assert all(number.isdigit() for _, _, number in words)


class Searched:
    """Both servers, each with the runs of `SETUP`, asked at the same time."""

    def __init__(self, both: Both, pool: ThreadPoolExecutor) -> None:
        unique = f"u{uuid.uuid4().hex[:10]}"
        self._servers = Server(both.ours, unique), Server(both.theirs, unique)
        self._pool = pool
        for answers in self.each(lambda server: [server.ask(step) for step in SETUP]):
            assert [answer["status"] for answer in answers] == [200] * len(SETUP), answers

    def each(self, ask: Callable[[Server], Any]) -> tuple[Any, Any]:
        """What `ask` gets from ours, and what from the peer."""
        ours, theirs = self._pool.map(ask, self._servers)
        return ours, theirs

    def names(self, **wish: Any) -> tuple[Any, Any]:
        """The names of the runs in order, or status and error code."""
        return self.each(lambda server: _names(server, wish))


def _names(server: Server, wish: dict[str, Any]) -> Any:
    answer = server.ask(post("runs/search", experiment_ids=["$exp", "$other"], **wish))
    if answer["status"] >= 400:
        return answer["status"], answer["answer"]["error_code"]
    return [run["info"]["run_name"] for run in answer["answer"].get("runs", [])]


@pytest.fixture(scope="module")
def searched(both: Both) -> Iterator[Searched]:
    with ThreadPoolExecutor(2) as pool:
        yield Searched(both, pool)


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_finds_the_same(text: str, searched: Searched) -> None:
    ours, theirs = searched.names(filter=text)
    assert (ours == theirs) != (text in UNFINISHED)


@pytest.mark.parametrize("orders", ORDERS, ids=lambda orders: ",".join(orders) or "none")
def test_an_order_is_the_same(orders: list[str], searched: Searched) -> None:
    if any("run_id" in clause or "artifact_uri" in clause for clause in orders):  # random ids: just that both know it
        step = post("runs/search", experiment_ids=["$exp"], order_by=orders)
        for answer in searched.each(lambda server: server.ask(step)):
            assert len(answer["answer"]["runs"]) == 5
        return
    ours, theirs = searched.names(order_by=orders)
    assert ours == theirs


@pytest.mark.parametrize("view", ["ACTIVE_ONLY", "DELETED_ONLY", "ALL", "NONSENSE"])
def test_a_view_is_the_same(view: str, searched: Searched) -> None:
    ours, theirs = searched.names(run_view_type=view, order_by=["run_name"])
    assert ours == theirs


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 0, -1, 50000, 50001])
def test_pages_are_the_same(size: int, searched: Searched) -> None:
    def walk(server: Server) -> list[Any]:
        pages: list[Any] = []
        token = None
        for _ in range(7):
            wish = {"experiment_ids": ["$exp"], "max_results": size, "order_by": ["metrics.auc DESC", "run_name"]}
            step = post("runs/search", **wish, **({"page_token": token} if token else {}))
            response = server.raw(step)  # the token is needed as it is
            if response.status_code != 200:
                return [response.status_code, response.json()["error_code"]]
            pages.append([run["info"]["run_name"] for run in response.json().get("runs", [])])
            token = response.json().get("next_page_token")
            if not token:
                break
        return pages

    ours, theirs = searched.each(walk)
    assert ours == theirs


UNFINISHED = {"metrics.auc > 0.5 AND"}
"""The peer passes over what is missing; ours says so."""


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    derandomize=True,
)
@given(text=filters, clauses=orders)
def test_generated_filters_find_the_same(text: str, clauses: list[str], searched: Searched) -> None:
    ours, theirs = searched.names(filter=text, order_by=[*clauses, "run_name"])
    assert ours == theirs, text


@pytest.mark.parametrize("way", ["import", "export"])
def test_a_server_is_copied_into_the_other_and_a_second_time_nothing_is_left_to_do(way: str, both: Both) -> None:
    source, target = (both.theirs, both.ours) if way == "import" else (both.ours, both.theirs)
    name = f"u{uuid.uuid4().hex[:10]}"
    planted(source, name)
    first = asyncio.run(_copied(source, target, name))
    assert first.left_out == []
    assert first.counts == {
        "experiments": 1, "runs": 3, "metric points": 1003, "files": 3, "logged models": 2,
        "registered models": 2, "versions": 3,
    }  # fmt: skip
    check_copy(target, name)
    assert asyncio.run(_copied(source, target, name)).counts == {"runs that were there": 3}
    check_copy(target, name)


async def _copied(source: httpx.Client, target: httpx.Client, name: str) -> Copying:
    async with MlflowServer.at(str(source.base_url)) as one, MlflowServer.at(str(target.base_url)) as other:
        copying = Copying(one, other, lambda what, done, of: None, experiments=name, models=f"{name}*")
        await copying.all()
        return copying
