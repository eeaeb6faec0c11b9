"""Whatever is asked, the index in memory and the documents in MongoDB find the same runs in the same order."""

import asyncio
import contextlib
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.contracts.errors import Invalid
from services.registry.documents import to_document
from services.registry.paging import cursor_of, values_of
from services.registry.runs.index import RunIndex
from services.registry.runs.metrics import Metric
from services.registry.runs.places import checked, place_of
from services.registry.runs.rules import Run, RunInput
from services.registry.runs.store import RUNS, MongoRunSearch, Wanted
from services.registry.search.entities import RUNS as ENTITY
from services.registry.search.parser import parse_filter, parse_order
from services.registry.values import KeyValue
from services.runtime.store import Store
from tests.support.servers import drop

NUMBERS = [-1.5, 0.0, 0.1, 0.5, 0.9, 1.0, 3.0, 1e300, 1.7976931348623157e308, float("nan")]
WORDS = ["", "a", "A", "ab", "b%", "_c", "10", "9", "größe", "Größe", "it's", "x" * 30]
METRICS = ["auc", "loss", "val loss", "rare"]
KEYS = ["depth", "lr", "a.b", "rare"]
STATUSES = ["RUNNING", "FINISHED", "FAILED"]


def _runs(count: int, rng: random.Random) -> list[Run]:
    return [_run(rng) for _ in range(count)]


def _run(rng: random.Random) -> Run:
    def some(keys: Sequence[str]) -> list[str]:
        return [key for key in keys if rng.random() < (0.05 if key == "rare" else 0.6)]

    name = rng.choice(WORDS)
    tags = [KeyValue(key, rng.choice(WORDS)) for key in some(KEYS)]
    if rng.random() < 0.9:
        tags.append(KeyValue("mlflow.runName", name))
    inputs = [
        RunInput(
            dataset="d", name=rng.choice("fw"), digest=rng.choice("12"), context=rng.choice([None, "train", "test"])
        )
        for _ in range(rng.choice([0, 0, 1, 2]))
    ]
    return Run(
        id=f"{rng.getrandbits(128):032x}",
        v=1,
        experiment_id=rng.choice("123"),
        name=name,
        user=rng.choice(["anna", "Bert"]),
        status=rng.choice(STATUSES),
        start_time=rng.choice([0, 1, 5, 5, 9, -3, 1_700_000_000_000]),
        end_time=rng.choice([None, 7, 9, 1_700_000_000_001]),
        lifecycle_stage=rng.choice(["active", "active", "active", "deleted"]),
        artifact_uri="s3://b",
        metrics=[Metric(key, rng.choice(NUMBERS), 1, 0) for key in some(METRICS)],
        params=[KeyValue(key, rng.choice(WORDS)) for key in some(KEYS)],
        tags=tags,
        inputs=inputs,
    )


@dataclass
class Searches:
    """The same runs in both; `loop` serves the driver."""

    index: RunIndex
    documents: MongoRunSearch
    loop: asyncio.AbstractEventLoop
    ids: list[str]
    runs: dict[str, Run]


@pytest.fixture(scope="module")
def searches(mongodb: str) -> Iterator[Searches]:
    rng = random.Random(7)
    first, changed = _runs(120, rng), _runs(60, rng)
    later = [msgspec.structs.replace(new, id=old.id, v=2) for old, new in zip(first, changed, strict=False)]
    # what an older state logged stays: only tags are ever removed
    later = [
        msgspec.structs.replace(
            new,
            metrics=list({m.k: m for m in [*old.metrics, *new.metrics]}.values()),
            params=list({p.k: p for p in [*old.params, *new.params]}.values()),
        )
        for old, new in zip(first, later, strict=False)
    ]
    index = RunIndex()
    index.put(first)
    for run in later:
        index.put([run])
    index.put(first)  # late news of an older state changes nothing
    purged, fresh = first[100:110], _runs(15, rng)
    for run in purged:
        index.remove(run.id)
    index.put(fresh)
    kept = [*later, *first[60:100], *first[110:], *fresh]
    database = f"test_{uuid.uuid4().hex[:12]}"
    loop = asyncio.new_event_loop()

    async def filled(stack: contextlib.AsyncExitStack) -> Store:
        store = await stack.enter_async_context(Store.open(mongodb, database))
        await store[RUNS].insert_many([to_document(run) for run in kept])
        return store

    stack = contextlib.AsyncExitStack()
    store = loop.run_until_complete(filled(stack))
    yield Searches(index, MongoRunSearch(store), loop, [run.id for run in kept], {run.id: run for run in kept})
    loop.run_until_complete(stack.aclose())
    loop.close()
    drop(mongodb, database)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "\\'") + "'"


