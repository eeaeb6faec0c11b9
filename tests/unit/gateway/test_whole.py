"""Lists that their owners answer whole are filtered, ordered and cut into pages as long ones are in the database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.contracts.conditions import Condition, Ordering
from services.contracts.errors import Invalid
from services.contracts.paging import Page, Paging
from services.gateway.conditions import condition, ordering
from services.gateway.types.board_lists import MilestoneFilter
from services.gateway.types.deployments import MissingRule
from services.gateway.types.filters import NumberFilter, TextFilter, TimeFilter
from services.gateway.types.running_lists import (
    MonitoredFilter,
    MonitoredOrder,
    MonitoredOrderBy,
    StandingFilter,
)
from services.gateway.whole import attributes, kept, page_of


@dataclass(frozen=True)
class Thing:
    name: str
    rows: int = 0
    at: datetime | None = None
    features: tuple[str, ...] = ()


READ = {
    "model_name": lambda thing: thing.name,
    "rows": lambda thing: thing.rows,
    "last_prediction_at": lambda thing: thing.at,
    "features": lambda thing: list(thing.features),
}
OWN = [Ordering(by="model_name")]
THINGS = [
    Thing("a", 5, datetime(2026, 1, 5, tzinfo=UTC), ("temp", "wind")),
    Thing("b", 1, None, ("temp",)),
    Thing("c", 5, datetime(2026, 1, 3, tzinfo=UTC)),
    Thing("d", 9, None, ("wind",)),
]


def names(where: Any, *order: Any) -> str:
    return "".join(thing.name for thing in kept(THINGS, condition(where), ordering(order), READ))


def test_comparisons_are_joined_and_negated() -> None:
    few, many = MonitoredFilter(rows=NumberFilter(lt=3)), MonitoredFilter(rows=NumberFilter(gt=6))
    assert names(MonitoredFilter(or_=[few, many])) == "bd"
    assert names(MonitoredFilter(not_=MonitoredFilter(or_=[few, many]))) == "ac"
    assert names(MonitoredFilter(not_=MonitoredFilter(and_=[few, many]))) == "abcd"
    assert names(MonitoredFilter(model_name=TextFilter(ilike="A%"))) == "a"
    assert names(MonitoredFilter(model_name=TextFilter(in_=["b", "d"]))) == "bd"
    assert names(MonitoredFilter(features=TextFilter(eq="temp"))) == "ab"
    assert names(MonitoredFilter(not_=MonitoredFilter(features=TextFilter(eq="temp")))) == "cd"


def test_only_what_has_a_value_is_compared_and_the_rest_is_ordered_last() -> None:
    since = MonitoredFilter(last_prediction_at=TimeFilter(from_=datetime(2026, 1, 4, tzinfo=UTC)))
    assert names(since) == "a"
    assert names(MonitoredFilter(not_=since)) == "c"
    by = MonitoredOrder(by=MonitoredOrderBy.LAST_PREDICTION_AT)
    assert names(None, by) == "cabd"
    assert names(None, replace(by, descending=True)) == "acbd"
    assert names(None, MonitoredOrder(by=MonitoredOrderBy.ROWS, descending=True)) == "dacb"


def test_days_flags_and_lists_of_words_are_compared() -> None:
    @dataclass
    class Item:
        due: date
        done: bool
        missing: list[str]

    read = attributes("due", "done", "missing")
    items = [Item(date(2026, 1, 1), True, []), Item(date(2026, 2, 1), False, ["GATES_NOT_PASSED"])]
    late = MilestoneFilter(due=TimeFilter(from_=datetime(2026, 1, 15, tzinfo=UTC)))
    assert kept(items, condition(late), [], read) == items[1:]
    assert kept(items, condition(MilestoneFilter(done=True)), [], read) == items[:1]
    assert kept(items, condition(MilestoneFilter(not_=MilestoneFilter(done=True))), [], read) == items[1:]
    missing = StandingFilter(missing=[MissingRule.GATES_NOT_PASSED])
    assert kept(items, condition(missing), [], read) == items[1:]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("by", ["rows", "last_prediction_at", "model_name"])
def test_pages_stay_in_step_while_items_come_and_go(by: str, descending: bool) -> None:
    order = [Ordering(by=by, descending=descending)]
    whole = [thing.name for thing in kept(THINGS, None, [*order, *OWN], READ)]

    def page(things: list[Thing], paging: Paging) -> Page[Thing]:
        return page_of(things, None, order, READ, OWN, paging)

    seen, after, things = "", None, list(THINGS)
    while True:
        found = page(things, Paging(first=1, after=after, with_total=True))
        assert found.total == len(things)
        seen += found.edges[0].node.name
        assert found.has_previous == (after is not None)
        after = found.edges[-1].cursor
        things = [thing for thing in things if thing != found.edges[0].node]  # what was shown goes
        if not found.has_next:
            break
    assert seen == "".join(whole)

    last = page(THINGS, Paging(last=3))
    assert [edge.node.name for edge in last.edges] == whole[1:]
    assert (last.has_previous, last.has_next) == (True, False)
    before = page(THINGS, Paging(last=3, before=last.edges[0].cursor))
    assert [edge.node.name for edge in before.edges] == whole[:1]
    assert (before.has_previous, before.has_next) == (False, True)


def test_what_a_list_does_not_have_is_refused() -> None:
    for wrong in (Condition(field="secret", text="x"), Condition(field="rows", operator="like", text="5"), Condition()):
        with pytest.raises(Invalid):
            kept(THINGS, wrong, [], READ)
    with pytest.raises(Invalid):
        kept(THINGS, None, [Ordering(by="secret")], READ)
    with pytest.raises(Invalid):
        page_of(THINGS, None, [], READ, OWN, Paging(first=1, after="nonsense"))
