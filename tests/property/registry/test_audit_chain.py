"""Whatever is done to sealed rows shows, and names the first row that isn't what it was."""

import copy
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.contracts.audit import AuditHead
from services.registry.audit import rules

plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=4),
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)  # fmt: skip
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
contents = st.lists(st.dictionaries(st.sampled_from("abc"), values, max_size=3), min_size=1, max_size=8)


def chain(found: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], AuditHead]:
    rows = [{"_id": f"id{number}", **row} for number, row in enumerate(found)]
    links = rules.chained(rules.START, rows)
    return (
        [{**row, "seal": {"n": link.number, "h": link.hash}} for row, (_, link) in zip(rows, links, strict=True)],
        links[-1][1],
    )


def verdict(rows: list[dict[str, Any]], head: AuditHead) -> int | None:
    """The number of the first bad row; one after the last for a cut tail."""
    rows = sorted(rows, key=lambda row: row["seal"]["n"])
    upto, number, _, problem = rules.first_problem(rules.START, rows)
    if problem is None and upto != head:
        return upto.number + 1
    return number


@given(contents)
def test_an_untouched_chain_holds_whatever_order_fields_come_in(found: list[dict[str, Any]]) -> None:
    rows, head = chain(found)
    assert verdict([dict(reversed(row.items())) for row in rows], head) is None


@given(contents, st.data())
def test_an_edit_names_its_row(found: list[dict[str, Any]], data: st.DataObject) -> None:
    rows, head = chain(found)
    at = data.draw(st.integers(0, len(rows) - 1))
    edited = copy.deepcopy(rows)
    edited[at]["user"] = "somebody else"
    assert verdict(edited, head) == at + 1


@given(contents, st.data())
def test_a_deletion_or_a_cut_tail_names_the_first_missing_row(found: list[dict[str, Any]], data: st.DataObject) -> None:
    rows, head = chain(found)
    at = data.draw(st.integers(0, len(rows) - 1))
    assert verdict(rows[:at] + rows[at + 1 :], head) == at + 1
    assert verdict(rows[:at], head) == at + 1


@given(contents, st.data())
def test_two_rows_that_change_places_are_named(found: list[dict[str, Any]], data: st.DataObject) -> None:
    rows, head = chain(found)
    one, other = sorted(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2)))
    swapped = copy.deepcopy(rows)
    swapped[one]["seal"], swapped[other]["seal"] = swapped[other]["seal"], swapped[one]["seal"]
    assert verdict(swapped, head) == (None if one == other else one + 1)


@given(contents, st.data())
def test_a_row_put_in_between_is_found(found: list[dict[str, Any]], data: st.DataObject) -> None:
    rows, head = chain(found)
    at = data.draw(st.integers(0, len(rows) - 1))
    assert verdict([*rows, {**rows[at], "_id": "forged"}], head) in (at + 1, at + 2)