texts = st.sampled_from(WORDS).map(_quoted)
patterns = st.sampled_from(["%", "a%", "%b", "_", "%ö%", "1_", "%%", "A", "FINISH%", "%x%"]).map(_quoted)
keys = st.sampled_from(["auc", "loss", "`val loss`", "rare", "nope"])
named = st.sampled_from(["depth", "lr", "`a.b`", "rare", "nope"])
text_fields = st.one_of(
    st.builds("params.{}".format, named),
    st.builds("tags.{}".format, named),
    st.sampled_from(["status", "user_id", "run_name"]),
)
comparisons = st.one_of(
    st.builds(
        "metrics.{} {} {}".format,
        keys,
        st.sampled_from([">", ">=", "<", "<=", "=", "!="]),
        st.sampled_from(["0", "0.5", "1", "-1.5", "3", "1e300", "1e999", "0.90"]),
    ),
    st.builds("{} {} {}".format, text_fields, st.sampled_from(["=", "!="]), texts),
    st.builds("{} {} {}".format, text_fields, st.sampled_from(["LIKE", "ILIKE"]), st.one_of(patterns, texts)),
    st.builds("params.{} {}".format, named, st.sampled_from(["IS NULL", "IS NOT NULL"])),
    st.builds("tags.{} {}".format, named, st.sampled_from(["IS NULL", "IS NOT NULL"])),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["start_time", "end_time"]),
        st.sampled_from([">", ">=", "<", "<=", "=", "!="]),
        st.sampled_from(["5", "7", "8.5", "-3", "1700000000000", "99999999999999999999"]),
    ),
    st.builds(
        "datasets.{} {} ({})".format,
        st.sampled_from(["name", "digest", "context"]),
        st.sampled_from(["IN", "NOT IN"]),
        st.sampled_from(["'f'", "'f', '1'", "'train'", "'w', '2', 'test'"]),
    ),
    st.builds("datasets.{} {} {}".format, st.sampled_from(["name", "context"]), st.sampled_from(["=", "!=", "LIKE"]),
              st.sampled_from(["'f'", "'train'", "'t%'"])),
)  # fmt: skip
filters = st.recursive(
    comparisons,
    lambda inner: st.builds(
        lambda parts, word: "(" + f" {word} ".join(parts) + ")",
        st.lists(inner, min_size=2, max_size=3),
        st.sampled_from(["AND", "OR"]),
    ),
    max_leaves=5,
)
orders = st.lists(
    st.builds(
        "{}{}".format,
        st.one_of(
            st.builds("metrics.{}".format, keys),
            st.builds("params.{}".format, named),
            st.builds("tags.{}".format, named),
            st.sampled_from(["status", "user_id", "run_name", "start_time", "end_time", "run_id"]),
        ),
        st.sampled_from([" ASC", " DESC"]),
    ),
    max_size=3,
    unique_by=lambda clause: clause.rpartition(" ")[0],
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(st.just(""), filters),
    clauses=orders,
    experiments=st.one_of(st.none(), st.lists(st.sampled_from("1234"), max_size=3)),
    stages=st.sampled_from([["active"], ["deleted"], ["active", "deleted"]]),
    skip=st.integers(0, 140),
    limit=st.integers(1, 140),
    small=st.sampled_from([1, 2048]),
)
def test_index_and_documents_find_the_same(
    text: str,
    clauses: list[str],
    experiments: list[str] | None,
    stages: list[str],
    skip: int,
    limit: int,
    small: int,
    searches: Searches,
) -> None:
    wanted = Wanted(
        node=parse_filter(text, ENTITY),
        experiment_ids=experiments,
        stages=stages,
        orders=[parse_order(clause, ENTITY) for clause in clauses],
    )

    async def documents() -> tuple[list[str], int]:
        return await searches.documents.find(wanted, skip, limit), await searches.documents.count(wanted)

    found, count = searches.loop.run_until_complete(documents())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.registry.search.ranking.SMALL", small)
        assert searches.index.find(wanted, skip, limit) == found
    assert searches.index.count(wanted) == count


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(st.just(""), filters),
    clauses=orders,
    number=st.integers(0, 10_000),
    gone=st.booleans(),
    limit=st.integers(1, 30),
    small=st.sampled_from([1, 2048]),
)
def test_a_page_goes_on_where_its_cursor_says_also_if_that_run_is_gone(
    text: str, clauses: list[str], number: int, gone: bool, limit: int, small: int, searches: Searches
) -> None:
    wanted = Wanted(
        node=parse_filter(text, ENTITY),
        experiment_ids=None,
        stages=["active", "deleted"],
        orders=[parse_order(clause, ENTITY) for clause in clauses],
    )
    whole = searches.index.find(wanted, 0, 1000)
    if gone or not whole:
        at = None
        run = _run(random.Random(number))
    else:
        at = number % len(whole)
        run = searches.runs[whole[at]]
    # through the cursor, as a client brings it back
    place = checked(values_of(cursor_of(place_of(run, wanted.orders)), len(clauses) + 2), wanted.orders)

    async def documents() -> tuple[list[str], list[str]]:
        find = searches.documents.beyond
        return await find(wanted, place, limit, backward=False), await find(wanted, place, limit, backward=True)

    behind, before = searches.loop.run_until_complete(documents())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.registry.search.ranking.SMALL", small)
        assert searches.index.beyond(wanted, place, limit, backward=False) == behind
        assert searches.index.beyond(wanted, place, limit, backward=True) == before
    if at is not None:
        assert behind == whole[at + 1 : at + 1 + limit]
        assert before == whole[max(at - limit, 0) : at]
    else:
        edge = searches.index.find(wanted, 0, 1000).index(behind[0]) if behind else len(whole)
        assert before == whole[max(edge - limit, 0) : edge]


