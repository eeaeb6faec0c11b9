"""Typed filters say the same as the registry's own grammar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.contracts.errors import Invalid
from services.gateway.filters import MOST_CONDITIONS, filter_text, run_order
from services.gateway.types.filters import (
    FigureFilter,
    KeyedFilter,
    RunFilter,
    RunOrder,
    RunOrderBy,
    TextFilter,
    TimeFilter,
)
from services.registry.search.entities import RUNS
from services.registry.search.parser import parse_filter, parse_order

AUC = FigureFilter(key="auc", gt=0.7)
DEEP = KeyedFilter(key="max depth", eq="6")
HERS = TextFilter(eq="anna")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (RunFilter(metrics=[AUC]), "metrics.`auc` > 0.7"),
        (RunFilter(metrics=[FigureFilter(key="auc", ge=0.5, lt=1)]), "metrics.`auc` >= 0.5 AND metrics.`auc` < 1.0"),
        (RunFilter(metrics=[AUC], user=HERS), "(attributes.user_id = 'anna' AND metrics.`auc` > 0.7)"),
        (RunFilter(or_=[RunFilter(metrics=[AUC]), RunFilter(params=[DEEP])]),
         "(metrics.`auc` > 0.7 OR params.`max depth` = '6')"),
        (RunFilter(not_=RunFilter(metrics=[AUC], params=[DEEP])),
         "(metrics.`auc` <= 0.7 OR params.`max depth` != '6')"),
        (RunFilter(not_=RunFilter(or_=[RunFilter(metrics=[AUC]), RunFilter(not_=RunFilter(user=HERS))])),
         "(metrics.`auc` <= 0.7 AND attributes.user_id = 'anna')"),
        (RunFilter(status=TextFilter(in_=["FAILED", "KILLED"])),
         "(attributes.status = 'FAILED' OR attributes.status = 'KILLED')"),
        (RunFilter(not_=RunFilter(status=TextFilter(in_=["FAILED", "KILLED"]))),
         "(attributes.status != 'FAILED' AND attributes.status != 'KILLED')"),
        (RunFilter(not_=RunFilter(name=TextFilter(like="a%"))), "attributes.run_name NOT LIKE 'a%'"),
        (RunFilter(name=TextFilter(ilike="%it's%")), 'attributes.run_name ILIKE "%it\'s%"'),
        (RunFilter(tags=[KeyedFilter(key="a`b", ne="x")]), 'tags."a`b" != \'x\''),
        (RunFilter(start_time=TimeFilter(from_=datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC))),
         "attributes.start_time >= 2000"),
        (RunFilter(dataset=TextFilter(eq="flights")), "datasets.name = 'flights'"),
        (None, ""),
    ],
)  # fmt: skip
def test_a_typed_filter_becomes_a_filter_that_the_registry_reads(where: RunFilter | None, expected: str) -> None:
    text = filter_text(where)
    assert text == expected
    parse_filter(text, RUNS, unlike=True)


@pytest.mark.parametrize(
    "where",
    [
        RunFilter(),
        RunFilter(user=TextFilter()),
        RunFilter(metrics=[FigureFilter(key="auc")]),
        RunFilter(user=TextFilter(eq="both ' and \"")),
        RunFilter(params=[KeyedFilter(key="", eq="x")]),
        RunFilter(or_=[RunFilter(user=HERS)] * (MOST_CONDITIONS + 1)),
    ],
    ids=["empty", "no comparison", "no bound", "quotes", "no name", "too many"],
)
def test_what_cannot_be_said_is_refused(where: RunFilter) -> None:
    with pytest.raises(Invalid):
        filter_text(where)


def test_orders_name_what_they_order_by() -> None:
    clauses = run_order(
        [RunOrder(by=RunOrderBy.METRIC, key="val auc", descending=True), RunOrder(by=RunOrderBy.START_TIME)]
    )
    assert clauses == ["metrics.`val auc` DESC", "attributes.start_time ASC"]
    for clause in clauses:
        parse_order(clause, RUNS)
    with pytest.raises(Invalid):
        run_order([RunOrder(by=RunOrderBy.PARAM)])