@pytest.mark.parametrize(
    "values",
    [[1, "xyz"], ["1", "ab"], [2**63, "ab"], [True, "ab"], [1, "0" * 33], [1, None]],
)
def test_what_is_no_place_is_refused(values: list[object]) -> None:
    with pytest.raises(Invalid):
        checked(values, [])
    order = parse_order("metrics.auc DESC", ENTITY)
    with pytest.raises(Invalid):
        checked(["much", 1, "ab"], [order])
    assert checked(["NaN", 1, "ab"], [order]) == ["NaN", 1, "ab"]


@given(text=st.sampled_from(["run_id = '{}'", "run_id != '{}'", "run_id IN ('{}', 'x')", "run_id LIKE '%{:.4}%'"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ids_are_found_the_same(text: str, searches: Searches) -> None:
    node = parse_filter(text.format(searches.ids[3]), ENTITY)
    wanted = Wanted(node=node, experiment_ids=None, stages=["active", "deleted"], orders=[])
    assert searches.index.find(wanted, 0, 200) == searches.loop.run_until_complete(
        searches.documents.find(wanted, 0, 200)
    )


def test_where_artifacts_lie_is_asked_of_the_documents(searches: Searches) -> None:
    for text, clauses in (("artifact_uri = 's3://b'", []), ("", ["artifact_uri ASC"])):
        orders_ = [parse_order(clause, ENTITY) for clause in clauses]
        node = parse_filter(text, ENTITY)
        wanted = Wanted(node=node, experiment_ids=None, stages=["active"], orders=orders_)
        assert not searches.index.covers(wanted)
